"""Tools that change the project's files: write, edit, move, delete."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Field, model_validator

from backend.agent.edits import Edit, EditFailed, apply_edits
from backend.agent.edits.nearest import numbered
from backend.agent.guards.elisions import elisions
from backend.agent.guards.references import broken_references
from backend.agent.guards.wholeness import cut_off, ends_early
from backend.agent.tools.tool import Done, Hands, Path, Refused, Tool, Why, described
from backend.diffs import text_of
from backend.domain import MAX_FILE_BYTES

_AROUND = 1
_SHOWN_LINES = 24
_BOM = "\ufeff"


class WriteFile(Tool):
    """Create a file, or replace a whole one. Give the complete content: nothing is filled in for you."""

    name = "write_file"
    path: Path
    content: str
    why: Why = ""

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        refuse_protected(hands, self.path)
        before = hands.workspace.files.get(self.path)
        known = None if before is None else text_of(before)
        refuse_elisions(self.path, self.content, known or "")
        content = _kept_form(self.content, known)
        if known and (missing := ends_early(content, known)):
            raise Refused(
                f"`{self.path}` was not written: what you give ends where {missing} more lines of the file follow, as if it "
                "were cut off. Give the complete file, or use edit_file for what changes."
            )
        return await _put(hands, self.path, content, known, self.why)


class Replacement(Tool):
    """One piece of a file, and what takes its place."""

    old: Annotated[str, Field(description="The text to replace, as it stands in the file.")]
    new: Annotated[str, Field(description="The text to put in its place, complete; empty to delete.")]


class EditFile(Tool):
    """Replace pieces of a file. Each `old` must name exactly one place: copy it from the file with enough lines around
    it. Put all changes to one file into one call: they are made together, or none is.
    """

    name = "edit_file"
    path: Path
    edits: Annotated[list[Replacement], Field(min_length=1, max_length=50)]
    why: Why = ""

    @model_validator(mode="before")
    @classmethod
    def _single(cls, given: Any) -> Any:
        """One edit may come without the list around it, as models are used to write it."""
        if isinstance(given, Mapping) and "edits" not in given and {"old", "new"} <= given.keys():
            rest = {name: value for name, value in given.items() if name not in ("old", "new")}
            return {**rest, "edits": [{"old": given["old"], "new": given["new"]}]}
        return given

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        refuse_protected(hands, self.path)
        text = await hands.workspace.read(self.path)
        bom = _BOM if text.startswith(_BOM) else ""
        try:
            applied = apply_edits(text.removeprefix(_BOM), [Edit(edit.old, edit.new) for edit in self.edits])
        except EditFailed as failure:
            raise Refused(f"`{self.path}` was not changed. {failure}") from None
        refuse_elisions(self.path, applied.text, text)
        done = await _put(hands, self.path, bom + applied.text, text, self.why)
        return Done(f"{done.text}\n{_shown(applied.text, applied.regions)}", done.written, output=done.output)


class MoveFile(Tool):
    """Move or rename a file. Imports of it are yours to adapt."""

    name = "move_file"
    source: Path
    target: Path

    @property
    def about(self) -> str:
        return f"{self.source} → {self.target}"

    async def run(self, hands: Hands) -> Done:
        before = hands.workspace.files
        moving = [path for path in before if path.startswith(f"{self.source}/")]
        refuse_protected(hands, self.target, self.source, *moving)
        if self.target in before:
            raise Refused(f"`{self.target}` exists. Delete it first, or choose another name.")
        written = await hands.workspace.move(self.source, self.target)
        return _done(hands, before, f"Moved {self.source} to {self.target}.", written)


class DeleteFile(Tool):
    """Delete a file."""

    name = "delete_file"
    path: Path
    why: Why = ""

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        refuse_protected(hands, self.path)
        before = hands.workspace.files
        if self.path not in before:
            raise Refused(f"There is no file `{self.path}`, so nothing was deleted.")
        ask_about_losses(hands, self.path, {self.path: None}, self.why, "Otherwise leave it.")
        return _done(hands, before, f"Deleted {self.path}.", await hands.workspace.write({self.path: None}), self.why)


def refuse_protected(hands: Hands, *paths: str) -> None:
    for path in paths:
        if words := hands.scope.protects(path):
            raise Refused(words)


def refuse_elisions(path: str, content: str, known: str) -> None:
    if found := elisions(content, known, path):
        raise Refused(
            f"`{path}` was not changed: the line `{found[0].splitlines()[0][:120]}` stands for text you left out, but what you "
            "give is written as it is. Give the complete text, or use edit_file for the piece that changes."
        )


def ask_about_losses(hands: Hands, target: str, after: Mapping[str, bytes | None], why: str, instead: str) -> None:
    """Raises `Refused` with a question when the change takes away what nobody spoke of, and no reason was given yet."""
    before = hands.workspace.files
    losses = {
        path: (before[path], content)
        for path, content in after.items()
        if path in before and hands.scope.loses(path, before[path], content)
    }
    if losses and not hands.scope.may(target, why):
        raise Refused(hands.scope.question(losses, instead))


def _kept_form(content: str, known: str | None) -> str:
    """`content` with the byte order mark and the line ends that the file has."""
    if not known:
        return content
    if known.startswith(_BOM) and not content.startswith(_BOM):
        content = _BOM + content
    if known.count("\r\n") * 2 > known.count("\n"):
        content = content.replace("\r\n", "\n").replace("\n", "\r\n")
    return content


async def _put(hands: Hands, path: str, content: str, known: str | None, why: str) -> Done:
    try:
        body = content.encode()
    except UnicodeEncodeError:
        raise Refused(f"`{path}` would hold half a character, which no file may. Write the whole character.") from None
    if len(body) > MAX_FILE_BYTES:
        raise Refused(f"`{path}` would be larger than {MAX_FILE_BYTES} bytes. Split it into smaller files.")
    if "\x00" in content:
        raise Refused(f"`{path}` would hold a NUL byte, which no source file may.")
    if reason := cut_off(path, content, known):
        raise Refused(
            f"`{path}` was not changed: the file would be broken, it {reason}. Give it whole; changes that belong "
            "together go into one edit_file call."
        )
    before = hands.workspace.files
    ask_about_losses(hands, path, {path: body}, why, "Otherwise use edit_file for what changes.")
    written = await hands.workspace.write({path: body})
    if not written:
        return Done(f"{path} already has exactly this content; nothing changed.")
    return _done(hands, before, "\n".join(described(w) for w in written), written, why)


def _done(hands: Hands, before: Mapping[str, bytes], text: str, written: Sequence[Any], why: str = "") -> Done:
    """With what the change takes from under other files. A reason is shown to the person."""
    broken = broken_references(before, hands.workspace.files, [w.change.path for w in written])
    return Done("\n".join([text, *broken]), written, output=why.strip())


def _shown(text: str, regions: Sequence[tuple[int, int]]) -> str:
    """The changed lines with their numbers, so that they need not be read again."""
    lines = text.replace("\r\n", "\n").split("\n")
    pieces: list[str] = []
    left = _SHOWN_LINES
    for start, end in regions:
        first, last = max(0, start - _AROUND), min(len(lines), end + _AROUND)
        shown = min(last, first + left)
        if shown > first:
            pieces.append(numbered(lines, first, shown))
        left -= max(0, shown - first)
    if left <= 0:
        pieces.append("…")
    return "\n".join(pieces)
