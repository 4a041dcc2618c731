"""Tools that look at the project: list, read, search."""

import re
from typing import Annotated

from pydantic import Field

from backend.agent.tools.tool import Done, Hands, Path, Refused, Tool, clipped

MAX_READ_CHARS = 60_000
MAX_LISTED = 500
MAX_SEARCH_CHARS = 12_000


class ListFiles(Tool):
    """List the project's files below a folder, with their sizes. The folder of ready-made ui components is summed
    up unless asked for.
    """

    name = "list_files"
    path: Annotated[str, Field(description="A folder; empty for the whole project.")] = ""

    @property
    def about(self) -> str:
        return self.path or "/"

    async def run(self, hands: Hands) -> Done:
        files = hands.workspace.files
        folder = self.path.strip().removeprefix("./").strip("/")
        below = sorted(p for p in files if not folder or folder == "." or p.startswith(f"{folder}/"))
        if not below:
            raise Refused(f"There is no folder `{self.path}`. Call list_files without a path to see what there is.")
        lines = [f"{p} ({len(files[p])} bytes)" for p in below if folder.startswith("components/ui") or not is_kit(p)]
        kit = len(below) - len(lines)
        if kit:
            lines.append(f"components/ui/ ({kit} ready-made ui components; list that folder to see them)")
        if len(lines) > MAX_LISTED:
            lines = [*lines[:MAX_LISTED], f"… and {len(lines) - MAX_LISTED} more; list a folder below"]
        return Done("\n".join(lines))


class ReadFile(Tool):
    """Read a file. Without a range the whole file comes back as it is; long files come back in part, and say so."""

    name = "read_file"
    path: Path
    start: Annotated[int | None, Field(ge=1, description="First line wanted, counted from 1.")] = None
    end: Annotated[int | None, Field(ge=1, description="Last line wanted.")] = None

    @property
    def about(self) -> str:
        return self.path

    async def run(self, hands: Hands) -> Done:
        try:
            text = await hands.workspace.read(self.path)
        except UnicodeDecodeError:
            raise Refused(f"`{self.path}` is not a text file.") from None
        if self.start is None and self.end is None and len(text) <= MAX_READ_CHARS:
            return Done(text or "(the file is empty)")
        lines = text.splitlines()
        first, last = (self.start or 1), min(self.end or len(lines), len(lines))
        if first > last:
            raise Refused(
                f"`{self.path}` has {len(lines)} lines; the range {first} to {self.end or 'the end'} holds none of them."
            )
        piece = "\n".join(lines[first - 1 : last])
        if len(piece) > MAX_READ_CHARS:
            piece = piece[:MAX_READ_CHARS]
            last = first + piece.count("\n")
        return Done(f"[lines {first} to {last} of {len(lines)}]\n{piece}")


class Search(Tool):
    """Find the lines that match a regular expression, in the project's own files."""

    name = "search"
    pattern: Annotated[str, Field(min_length=1, description="A regular expression.")]
    glob: Annotated[str, Field(description="Which files to look in, such as `app/**/*.tsx`.")] = "**/*"

    @property
    def about(self) -> str:
        return self.pattern

    async def run(self, hands: Hands) -> Done:
        try:
            re.compile(self.pattern)
        except re.error as error:
            raise Refused(
                f"`{self.pattern}` is not a regular expression ({error}). Escape special characters with a backslash."
            ) from None
        matches = await hands.workspace.search(self.pattern, self.glob)
        if not matches:
            return Done(f"No line matches `{self.pattern}` in `{self.glob}`.")
        return Done(clipped("\n".join(f"{m.path}:{m.line}: {m.text[:300]}" for m in matches), MAX_SEARCH_CHARS))


def is_kit(path: str) -> bool:
    """Whether the file is one of the template's ready-made ui components."""
    return path.startswith("components/ui/")
