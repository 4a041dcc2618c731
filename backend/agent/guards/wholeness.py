"""Notice a file that was cut off: brackets, strings, comments or tags left open, or an end in the middle of a thought.

No parser: what cannot be told for sure passes, since the app is compiled in the end. What was open before an edit may stay
open.
"""

import json
import re
from collections import Counter
from dataclasses import dataclass, field

from backend.agent.guards.tags import open_tag

_SCRIPTS = (".ts", ".tsx", ".js", ".jsx", ".mjs", ".cjs", ".mts", ".cts")
_STYLES = (".css", ".scss")
_MARKUP = (".html", ".svg", ".xml")
_JSX = (".tsx", ".jsx")
_DANGLING = re.compile(
    r"(?:[=,(\[{<.&|?:+*%^~-]|=>|(?<!as )\bconst|\b(?:let|var|return|import|export|from|function|class|new|extends|async|await))$"
)
_REGEX_AFTER = frozenset("(,=:[!&|?{};\n")
_LEAST_HEAD_LINES = 5


def cut_off(path: str, content: str, before: str | None = None) -> str | None:
    """Why `content` is no whole file, as words that follow "the file"; None when nothing speaks against it. `before`:
    the file until now.
    """
    if before is not None and content == before:
        return None
    if path.endswith(".json"):
        return _unparsable(content, before)
    if path.endswith(_SCRIPTS + _STYLES):
        found, known = _read(path, content), _read(path, before or "")
        reason = found.left_open(known)
        if not reason and path.endswith(_SCRIPTS):
            reason = _unfinished(found) if not _unfinished(known) else None
        if not reason and path.endswith(_JSX):
            reason = open_tag(found.code, known.code)
        return reason
    if path.endswith(_MARKUP):
        return open_tag(content, before or "")
    return None


def ends_early(content: str, before: str) -> int:
    """How many of the lines of `before` are missing at the end of `content`, when it is the same up to there; else 0."""
    lines, known = _telling(content), _telling(before)
    if not _LEAST_HEAD_LINES <= len(lines) < len(known):
        return 0
    # The last line may be cut in the middle.
    same = lines[:-1] == known[: len(lines) - 1] and known[len(lines) - 1].startswith(lines[-1])
    return len(known) - len(lines) if same else 0


def _telling(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _unparsable(content: str, before: str | None) -> str | None:
    try:
        json.loads(content)
    except ValueError as error:
        return f"is no valid JSON ({error})" if before is None or not _unparsable(before, None) else None
    return None


@dataclass
class _Read:
    """What a scan of a script or style sheet found."""

    code: str = ""
    """Without comments, and with strings emptied."""
    depth: Counter[str] = field(default_factory=Counter)
    within: str = ""
    """The comment or template that never ends."""

    def left_open(self, known: "_Read") -> str | None:
        if self.within and self.within != known.within:
            return f"ends within a {self.within}"
        more = self.depth["{"] - max(0, known.depth["{"])
        if more > 0:
            return f"has {more} `{{` more than `}}`"
        if known.code and self.depth["{"] < 0 <= known.depth["{"]:
            return f"has {-self.depth['{']} `}}` more than `{{`"
        return None


def _read(path: str, text: str) -> _Read:
    read, code = _Read(), []
    script, at, templates = path.endswith(_SCRIPTS), 0, []
    in_template, lone = False, -1
    while at < len(text):
        char, two = text[at], text[at : at + 2]
        if in_template:
            if char == "\\":
                at += 2
            elif char == "`":
                in_template, at = False, at + 1
            elif two == "${":
                templates.append(read.depth["{"])
                read.depth["{"] += 1
                in_template, at = False, at + 2
            else:
                at += 1
            continue
        if two == "/*":
            end = text.find("*/", at + 2)
            if end < 0:
                read.within = "comment"
                break
            at = end + 2
        elif script and two == "//" and text[at - 1 : at] != ":":
            at = _line_end(text, at)
        elif char in "\"'" and (end := _string_end(text, at, code)):
            code.append(char * 2)
            at = end
        elif script and char == "`":
            in_template, at = True, at + 1
            code.append("``")
        elif script and char == "/" and (end := _regex_end(text, at, code)):
            code.append("''")
            at = end
        else:
            if char in "\"'" and not (code and code[-1][-1:].isalnum()):
                lone = at
            if char == "}" and templates and read.depth["{"] == templates[-1] + 1:
                templates.pop()
                in_template = True
            if char in "{}":
                read.depth["{"] += 1 if char == "{" else -1
            code.append(char)
            at += 1
    if in_template:
        read.within = "template literal"
    elif not read.within and script and lone >= 0 and not text[lone:].strip().count("\n"):
        read.within = "string"
    read.code = "".join(code)
    return read


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _string_end(text: str, at: int, code: list[str]) -> int:
    """Where the string that begins here ends; 0 when it is none, as an apostrophe in JSX text is."""
    if text[at] == "'" and code and code[-1][-1:].isalnum():
        return 0
    found = re.compile(rf"{text[at]}(?:\\(?:\r?\n|.)|[^\\\n{text[at]}])*{text[at]}").match(text, at)
    if found:
        return found.end()
    # Of attributes of JSX, only those in double quotes may hold line breaks.
    if text[at] == '"' and code and code[-1] == "=":
        end = text.find('"', at + 1)
        return end + 1 if end > 0 else 0
    return 0


def _regex_end(text: str, at: int, code: list[str]) -> int:
    before = "".join(code[-16:]).rstrip(" \t")
    if before and before[-1] not in _REGEX_AFTER and not before.endswith(("return", "=>")):
        return 0
    found = re.compile(r"/(?![*/>])(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\[\n])+/[a-z]*").match(text, at)
    return found.end() if found else 0


def _unfinished(read: _Read) -> str | None:
    last = read.code.rstrip()
    if last and _DANGLING.search(last):
        return f"ends in the middle of a statement (`{last.splitlines()[-1].strip()[-60:]}`)"
    opened = last.rfind("<")
    if (
        opened >= 0
        and re.fullmatch(r"</?[A-Za-z][\w.]*(?:\s[^<>]*)?", last[opened:])
        and not last[opened - 1 : opened].isalnum()
    ):
        return f"ends in the middle of a tag (`{last[opened:][:60]}`)"
    return None
