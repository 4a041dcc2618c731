"""Next.js's own words for an error, out of its dev server's log or its error page."""

import html
import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass

MAX_CHARS = 1_500
PROJECT = "/home/user/app/"
_OTHER_LINE = re.compile(r"^(✓|○|⚠| (GET|POST|PUT|PATCH|DELETE|HEAD|OPTIONS) |\[codeflow\]|\[browser\])")
_COMPILED = re.compile(r"^\./([^\s:]+)(?::(\d+):\d+)?$", re.MULTILINE)
_EACH = re.compile(r"\n(?=\./[^\s:]+(?::\d+:\d+)?\n(?:\w*Error|Warning))")
"""The compiler reports everything it found at once."""
_NAMED = re.compile(rf"(?:{re.escape(PROJECT)}|\(|\s\./|\s)([\w@.][\w@.()\[\]/-]*\.\w+):(\d+):\d+")
_NOISE = re.compile(r"^\s*\[?at .*(node_modules|\.next|turbopack|node:).*$|^\s*digest: .*$|^\s*https://nextjs\.org.*$")
_ERROR_PAGE = re.compile(r'<script id="__NEXT_DATA__" type="application/json">(.*?)</script>', re.DOTALL)
_ERROR_TEMPLATE = re.compile(r'data-next-error-message="([^"]*)"')


@dataclass(frozen=True)
class ServerError:
    message: str
    file: str | None
    line: int | None


def errors_in_log(log: str, files: Container[str]) -> list[ServerError]:
    """Each different error of the log once, in its order."""
    blocks = dict.fromkeys(_cleaned(part) for block in _blocks(log) for part in _EACH.split(block))
    return [_located(block, files) for block in blocks if block]


def error_in_page(body: str, files: Container[str]) -> ServerError | None:
    """What the error page that Next.js serves in development tells."""
    if found := _ERROR_PAGE.search(body):
        try:
            error = json.loads(found[1]).get("err") or {}
        except ValueError:
            return None
        return _located(_cleaned(error.get("message", "")), files) if error.get("message") else None
    if found := _ERROR_TEMPLATE.search(body):
        return ServerError(html.unescape(found[1])[:MAX_CHARS], None, None)
    return None


def _blocks(log: str) -> Iterator[str]:
    block: list[str] | None = None
    for line in log.splitlines():
        if line.startswith("⨯"):
            if block:
                yield "\n".join(block)
            block = [line.removeprefix("⨯").strip()]
        elif _OTHER_LINE.match(line):
            if block:
                yield "\n".join(block)
            block = None
        elif block is not None:
            block.append(line)
    if block:
        yield "\n".join(block)


def _cleaned(block: str) -> str:
    lines = [line.rstrip() for line in block.splitlines() if not _NOISE.match(line)]
    text = re.sub(r"\n{2,}", "\n", "\n".join(lines)).strip()
    return re.sub(r" ?\{\n?\}?$", "", text)[:MAX_CHARS]


def _located(text: str, files: Container[str]) -> ServerError:
    for found in [*_COMPILED.finditer(text), *_NAMED.finditer(text)]:
        file = found[1]
        if file in files:
            line = int(found[2]) if found[2] else _line_of(text, file)
            return ServerError(text, file, line)
    return ServerError(text, None, None)


def _line_of(text: str, file: str) -> int | None:
    found = re.search(rf"{re.escape(file)}:(\d+)", text)
    return int(found[1]) if found else None
