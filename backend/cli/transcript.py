"""A run's events as lines in a terminal."""

from collections.abc import Callable

from rich.console import Console
from rich.markdown import Markdown
from rich.markup import escape

from backend.domain import FileChange, FileStatus
from backend.events import (
    CheckFinished,
    Event,
    ModelFinished,
    ModelRestarted,
    RunClaimed,
    SandboxBooting,
    SandboxReady,
    StepStarted,
    ToolFinished,
)

VERBS = {FileStatus.ADDED: "Created", FileStatus.MODIFIED: "Edited", FileStatus.DELETED: "Deleted"}


class Transcript:
    """Prints finished steps; `update` gets a word about the one under way."""

    def __init__(self, console: Console, update: Callable[[str], None]) -> None:
        self.console = console
        self.update = update

    def show(self, event: Event) -> None:
        match event:
            case RunClaimed() if event.attempt > 1:
                self.console.print("Picked up again after a restart.", style="dim")
            case SandboxBooting():
                self.update("Starting the sandbox …")
            case SandboxReady():
                self.console.print(f"Preview: {event.preview_url}", soft_wrap=True)
            case StepStarted():
                self.update(f"{event.tool or event.kind} {escape(event.target)}".strip() + " …")
            case ModelFinished():
                if event.text.strip():
                    self.console.print(Markdown(event.text))
            case ModelRestarted():
                self.console.print(f"  asked again: {event.reason}", style="yellow", markup=False)
            case ToolFinished():
                self._show_tool(event)
            case CheckFinished():
                self._show_check(event)

    def _show_tool(self, event: ToolFinished) -> None:
        if event.changes:
            for change in event.changes:
                self.console.print(f"  {VERBS[change.status]} {escape(change.path)} {counts(change)}")
        elif event.exit_code is not None:
            colour = "green" if event.exit_code == 0 else "red"
            self.console.print(f"  Ran {escape(event.target)} [{colour}]exit {event.exit_code}[/{colour}]")
        elif not event.ok:
            self.console.print(f"  {event.tool} {event.target}: {event.result}", style="red", markup=False)

    def _show_check(self, event: CheckFinished) -> None:
        for result in event.report.results:
            mark = "[green]✓[/green]" if result.passed else "[red]✗[/red]"
            self.console.print(f"  {mark} {escape(result.summary)}")
        for problem in event.report.problems:
            where = problem.file or problem.route or ""
            self.console.print(f"    {where} {problem.message}", style="red", markup=False)


def counts(change: FileChange) -> str:
    return f"[green]+{change.added}[/green] [red]−{change.removed}[/red]"
