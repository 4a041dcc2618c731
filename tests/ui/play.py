"""The simulated agent's plays: which one is performed depends on a word in the prompt."""

import asyncio
import difflib
import json
import time
from collections.abc import Awaitable, Callable
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from backend.domain import (
    CheckLevel,
    CheckProblem,
    CheckReport,
    CheckResult,
    Failure,
    FailureCode,
    FileChange,
    FileStatus,
    RunKind,
    RunStatus,
)
from backend.events import (
    CheckFinished,
    Delta,
    Event,
    Frame,
    LogLines,
    ModelFinished,
    ProjectTitled,
    RunClaimed,
    RunFinished,
    SandboxBooting,
    SandboxClosed,
    SandboxReady,
    StepStarted,
    ToolFinished,
    VersionCommitted,
)
from tests.ui.agents import admired, halfway, plan, reviewed
from tests.ui.pictures import phone_picture, picture
from tests.ui.scripts import BOARD, CARD, DATA, DATA_FIXED, HOSTILE, PAGE
from tests.ui.starter import STARTER

if TYPE_CHECKING:
    from tests.ui.simulator import SimProject

PASSED = CheckReport(
    passed=True,
    results=[
        CheckResult(level=CheckLevel.TYPES, passed=True, summary="no type errors", duration_ms=640),
        CheckResult(level=CheckLevel.ROUTES, passed=True, summary="2 routes served", duration_ms=180),
        CheckResult(
            level=CheckLevel.BROWSER, passed=True, summary="opened without errors, 6 buttons clicked", duration_ms=910
        ),
    ],
    problems=[],
    routes=["/", "/settings"],
)
BROKEN = CheckReport(
    passed=False,
    results=[
        CheckResult(level=CheckLevel.TYPES, passed=False, summary="1 type error", duration_ms=655),
        CheckResult(level=CheckLevel.ROUTES, passed=True, summary="2 routes served", duration_ms=190),
        CheckResult(level=CheckLevel.BROWSER, passed=True, summary="opened without errors", duration_ms=870),
    ],
    problems=[
        CheckProblem(
            level=CheckLevel.TYPES,
            message="TS2339: Property 'due' does not exist on type 'Card'.",
            file="components/board.tsx",
            line=21,
        )
    ],
)


class Player:
    """Writes one run's journal, with the pauses of a real one times `pace`."""

    def __init__(self, project: "SimProject", run_id: str, pace: float, add_blob: Callable[[bytes], str]) -> None:
        self.project = project
        self.run_id = run_id
        self.pace = pace
        self.add_blob = add_blob
        self.started = time.monotonic()
        self.turn = 0
        self.frames = 0
        self.checks = 0
        self.answers = "demo"
        self.before: dict[str, bytes | None] = {}

    @property
    def costs(self) -> int:
        """Of a model call, in millionths of a US dollar."""
        return 0 if self.answers == "demo" else 6200

    async def append(self, event: Event) -> None:
        await self.project.append(self.run_id, event)

    async def wait(self, seconds: float) -> None:
        await asyncio.sleep(seconds * self.pace)

    async def log(self, source: Literal["dev", "command", "codeflow"], *lines: str) -> None:
        await self.append(LogLines(source=source, lines=list(lines)))

    async def stream(
        self,
        step: str,
        part: int,
        kind: Literal["text", "thinking", "tool", "output"],
        text: str,
        tool: str | None = None,
    ) -> None:
        size = 6 if kind == "text" else 24
        for start in range(0, len(text), size):
            self.frames += 1
            piece = Delta(part=part, kind=kind, tool=tool, text=text[start : start + size])
            await self.project.stream(Frame(run_id=self.run_id, step=step, n=self.frames, deltas=[piece]))
            await self.wait(0.03)

    async def model(self, text: str, *, writes: tuple[str, dict[str, str]] | None = None) -> None:
        """One model call that says `text` and then types the arguments of a tool call."""
        step = f"model:{self.turn}"
        self.turn += 1
        await self.append(StepStarted(step=step, kind="model"))
        await self.wait(0.4)
        if text:
            await self.stream(step, 0, "text", text)
        if writes:
            await self.stream(step, 1, "tool", json.dumps(writes[1]), writes[0])
        await self.append(
            ModelFinished(
                step=step,
                model=self.answers,
                message={"kind": "response"},
                text=text,
                input_tokens=2400,
                cached_tokens=0 if self.answers == "demo" else 1100,
                output_tokens=310,
                cost_micros=self.costs,
                duration_ms=900,
            )
        )

    async def tool(
        self, tool: str, target: str, result: str, *, seconds: float = 0.4, changes: list[FileChange] | None = None
    ) -> None:
        step = f"tool:{self.turn - 1}:{target}"
        await self.append(StepStarted(step=step, kind="tool", tool=tool, target=target))
        await self.wait(seconds)
        await self.append(
            ToolFinished(
                step=step,
                call_id=step,
                tool=tool,
                target=target,
                ok=True,
                result=result,
                changes=changes or [],
                duration_ms=int(seconds * 1000),
            )
        )

    async def read(self, path: str) -> None:
        await self.model("")
        await self.tool("read_file", path, self.project.files.get(path, b"").decode())

    async def write(self, path: str, content: str, tool: str = "write_file", say: str = "") -> None:
        await self.model(say, writes=(tool, {"path": path, "content" if tool == "write_file" else "new": content}))
        self.before.setdefault(path, self.project.files.get(path))
        change = change_of(path, self.project.files.get(path), content)
        self.project.files[path] = content.encode()
        await self.tool(tool, path, f"Wrote {path}", seconds=0.1, changes=[change])
        await self.log("dev", f" ✓ Compiled in {60 + len(content) % 90}ms")

    async def run(self, command: str, output: str, exit_code: int = 0) -> None:
        await self.model("")
        step = f"tool:{self.turn - 1}:run"
        await self.append(StepStarted(step=step, kind="tool", tool="run_command", target=command))
        await self.stream(step, 0, "output", output)
        await self.append(
            ToolFinished(
                step=step,
                call_id=step,
                tool="run_command",
                target=command,
                ok=exit_code == 0,
                result=output,
                output=output,
                exit_code=exit_code,
                duration_ms=2100,
            )
        )
        await self.log("command", f"$ {command}", *output.splitlines())

    async def check(self, report: CheckReport) -> None:
        step = f"check:{self.checks}"
        self.checks += 1
        await self.append(StepStarted(step=step, kind="check"))
        await self.wait(1.2)
        seed = int(self.project.id[1:])
        pictures = {
            "screenshot_sha256": self.add_blob(picture(seed)),
            "phone_screenshot_sha256": self.add_blob(phone_picture(seed)),
        }
        await self.append(CheckFinished(step=step, report=report.model_copy(update=pictures), duration_ms=1430))

    async def finish_with(self, summary: str) -> None:
        """The agent proposes to finish; the checks run inside the call, and let it through."""
        await self.model("That is everything. Now the checks.")
        step = f"tool:{self.turn - 1}:finish"
        await self.append(StepStarted(step=step, kind="tool", tool="finish", target=summary))
        await self.check(PASSED)
        await self.append(
            ToolFinished(
                step=step,
                call_id=step,
                tool="finish",
                target=summary,
                ok=True,
                result=PASSED.as_text(),
                duration_ms=1430,
            )
        )

    async def boot(self, reason: Literal["new", "lost"] = "new") -> None:
        await self.append(SandboxBooting(reason=reason))
        await self.log("codeflow", "Sandbox starts (bubblewrap)")
        await self.wait(1.0)
        await self.log("dev", " ▲ Next.js 16.4.5 (Turbopack)", " - Local: http://localhost:3000", " ✓ Ready in 640ms")
        await self.append(SandboxReady(sandbox_id="sim", preview_url=self.project.preview_url, duration_ms=1000))

    async def commit(self, title: str, verified: bool = True) -> str:
        number = len(self.project.view().versions) + 1
        version = f"{self.project.id}-v{number}"
        self.project.files_of[version] = dict(self.project.files)
        await self.append(
            VersionCommitted(
                version_id=version,
                number=number,
                title=title,
                verified=verified,
                changes=[
                    change_of(path, old, self.project.files[path].decode()) for path, old in sorted(self.before.items())
                ],
                screenshot_sha256=self.add_blob(picture(int(self.project.id[1:]))),
            )
        )
        return version

    async def finish(self, status: RunStatus, version: str | None = None, failure: Failure | None = None) -> None:
        await self.append(
            RunFinished(
                status=status,  # type: ignore[arg-type]
                verified=status is RunStatus.SUCCEEDED,
                version_id=version,
                failure=failure,
                duration_s=time.monotonic() - self.started,
                cost_micros=self.project.view().runs[-1].cost_micros,
                sandbox_s=34.2,
            )
        )


def change_of(path: str, before: bytes | None, content: str) -> FileChange:
    old, new = (before or b"").decode().splitlines(), content.splitlines()
    diff = list(difflib.unified_diff(old, new, lineterm="", n=3))[2:]
    return FileChange(
        path=path,
        status=FileStatus.ADDED if before is None else FileStatus.MODIFIED,
        added=sum(line.startswith("+") for line in diff),
        removed=sum(line.startswith("-") for line in diff),
        diff="\n".join(diff) + "\n",
        sha256=sha256(content.encode()).hexdigest(),
    )


async def build_board(player: Player) -> None:
    await player.append(ProjectTitled(title="Team board"))
    await player.boot()
    await player.model(
        "I'll build a **kanban board** with three columns, cards you can drag, labels and due dates. First a look at what is there."
    )
    await player.tool("read_file", "app/page.tsx", player.project.files["app/page.tsx"].decode())
    await player.read("components/ui/card.tsx")
    await player.write("lib/data.ts", DATA)
    await player.run(
        "npm install @dnd-kit/core",
        "added 3 packages in 1.9s\n\n142 packages are looking for funding\nfound 0 vulnerabilities\n",
    )
    await player.write(
        "components/card.tsx", CARD, say="Now the pieces of the board: a card, then the columns that hold them."
    )
    await player.write("components/board.tsx", BOARD)
    await player.write("app/page.tsx", PAGE, tool="edit_file")
    await player.model("")
    await player.check(BROKEN)
    await player.log(
        "dev", " ⨯ ./components/board.tsx:21:28", "   Type error: Property 'due' does not exist on type 'Card'."
    )
    await player.write("lib/data.ts", DATA_FIXED, tool="edit_file", say="`due` is missing on the type. I'll add it.")
    await player.finish_with(
        "The board is ready: drag cards between **To do**, **In progress** and **Done**.\n\n"
        "- `lib/data.ts` holds the cards and their labels\n- `components/board.tsx` moves them\n- `components/card.tsx` shows label and due date\n\n"
        "One type error came up in the checks (`due` was missing on `Card`); it is repaired."
    )
    await player.finish(RunStatus.SUCCEEDED, await player.commit("Kanban board with drag and drop"))


async def change_accent(player: Player) -> None:
    if player.project.view().preview.state == "off":
        await player.boot()
    await player.model("I'll change the accent colour in the theme.")
    css = player.project.files["app/globals.css"].decode()
    await player.tool("read_file", "app/globals.css", css)
    await player.write("app/globals.css", css.replace("#4f46e5", "#0d9488"), tool="edit_file")
    await player.model("The accent is **teal** now, everywhere: it comes from `--primary` in `app/globals.css`.")
    await player.check(PASSED)
    await player.finish(RunStatus.SUCCEEDED, await player.commit("Teal accent"))


async def fail_checks(player: Player) -> None:
    await player.append(ProjectTitled(title="Stubborn board"))
    await player.boot()
    await player.write("components/board.tsx", BOARD, say="I'll write the board.")
    await player.check(BROKEN)
    await player.model("I could not find out where `due` should come from.")
    await player.check(BROKEN)
    await player.finish(
        RunStatus.FAILED,
        failure=Failure(
            code=FailureCode.CHECKS,
            message="The same problem came back after two repairs, so the agent stopped.",
            action="Say how it should be solved, or try again with a stronger model.",
        ),
    )


async def hostile(player: Player) -> None:
    await player.append(ProjectTitled(title="<img src=x onerror=window.hacked=1>${window.hacked=2}"))
    await player.boot()
    await player.write("app/[slug]/${x}.tsx", HOSTILE, say=HOSTILE)
    await player.run("echo '<img src=x onerror=window.hacked=3>'", HOSTILE)
    await player.log("dev", HOSTILE)
    await player.model(HOSTILE)
    await player.finish(RunStatus.SUCCEEDED, await player.commit(HOSTILE))


async def long_work(player: Player) -> None:
    await player.append(ProjectTitled(title="A long story"))
    await player.boot()
    for chapter in range(1, 400):
        await player.model(f"Chapter {chapter} begins. " + "It goes on and on. " * 6)
        await player.tool("read_file", f"chapters/{chapter}.md", f"# {chapter}")


async def patient(player: Player) -> None:
    """Writes a page, and then waits to be told to end."""
    await player.append(ProjectTitled(title="Patience"))
    await player.boot()
    await player.write("app/page.tsx", PAGE, tool="edit_file")
    while not player.project.released:
        await asyncio.sleep(0.02)
    await player.finish(RunStatus.SUCCEEDED, await player.commit("A page"))


async def wake(player: Player) -> None:
    await player.boot("lost")
    await player.finish(RunStatus.SUCCEEDED)


async def restore(player: Player) -> None:
    await player.check(PASSED)
    await player.finish(RunStatus.SUCCEEDED, await player.commit("Restored an earlier version"))


async def sleep(player: Player) -> None:
    await change_accent(player)
    await player.append(SandboxClosed(reason="expired"))


PLAYS: dict[str, Callable[[Player], Awaitable[None]]] = {
    "hostile": hostile,
    "stubborn": fail_checks,
    "long": long_work,
    "patient": patient,
    "accent": change_accent,
    "sleep": sleep,
    "reviewed": reviewed,
    "admired": admired,
    "halfway": halfway,
}


async def perform(player: Player, kind: RunKind, prompt: str) -> None:
    await player.wait(0.2)
    await player.append(RunClaimed(attempt=2 if "restart" in prompt else 1))
    run = player.project.view().runs[-1]
    if run.resends:
        await become(player.project, run.id, run.restore_id, "base:0", "restore")
    if kind is RunKind.WAKE:
        await wake(player)
    elif kind is RunKind.RESTORE:
        await restore(player)
    elif kind is RunKind.PLAN:
        await plan(player)
    else:
        await next((play for word, play in PLAYS.items() if word in prompt.lower()), build_board)(player)


async def undo(project: "SimProject", run_id: str) -> None:
    """What a worker does when a run is stopped to be taken back: the files are the newest version's again."""
    await become(project, run_id, next((v.id for v in reversed(project.view().versions)), None), "undo:0", "undo")


async def become(project: "SimProject", run_id: str, version_id: str | None, step: str, tool: str) -> None:
    was = project.files_of.get(version_id, STARTER)
    changes = [
        change_of(path, project.files.get(path), content.decode())
        for path, content in was.items()
        if project.files.get(path) != content
    ]
    project.files = dict(was)
    await project.append(
        run_id,
        ToolFinished(
            step=step,
            call_id=step,
            tool=tool,
            target="the starter",
            ok=True,
            result="",
            changes=changes,
            duration_ms=20,
        ),
    )
