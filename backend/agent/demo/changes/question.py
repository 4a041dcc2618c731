import json
import re

from backend.agent.demo.changes.request import Request, apply, stop
from backend.agent.demo.changes.wording import subject
from backend.agent.demo.edits import edits
from backend.agent.demo.script import Say, Script, read

CONTENT = "lib/landing/content.ts"
_END = re.compile(r"^export const questions = \[\n(?:  .*\n)*?\];", re.M)


def question(request: Request) -> Script | None:
    """`add a question "Is there a free plan?"`."""
    if request.app.slug != "landing" or not request.mentions("add|new|include|another"):
        return None
    text = subject(request, "question|faq(?: entry| item)?")
    return _script(request, text) if text else None


def _script(request: Request, text: str) -> Script:
    (content,) = yield Say("All words stand in one file. I'll look at the questions.", read(CONTENT))
    block = _END.search(content)
    asked = text if text.endswith("?") else f"{text}?"
    if not block:
        yield from stop(
            request, f"I couldn't find the questions in `{CONTENT}`: it is not as I wrote it. I changed nothing."
        )
        return
    if f"question: {json.dumps(asked, ensure_ascii=False)}" in content:
        yield from stop(request, "That question already is in the FAQ.")
        return
    answer = (
        request.quoted[1]
        if len(request.quoted) > 1
        else "Write to us at hello@example.com, and we will answer within a day."
    )
    at = block.end() - len("];")
    entry = (
        "  {\n"
        f"    question: {json.dumps(asked, ensure_ascii=False)},\n"
        f"    answer: {json.dumps(answer, ensure_ascii=False)},\n"
        "  },\n"
    )
    yield from apply(
        request,
        f"I'll add “{asked}” at the end of the FAQ.",
        edits(CONTENT, content, content[:at] + entry + content[at:]),
        f"The FAQ now has “{asked}”.",
    )
