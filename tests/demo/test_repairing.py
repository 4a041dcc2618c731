"""A mistake in the first writing is found by the checks, and repaired because they found it."""

from tests.demo.desk import PASSED, Desk
from tests.demo.prompts import BUILDS

TRACKER = "components/expenses/tracker.tsx"


async def test_the_type_error_is_repaired_from_the_report() -> None:
    desk = Desk()
    calls = await desk.ask(BUILDS["expenses"])
    assert [call.tool_name for call in calls[-4:]] == ["finish", "read_file", "edit_file", "finish"]
    assert calls[-3].args_as_dict() == {"path": TRACKER}
    assert "onDelete={remove}" in desk.files[TRACKER]
    assert any(f"`{TRACKER}`, line " in said for said in desk.said)


async def test_without_a_failing_report_nothing_is_repaired() -> None:
    desk = Desk(gate=lambda files: PASSED)
    calls = await desk.ask(BUILDS["expenses"])
    assert [call.tool_name for call in calls].count("finish") == 1
    assert "onRemove={remove}" in desk.files[TRACKER]


async def test_a_report_it_cannot_repair_ends_the_turn_in_plain_words() -> None:
    report = "The checks failed. Repair these problems, then finish again.\n- [routes] /: answered 500"
    desk = Desk(gate=lambda files: report)
    calls = await desk.ask(BUILDS["kanban"])
    assert [call.tool_name for call in calls].count("finish") == 1
    assert "answered 500" in desk.said[-1]
    assert "OPENAI_API_KEY" in desk.said[-1]


async def test_a_repair_that_does_not_help_is_not_tried_for_ever() -> None:
    report = f"The checks failed. Repair these problems, then finish again.\n- [types] {TRACKER}:9: still wrong"
    desk = Desk(gate=lambda files: report)
    calls = await desk.ask(BUILDS["expenses"])
    assert [call.tool_name for call in calls].count("edit_file") == 2
    assert "still wrong" in desk.said[-1]
