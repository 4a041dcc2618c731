"""What people and agents wrote is shown as written, never taken for markup."""

import pytest

from tests.ui.node import evaluate


def test_a_prompt_keeps_no_character_markdown_or_html_would_read() -> None:
    shown = evaluate(
        "markdown.js", "return m.promptHtml(data)", "# **b** <img onerror=x>\n`${a}` [l](u) http://e.com_x_"
    )
    line_break = shown.replace("<br>", "")
    assert not set("<>*`$[](){}_!#") & set(line_break.replace("&#", ""))
    assert shown.count("<br>") == 1


def test_html_in_an_agents_markdown_is_text_but_its_code_is_left_alone() -> None:
    text = "Use <Button> & `<b>x</b>`:\n\n```tsx\n<main>{a < b}</main>\n```\n\n&lt;done <i>\n"
    shown = evaluate("markdown.js", "return m.agentMarkdown(data)", text)
    assert "Use &lt;Button>" in shown
    assert "`<b>x</b>`" in shown
    assert "<main>{a < b}</main>" in shown
    assert shown.endswith("&amp;lt;done &lt;i>\n")


def test_a_code_block_still_being_streamed_is_code() -> None:
    shown = evaluate("markdown.js", "return m.agentMarkdown(data)", "See:\n\n```tsx\n<main>\n  <p")
    assert shown.endswith("```tsx\n<main>\n  <p")


@pytest.mark.parametrize(
    ("json", "value"),
    [
        ('{"path":"app/page.tsx","content":"a\\nb', "a\nb"),
        ('{"path": "x", "content": "say \\"hi\\" \\u00e9\\', 'say "hi" é'),
        ('{"path": "x", "content": "\\u00', ""),
        ('{"path": "x"', None),
    ],
)
def test_a_file_is_shown_while_its_json_is_still_being_written(json: str, value: str | None) -> None:
    assert evaluate("live.js", "return m.partialString(data, 'content')", json) == value


def test_a_diffs_lines_carry_the_numbers_of_both_sides() -> None:
    diff = "@@ -3,3 +3,4 @@ fn\n a\n-b\n+c\n+d\n e\n\\ No newline at end of file\n"
    rows = evaluate("diff.js", "return m.rows(data)", diff)
    assert [(r["kind"], r["old"], r["new"], r["text"]) for r in rows[1:]] == [
        ("same", 3, 3, "a"),
        ("removed", 4, None, "b"),
        ("added", None, 4, "c"),
        ("added", None, 5, "d"),
        ("same", 5, 6, "e"),
    ]


def test_frames_lost_or_repeated_never_double_what_is_shown() -> None:
    frames = [
        {"run_id": "r", "step": "model:0", "n": n, "deltas": [{"part": 0, "kind": "text", "tool": None, "text": text}]}
        for n, text in [(1, "a"), (2, "b"), (2, "b"), (1, "a"), (5, "c")]
    ]
    body = "const live = m.emptyLive(); data.forEach((f) => m.addFrame(live, f)); return m.partsOf(live, {id: 'r'}, 'model:0')"
    assert evaluate("live.js", body, frames)[0]["text"] == "abc"


@pytest.mark.parametrize(
    ("models", "spent", "said"),
    [
        (
            ["", "gpt-6.1", "gpt-6.1", "gemini-4"],
            (12_100, 3_100, 300, 42_000),
            "gpt-6.1, then gemini-4|12.4k tokens · 3.1k cached · $0.042",
        ),
        (["demo"], (700, 0, 42, 0), "|742 tokens"),
        (["demo", "gpt-6.1"], (999_940, 0, 20, 3_200_000), "gpt-6.1|1.00M tokens · $3.20"),
        (["qwen4"], (0, 0, 0, 0), "qwen4|$0"),
        (["demo"], (0, 0, 0, 0), None),
    ],
)
def test_a_run_tells_which_models_answered_and_what_they_took(
    models: list[str], spent: tuple[int, int, int, int], said: str | None
) -> None:
    parts = dict(zip(("input_tokens", "cached_tokens", "output_tokens", "cost_micros"), spent, strict=True))
    run = {"steps": [{"kind": "model", "model": model} for model in models], "sandbox_s": 0, **parts}
    body = "const s = m.spent(data); return s && `${s.model}|${s.words}`"
    assert evaluate("spending.js", body, run) == said


def test_a_prompt_with_a_plan_is_told_apart_again_and_a_lone_prompt_stays_whole() -> None:
    body = "return [m.partsOfPrompt(m.withPlan('A board', ' 1. Columns\\n\\n## More ')), m.partsOfPrompt('## Plan\\n\\na trip')]"
    assert evaluate("plan.js", body, None) == [
        {"words": "A board", "plan": "1. Columns\n\n## More"},
        {"words": "## Plan\n\na trip", "plan": ""},
    ]


@pytest.mark.parametrize(
    ("text", "closed"),
    [
        ("a\n```\n<b>", "a\n```\n<b>\n```"),
        ("```ts\nx\n```\n~~~\ny", "```ts\nx\n```\n~~~\ny\n~~~"),
        ("```ts\nx\n```\nz", "```ts\nx\n```\nz"),
    ],
)
def test_a_plans_last_code_block_does_not_run_on_into_its_card(text: str, closed: str) -> None:
    assert evaluate("markdown.js", "return m.closed(data)", text) == closed


def test_what_checks_and_critics_found_is_text_even_when_it_looks_like_markup() -> None:
    bad = "<img src=x onerror=alert(1)>\n\n# **b**"
    problem = {"level": "browser", "message": bad, "file": bad, "line": 1, "route": "/", "reproduce": bad}
    result = {"level": "types", "passed": False, "summary": bad, "duration_ms": 10}
    report = {"passed": False, "results": [result], "problems": [problem]}
    finding = {"screen": "phone", "problem": bad, "repair": bad}
    checked = {"state": "failed", "report": report}
    reviewed = {"state": "done", "findings": [finding]}
    body = "return [m.checkThought(data[0], String), m.reviewThought(data[1])].map((t) => t.title + t.body)"
    for html in evaluate("evidence.js", body, [checked, reviewed]):
        assert "<img" not in html
        assert "\n" not in html
