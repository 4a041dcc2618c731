"""What the demo model knows of one app."""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Chapter:
    """Files written in one answer, after a sentence that says why."""

    text: str
    paths: tuple[str, ...]


@dataclass(frozen=True)
class Slip:
    """A mistake in the first writing of a file, which only the checks' report brings to light."""

    path: str
    right: str
    wrong: str
    text: str
    """What is said on repairing it."""


@dataclass(frozen=True)
class App:
    slug: str
    """Its folder here, and its folder under `components/` in the project."""
    label: str
    """What it is, for a person: `a kanban board`."""
    name: str
    """Its own name, until the person gives it another."""
    accent: str
    """The name of its accent colour."""
    keywords: dict[str, int]
    """Regular expressions of words that ask for it, each with its weight."""
    plan: str
    chapters: tuple[Chapter, ...]
    summary: str
    ideas: tuple[str, ...]
    """Changes worth trying next, in a person's words."""
    slip: Slip | None = None

    @property
    def shell(self) -> str:
        """The file that frames every page; its `ml-auto` element holds the header's actions."""
        return f"components/{self.slug}/shell.tsx"

    def files(self, name: str) -> dict[str, str]:
        """path → text of every file, in the order of writing, under the given name."""
        return {path: self._text(path, name) for chapter in self.chapters for path in chapter.paths}

    def _text(self, path: str, name: str) -> str:
        own = HERE / self.slug / "files" / path
        source = own if own.is_file() else HERE / "common" / "files" / path
        return source.read_text(encoding="utf-8").replace(self.name, name)
