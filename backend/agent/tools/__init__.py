"""The tools: what the model may do."""

from backend.agent.tools.changing import DeleteFile, EditFile, MoveFile, WriteFile
from backend.agent.tools.commands import AddPackages, RunCommand
from backend.agent.tools.looking import ListFiles, ReadFile, Search, is_kit
from backend.agent.tools.proofs import Check, Finish
from backend.agent.tools.tool import Done, Hands, Prove, Refused, Tool

__all__ = [
    "CATALOGUE",
    "CHANGING",
    "LOOKING",
    "PROVING",
    "Done",
    "Finish",
    "Hands",
    "Prove",
    "Refused",
    "Tool",
    "is_kit",
]

LOOKING = (ListFiles.name, ReadFile.name, Search.name)
"""Tools that change nothing."""
CHANGING = (WriteFile.name, EditFile.name, MoveFile.name, DeleteFile.name)
"""Tools whose whole effect is on the project's files."""
PROVING = (Check.name, Finish.name)
"""Tools that ask the gate."""

CATALOGUE: dict[str, type[Tool]] = {
    tool.name: tool
    for tool in (
        ListFiles, ReadFile, Search, WriteFile, EditFile, MoveFile, DeleteFile, RunCommand, AddPackages, Check, Finish
    )
}  # fmt: skip
