"""What comes out of a sandbox, without the values of the app's variables: their names stand in their place.

The app needs the values, the model does not; and what the model reads is journaled and shown. Code that means to can write
a value in some form that is not known here. This is for what is printed, copied or reported by the way.
"""

import base64
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import quote, quote_plus

from backend.diffs import file_change
from backend.workspace.contract import CommandResult, Fetched, Inspected, Match, OnOutput, Workspace, Written
from backend.workspace.output import BoundedOutput

PUBLIC = "NEXT_PUBLIC_"
"""Begins the names of variables that Next.js gives to every browser."""
MIN_CHARS = 6
"""Shorter values stand in many words by accident."""
_LINE_CHARS = 20
"""A line of a value of several, such as a private key's, counts by itself from here on."""


class Redaction:
    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values
        names = {form: name for name, value in sorted(values.items()) for form in _forms(value)}
        self._names = names
        longest_first = sorted(names, key=len, reverse=True)
        self._forms = re.compile("|".join(map(re.escape, longest_first))) if names else None

    def text(self, text: str) -> str:
        return self._forms.sub(lambda found: f"‹{self._names[found[0]]}›", text) if self._forms else text

    def content(self, content: bytes) -> bytes:
        """Of a file, whatever it holds."""
        text = content.decode("utf-8", errors="surrogateescape")
        return self.text(text).encode("utf-8", errors="surrogateescape")

    def beyond(self, files: Iterable[bytes]) -> "Redaction":
        """Of those values alone that are kept from people: neither public by their name, nor in these files anyway."""
        known = list(files)
        kept = {
            name: value
            for name, value in self._values.items()
            if not name.startswith(PUBLIC) and not any(value.encode() in content for content in known)
        }
        return Redaction(kept)

    def settled(self, text: str) -> int:
        """How much of `text` stays as it is, whatever comes after it: what follows may be the beginning of a value."""
        settled = self._unfinished(text, 0)
        for found in self._forms.finditer(text) if self._forms else ():
            if found.start() >= settled:
                break
            if found.end() > settled:
                settled = self._unfinished(text, found.end())
        return settled

    def _unfinished(self, text: str, start: int) -> int:
        return min((_overlap(text, form, start) for form in self._names), default=len(text))


class RedactedStream:
    """Text that comes in pieces, which may cut a value in two."""

    def __init__(self, redaction: Redaction) -> None:
        self._redaction = redaction
        self._held = ""

    def add(self, piece: str) -> str:
        """What of it can be told by now."""
        text = self._held + piece
        settled = self._redaction.settled(text)
        self._held = text[settled:]
        return self._redaction.text(text[:settled])

    def rest(self) -> str:
        held, self._held = self._held, ""
        return self._redaction.text(held)


class RedactedWorkspace:
    """A workspace whose every answer is redacted. `Workspace` says what each method does."""

    def __init__(self, workspace: Workspace, redaction: Redaction) -> None:
        self._inner = workspace
        self._redaction = redaction
        self.sandbox_id = workspace.sandbox_id
        self.preview_url = workspace.preview_url

    @property
    def files(self) -> Mapping[str, bytes]:
        return self._inner.files

    async def read(self, path: str) -> str:
        return self._redaction.text(await self._inner.read(path))

    async def search(self, pattern: str, glob: str = "**/*") -> list[Match]:
        found = await self._inner.search(pattern, glob)
        return [Match(match.path, match.line, self._redaction.text(match.text)) for match in found]

    async def write(self, files: Mapping[str, bytes | None]) -> list[Written]:
        return await self._inner.write(files)

    async def move(self, source: str, target: str) -> list[Written]:
        return await self._inner.move(source, target)

    async def run(
        self, command: str, *, timeout_s: float = 120, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        heard = _Heard(self._redaction, on_output)
        before = dict(self._inner.files)
        result = await self._inner.run(command, timeout_s=timeout_s, key=key, on_output=heard.add)
        return await self._redacted(result, heard, before)

    async def add_packages(
        self, names: Sequence[str], *, key: str | None = None, on_output: OnOutput | None = None
    ) -> CommandResult:
        heard = _Heard(self._redaction, on_output)
        before = dict(self._inner.files)
        result = await self._inner.add_packages(names, key=key, on_output=heard.add)
        return await self._redacted(result, heard, before)

    async def fetch(self, path: str, timeout_s: float = 20) -> Fetched:
        fetched = await self._inner.fetch(path, timeout_s)
        return Fetched(fetched.status, self._redaction.text(fetched.body))

    async def inspect(self, command: str, *, timeout_s: float = 60) -> Inspected:
        done = await self._inner.inspect(command, timeout_s=timeout_s)
        return Inspected(done.exit_code, self._redaction.text(done.stdout), self._redaction.text(done.stderr))

    async def download(self, path: str) -> bytes | None:
        return await self._inner.download(path)

    async def dev_log(self) -> list[str]:
        return [self._redaction.text(line) for line in await self._inner.dev_log()]

    async def restart_dev(self) -> None:
        await self._inner.restart_dev()

    async def close(self) -> None:
        await self._inner.close()

    async def _redacted(self, result: CommandResult, heard: "_Heard", before: Mapping[str, bytes]) -> CommandResult:
        await heard.finish()
        output = str(heard.output) if heard.output.bytes_seen else self._redaction.text(result.output)
        written = await self._without_values(result.written, before)
        return CommandResult(result.exit_code, output, result.timed_out, result.duration_ms, written)

    async def _without_values(self, written: Sequence[Written], before: Mapping[str, bytes]) -> Sequence[Written]:
        """Project files a command copied a value into go without it, in the sandbox too."""
        if not written:
            return written
        # A value that the project's own files had before is a word of theirs, which must not be taken from them.
        redaction = self._redaction.beyond(before.values())
        clean = {w.change.path: w.content and redaction.content(w.content) for w in written}
        leaked = {w.change.path: clean[w.change.path] for w in written if clean[w.change.path] != w.content}
        if not leaked:
            return written
        await self._inner.write(leaked)
        changes = ((file_change(path, before.get(path), content), content) for path, content in clean.items())
        return [Written(change, content) for change, content in changes if change]


class _Heard:
    """A command's output as it comes. It is bounded only after it was redacted: a cut could leave half a value."""

    def __init__(self, redaction: Redaction, on_output: OnOutput | None) -> None:
        self._stream = RedactedStream(redaction)
        self._on_output = on_output
        self.output = BoundedOutput()

    async def add(self, piece: str) -> None:
        await self._tell(self._stream.add(piece))

    async def finish(self) -> None:
        await self._tell(self._stream.rest())

    async def _tell(self, text: str) -> None:
        if not text:
            return
        self.output.add(text)
        if self._on_output:
            await self._on_output(text)


def _overlap(text: str, form: str, start: int) -> int:
    """Where the end of `text` that `form` begins with starts, from `start` on; the length of `text` when there is none."""
    start = max(start, len(text) - len(form) + 1)
    room = len(text) - start
    start = text.find(form[:MIN_CHARS], start)
    while start >= 0:
        if form.startswith(text[start:]):
            return start
        start = text.find(form[:MIN_CHARS], start + 1)
    ends = range(min(MIN_CHARS - 1, room), 0, -1)
    return next((len(text) - n for n in ends if text.endswith(form[:n])), len(text))


def _forms(value: str) -> set[str]:
    """How a value is met: as it is, as JSON, HTML, addresses and base64 have it, and line by line."""
    if len(value) < MIN_CHARS:
        return set()
    plain = {value, *(line.strip() for line in value.splitlines() if len(line.strip()) >= _LINE_CHARS)}
    forms: set[str] = set()
    for text in plain:
        forms |= {text, json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1], html.escape(text)}
        forms |= {quote(text), quote(text, safe=""), quote_plus(text)}
    return forms | _base64_forms(value.encode())


def _base64_forms(raw: bytes) -> set[str]:
    """At each of the three places a value may have in what is encoded; without the ends that depend on its neighbours."""
    forms: set[str] = set()
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + raw)
        start, end = (0, 2, 3)[before], len(encoded) - (0, 3, 2)[(before + len(raw)) % 3]
        middle = encoded[start:end].decode()
        if len(middle) >= MIN_CHARS:
            forms |= {middle, middle.replace("+", "-").replace("/", "_")}
    return forms
