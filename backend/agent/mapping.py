"""A map of the project for the model: its routes, what each file gives to others, and the person's lasting instructions.

Drawn once a run, of the project as the run found it, and journaled: an attempt that resumes is told the same.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from backend.agent.journal import Journal
from backend.agent.tools import is_kit
from backend.events import ProjectMapped
from backend.workspace.routes import handler_routes, page_patterns

INSTRUCTIONS = "AGENTS.md"
MAX_INSTRUCTIONS_CHARS = 8_000
MAX_FILES = 250
"""Named one by one; the rest is counted by folder."""
MAX_NAMES = 12
_STEP = "map:0"
_CODE = re.compile(r"\.(?:tsx?|jsx?|mjs)$")
_DECLARED = re.compile(
    r"^export\s+(?:declare\s+)?(?P<default>default\s+)?(?:async\s+)?"
    r"(?:abstract\s+)?(?:function\*?|const|let|var|class|type|interface|enum)\s+(?P<name>[A-Za-z_$][\w$]*)",
    re.M,
)
_LISTED = re.compile(r"^export\s+(?:type\s+)?\{(?P<names>[^}]*)\}", re.M)
_DEFAULT = re.compile(r"^export\s+default\s+(?P<name>[A-Za-z_$][\w$]*)\s*;?\s*$", re.M)
_CLIENT = re.compile(r"^\s*(?:/\*.*?\*/\s*|//[^\n]*\n\s*)*[\"']use client[\"']", re.S)


async def mapped(journal: Journal, files: Mapping[str, bytes], variables: Sequence[str] = ()) -> str:
    """The run's map; drawn of `files` and the names of `variables`, and journaled, when there is none yet."""
    for entry in journal.entries:
        if isinstance(entry.event, ProjectMapped):
            return entry.event.text
    text = project_map(files, variables)
    await journal.append(ProjectMapped(text=text), step=_STEP)
    return text


def project_map(files: Mapping[str, bytes], variables: Sequence[str] = ()) -> str:
    own = sorted(path for path in files if not is_kit(path))
    kit = sorted(path.removeprefix("components/ui/").removesuffix(".tsx") for path in files if is_kit(path))
    routes = [*page_patterns(files), *(f"{route} (handler)" for route in handler_routes(files))]
    lines = ["<project>", f"Routes: {', '.join(routes) or 'none'}", "Files, with what they export:"]
    lines += [_described(path, files[path]) for path in own[:MAX_FILES]]
    lines += _counted(own[MAX_FILES:])
    if kit:
        lines.append(f"components/ui/: {', '.join(kit)}")
    if variables:
        lines.append(f"Variables (set by the person; use process.env.NAME): {', '.join(variables)}")
    lines.append("</project>")
    return "\n".join([*lines, *_instructions(files.get(INSTRUCTIONS))])


def exports(source: str) -> list[str]:
    """The names a module exports, in its order; `default` where that has no name."""
    found = [(m.start(), m["name"]) for m in _DECLARED.finditer(source)]
    found += [(m.start(), m["name"]) for m in _DEFAULT.finditer(source)]
    for match in _LISTED.finditer(source):
        names = (part.split(" as ")[-1].removeprefix("type ").strip() for part in match["names"].split(","))
        found += [(match.start(), name) for name in names if name]
    if (
        re.search(r"^export\s+default\b", source, re.M)
        and not any(m["default"] for m in _DECLARED.finditer(source))
        and not _DEFAULT.search(source)
    ):
        found.append((len(source), "default"))
    return list(dict.fromkeys(name for _, name in sorted(found)))


def _described(path: str, content: bytes) -> str:
    if not _CODE.search(path):
        return path
    source = content.decode(errors="replace")
    names = exports(source)
    shown = ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
    notes = [note for note in ("client" if _CLIENT.match(source) else "", f"{len(source.splitlines())} lines") if note]
    return f"{path}: {shown} ({', '.join(notes)})" if shown else f"{path} ({', '.join(notes)})"


def _counted(paths: Iterable[str]) -> list[str]:
    folders: dict[str, int] = {}
    for path in paths:
        folder = path.rpartition("/")[0] or "."
        folders[folder] = folders.get(folder, 0) + 1
    return [f"{folder}/: {count} more files" for folder, count in folders.items()]


def _instructions(content: bytes | None) -> list[str]:
    """What the person wants in every request; longer ones end with where the rest is."""
    text = (content or b"").decode(errors="replace").strip()
    if not text:
        return []
    if len(text) > MAX_INSTRUCTIONS_CHARS:
        text = f"{text[:MAX_INSTRUCTIONS_CHARS]}\n… (read {INSTRUCTIONS} for the rest)"
    return [f'<instructions file="{INSTRUCTIONS}">', text, "</instructions>"]
