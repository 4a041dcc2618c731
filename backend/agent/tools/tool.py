"""What every tool is: a pydantic model of its arguments, with the deed as a method.

A tool's class docstring and fields are what the model is told. What the model can repair (a wrong path, a text that is
not there) is a `Refused` with words for it; what it cannot (a lost sandbox) passes through.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_ai import ToolDefinition

from backend.agent.scope import Scope
from backend.domain import CheckReport, FileStatus
from backend.workspace import PathRefused
from backend.workspace.contract import OnOutput, Workspace, Written
from backend.workspace.paths import project_path

Prove = Callable[[], Awaitable[CheckReport]]


class Refused(Exception):
    """The call was not carried out; the message tells the model how to call better."""


@dataclass(frozen=True)
class Hands:
    """What a tool works with during one call."""

    workspace: Workspace
    key: str
    """The step's key: effects outside the project's files are remembered under it."""
    say: OnOutput
    prove: Prove
    scope: Scope


@dataclass(frozen=True)
class Done:
    """A call's result. `text` is for the model; `output` is for a person: a command's output, or the reason for a loss."""

    text: str
    written: Sequence[Written] = ()
    ok: bool = True
    output: str = ""
    exit_code: int | None = None


class Tool(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    name: ClassVar[str]

    @property
    def about(self) -> str:
        """What the call acts on, for a person."""
        return ""

    async def run(self, hands: Hands) -> Done:
        raise NotImplementedError

    @classmethod
    def definition(cls) -> ToolDefinition:
        schema = cls.model_json_schema()
        for part in (schema, *schema.get("properties", {}).values()):
            part.pop("title", None)
        schema.pop("description", None)
        return ToolDefinition(name=cls.name, description=_unwrapped(cls.__doc__ or ""), parameters_json_schema=schema)


def _relative(path: str) -> str:
    try:
        return project_path(path)
    except PathRefused:
        # The workspace says why, once it is asked to touch it.
        return path.strip()


Path = Annotated[
    str,
    AfterValidator(_relative),
    Field(min_length=1, description="Relative to the project's root, such as `components/board.tsx`."),
]


Why = Annotated[
    str, Field(max_length=500, description="Only when the tool asked whether so much may go: why, in one sentence.")
]


def described(written: Written) -> str:
    change = written.change
    verb = {FileStatus.ADDED: "Created", FileStatus.MODIFIED: "Changed", FileStatus.DELETED: "Deleted"}[change.status]
    return f"{verb} {change.path} (+{change.added} −{change.removed} lines)."


def clipped(text: str, limit: int) -> str:
    """`text`, or its head and tail when it is longer than `limit` characters."""
    if len(text) <= limit:
        return text
    head, tail = limit * 2 // 5, limit * 3 // 5
    return f"{text[:head]}\n… {len(text) - head - tail} characters left out …\n{text[-tail:]}"


def _unwrapped(docstring: str) -> str:
    return " ".join(docstring.split())
