"""Tools that change the project's files: write, edit, move, delete."""

from typing import Annotated

from pydantic import Field

from backend.agent.edits import EditFailed, replace_once
from backend.agent.elisions import elisions
from backend.agent.tools.tool import Done, Hands, Path, Refused, Tool, described
from backend.domain import MAX_FILE_BYTES


class WriteFile(Tool):
    """Create a file, or replace a whole one. Give the complete content: nothing is filled in for you."""

    name = "write_file"
    path: Path
    content: str

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        before = hands.workspace.files.get(self.path)
        refuse_elisions(self.content, (before or b"").decode(errors="replace"))
        return await _put(hands, self.path, self.content)


class EditFile(Tool):
    """Replace one piece of a file. `old` must name exactly one place: copy it from the file with enough lines
    around it.
    """

    name = "edit_file"
    path: Path
    old: Annotated[str, Field(description="The text to replace, as it stands in the file.")]
    new: Annotated[str, Field(description="The text to put in its place, complete.")]

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        text = await hands.workspace.read(self.path)
        refuse_elisions(self.new, text)
        try:
            return await _put(hands, self.path, replace_once(text, self.old, self.new))
        except EditFailed as failure:
            raise Refused(f"`{self.path}` was not changed. {failure}") from None


class MoveFile(Tool):
    """Move or rename a file. Imports of it are yours to adapt."""

    name = "move_file"
    source: Path
    target: Path

    @property
    def about(self) -> str:
        return f"{self.source} → {self.target}"

    async def run(self, hands: Hands) -> Done:
        if self.target in hands.workspace.files:
            raise Refused(f"`{self.target}` exists. Delete it first, or choose another name.")
        written = await hands.workspace.move(self.source, self.target)
        return Done(f"Moved {self.source} to {self.target}.", written)


class DeleteFile(Tool):
    """Delete a file."""

    name = "delete_file"
    path: Path

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        if self.path not in hands.workspace.files:
            raise Refused(f"There is no file `{self.path}`, so nothing was deleted.")
        return Done(f"Deleted {self.path}.", await hands.workspace.write({self.path: None}))


def refuse_elisions(content: str, known: str) -> None:
    if found := elisions(content, known):
        raise Refused(
            f"Nothing was written: the line `{found[0][:120]}` stands for text you left out, but what you give is written as it is. "
            "Give the complete text, or use edit_file for the piece that changes."
        )


async def _put(hands: Hands, path: str, content: str) -> Done:
    if len(content.encode()) > MAX_FILE_BYTES:
        raise Refused(f"`{path}` would be larger than {MAX_FILE_BYTES} bytes. Split it into smaller files.")
    if "\x00" in content:
        raise Refused(f"`{path}` would hold a NUL byte, which no source file may.")
    written = await hands.workspace.write({path: content.encode()})
    if not written:
        return Done(f"{path} already has exactly this content; nothing changed.")
    return Done("\n".join(described(w) for w in written), written)
