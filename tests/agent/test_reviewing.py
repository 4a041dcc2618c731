"""The critic looks at what passed, says it once, and never costs a run."""

import hashlib
from collections.abc import Callable

import pytest
from pydantic_ai.messages import BinaryContent, ModelMessage, ModelResponse, TextPart, ToolCallPart, UserPromptPart
from pydantic_ai.models.function import AgentInfo, FunctionModel
from pydantic_ai.profiles import ModelProfile
from pydantic_ai.usage import RequestUsage

from backend.agent.budget import Budget
from backend.agent.candidate import Candidate
from backend.agent.loop import run_agent
from backend.agent.models import Models
from backend.domain import CheckReport
from backend.events import CheckFinished, ReviewFinished
from backend.workspace.contract import Checked, Workspace
from tests.agent.doubles import MemoryJournal, MemoryWorkspace, a_run, failing, passing
from tests.agent.scripts import Say, Scripted, models_of, told

FINDING = {"screen": "phone", "problem": "The heading is cut off.", "repair": "Let it wrap."}
START = {"app/page.tsx": b"export default function Page() {\n  return <p>Hello</p>;\n}\n"}
DESKTOP, PHONE = b"desktop.jpg", b"phone.jpg"
BUILD = Say(
    "", [("write_file", {"path": "lib/a.ts", "content": "export const a = 1;\n"}), ("finish", {"summary": "A."})]
)
REPAIR = Say(
    "", [("write_file", {"path": "lib/b.ts", "content": "export const b = 1;\n"}), ("finish", {"summary": "B."})]
)
Answer = Callable[[], ModelResponse]


def report(*findings: dict) -> Answer:
    usage = RequestUsage(input_tokens=3000, output_tokens=40)
    return lambda: ModelResponse(parts=[ToolCallPart("report", {"findings": list(findings)})], usage=usage)


class Reviewed:
    """One run whose coder follows a script, and whose critic answers as told."""

    def __init__(self, answer: Answer, *, sees: bool = True, wanted: bool = True, photographed: bool = True) -> None:
        self.shown: list[list[ModelMessage]] = []
        self.script = Scripted([BUILD, REPAIR])
        self.journal = MemoryJournal(a_run("a counter"))
        self.photographed = photographed
        self.asked = 0

        def look(messages: list[ModelMessage], _: AgentInfo) -> ModelResponse:
            self.shown.append(messages)
            return answer()

        stream = self.script.model.stream_function  # pyright: ignore[reportAttributeAccessIssue]
        profile = ModelProfile(supports_image_input=sees)
        model = FunctionModel(look, stream_function=stream, model_name="gpt-6.1-sol", profile=profile)
        # Its answers end as a script's do, without a reason.
        candidate = Candidate("demo", "gpt-6.1-sol", lambda: model)
        models = models_of(candidate)
        self.models = Models(models.info, models.coder, [], models.patience, critic=wanted)

    async def gate(self, workspace: Workspace) -> Checked:
        self.asked += 1
        found = self.found(workspace)
        if not self.photographed:
            return Checked(found)
        desktop, phone = (hashlib.sha256(photo).hexdigest() for photo in (DESKTOP, PHONE))
        photos = {"screenshot_sha256": desktop, "phone_screenshot_sha256": phone}
        return Checked(found.model_copy(update=photos), [DESKTOP, PHONE])

    def found(self, workspace: Workspace) -> CheckReport:
        return passing()

    async def run(self, journal: MemoryJournal | None = None):
        journal = journal or self.journal
        workspace = MemoryWorkspace(journal.tree(START))
        return await run_agent(journal, workspace, self.gate, self.models, Budget(max_micros=None, max_steps=9))

    @property
    def reviews(self) -> list[ReviewFinished]:
        return self.journal.events(ReviewFinished)


async def test_what_the_critic_finds_goes_back_to_the_coder_once():
    reviewed = Reviewed(report(FINDING))
    outcome = await reviewed.run()
    assert outcome.verified
    assert outcome.summary == "B.", "the coder went on"
    assert "[phone] The heading is cut off. → Let it wrap." in told(reviewed.script.asked[1])
    assert len(reviewed.reviews) == 1
    assert len(reviewed.shown) == 1, "what was repaired is not reviewed again"
    assert [event.report.passed for event in reviewed.journal.events(CheckFinished)] == [True, True]


async def test_it_is_shown_the_request_and_both_pictures():
    reviewed = Reviewed(report())
    outcome = await reviewed.run()
    assert outcome.summary == "A.", "nothing found, nothing to do"
    [[request]] = reviewed.shown
    [part] = request.parts
    assert isinstance(part, UserPromptPart)
    content = list(part.content)
    assert "a counter" in content
    assert [piece.data for piece in content if isinstance(piece, BinaryContent)] == [DESKTOP, PHONE]
    assert reviewed.reviews[0].findings == []


async def test_what_it_costs_is_in_the_journal():
    reviewed = Reviewed(report())
    await reviewed.run()
    [event] = reviewed.reviews
    assert (event.model, event.input_tokens, event.output_tokens) == ("gpt-6.1-sol", 3000, 40)


def broken() -> ModelResponse:
    raise RuntimeError("the provider is down")


@pytest.mark.parametrize(
    "answer",
    [
        broken,
        lambda: ModelResponse(parts=[TextPart("Lovely.")]),
        lambda: ModelResponse(parts=[ToolCallPart("report", "{not json")]),
        lambda: ModelResponse(parts=[ToolCallPart("report", {"findings": [{"screen": "wall"}]})]),
    ],
)
async def test_a_critic_that_fails_or_talks_nonsense_lets_the_app_pass(answer: Answer):
    reviewed = Reviewed(answer)
    outcome = await reviewed.run()
    assert outcome.verified
    assert outcome.summary == "A."
    assert reviewed.reviews[0].findings == []


@pytest.mark.parametrize("why_not", [{"sees": False}, {"wanted": False}, {"photographed": False}])
async def test_nobody_is_asked_who_cannot_see_or_is_not_wanted_or_has_nothing_to_look_at(why_not: dict[str, bool]):
    reviewed = Reviewed(report(FINDING), **why_not)
    outcome = await reviewed.run()
    assert outcome.verified
    assert reviewed.shown == []
    assert reviewed.reviews == []


async def test_what_does_not_pass_is_not_reviewed():
    reviewed = Reviewed(report(FINDING))
    reviewed.script.answers = [BUILD, REPAIR, Say("", [("finish", {"summary": "C."})])]
    reviewed.found = lambda workspace: passing() if "lib/b.ts" in workspace.files else failing()
    await reviewed.run()
    assert len(reviewed.shown) == 1
    assert "designer" not in told(reviewed.script.asked[1])
    assert "designer" in told(reviewed.script.asked[2])


async def test_killed_after_the_review_the_coder_hears_of_it_and_the_critic_is_not_asked_again():
    first = Reviewed(report(FINDING))
    await first.run()
    at = next(n for n, entry in enumerate(first.journal.entries, 1) if isinstance(entry.event, ReviewFinished))
    first.journal.entries = first.journal.entries[:at]
    second = Reviewed(report(FINDING))
    outcome = await second.run(first.journal.reopened())
    assert outcome.summary == "B."
    assert second.shown == []
    assert "The heading is cut off." in told(second.script.asked[0])
