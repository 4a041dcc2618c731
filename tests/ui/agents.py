"""Plays in which more than the coder acts: a plan, a critic's look, and a run that ends without having passed."""

import asyncio
from typing import TYPE_CHECKING

from backend.domain import (
    CheckLevel,
    CheckProblem,
    CheckReport,
    CheckResult,
    Failure,
    FailureCode,
    Finding,
    RunStatus,
)
from backend.events import ProjectTitled, ReviewFinished, StepStarted
from tests.ui.scripts import BOARD, PAGE

if TYPE_CHECKING:
    from tests.ui.play import Player

PLAN = """A board for one small team, kept in the browser.

1. **Three columns** to do, in progress and done, on `/`.
2. **Cards** with a title, a label and a due date; press one to change it.
3. **Drag and drop** between the columns, by keyboard too.

Left out: accounts, and sharing between people.
"""

SILENT_BUTTON = CheckReport(
    passed=False,
    results=[
        CheckResult(level=CheckLevel.TYPES, passed=True, summary="no type errors", duration_ms=640),
        CheckResult(level=CheckLevel.ROUTES, passed=True, summary="2 routes served", duration_ms=180),
        CheckResult(level=CheckLevel.BROWSER, passed=False, summary="1 error, 5 buttons pressed", duration_ms=2310),
    ],
    problems=[
        CheckProblem(
            level=CheckLevel.BROWSER,
            message="TypeError: Cannot read properties of undefined (reading 'due')",
            file="components/board.tsx",
            line=14,
            route="/",
            reproduce="open /, press “Save”",
        )
    ],
    routes=["/", "/settings"],
)

FINDINGS = [
    Finding(
        screen="phone",
        problem="The three columns run out of the screen to the right, and the page scrolls sideways.",
        repair="Stack the columns below each other under 640 pixels.",
    ),
    Finding(
        screen="desktop",
        problem="The heading nearly vanishes on its light grey.",
        repair="Use the text colour of the theme for it.",
    ),
]


async def plan(player: "Player") -> None:
    await player.boot()
    await player.model("")
    await player.tool("read_file", "app/page.tsx", player.project.files["app/page.tsx"].decode())
    await player.model(PLAN)
    await player.finish(RunStatus.SUCCEEDED)


async def review(player: "Player", findings: list[Finding]) -> None:
    await player.append(StepStarted(step="review:0", kind="review"))
    await player.wait(1.4)
    await player.append(
        ReviewFinished(
            step="review:0",
            model="gpt-6.1-sol",
            findings=findings,
            input_tokens=1900,
            output_tokens=140,
            cost_micros=4100,
            duration_ms=2600,
        )
    )


async def reviewed(player: "Player") -> None:
    """A real model's run: it is looked at and repaired, and another model steps in."""
    await player.append(ProjectTitled(title="Reviewed board"))
    player.answers = "gpt-6.1-sol"
    await player.boot()
    await player.write("components/board.tsx", BOARD, say="I'll write the board.")
    await player.check(SILENT_BUTTON)
    await player.write(
        "components/board.tsx", BOARD.replace("c.due", "c?.due"), tool="edit_file", say="`c` can be missing."
    )
    await player.finish_with("The board is ready.")
    await review(player, FINDINGS)
    player.answers = "gemini-4-argon"
    await player.write("app/page.tsx", PAGE, tool="edit_file", say="The columns stack on a phone now.")
    await player.finish_with("The board is ready, on a phone too.")
    await player.finish(RunStatus.SUCCEEDED, await player.commit("Board"))


async def admired(player: "Player") -> None:
    """A designer's look that finds nothing, and takes its time."""
    player.answers = "gpt-6.1-sol"
    await player.boot()
    await player.write("app/page.tsx", PAGE, tool="edit_file")
    await player.finish_with("The page is ready.")
    await player.append(StepStarted(step="review:0", kind="review"))
    while not player.project.released:
        await asyncio.sleep(0.02)
    await review(player, [])
    await player.finish(RunStatus.SUCCEEDED, await player.commit("A page"))


async def halfway(player: "Player") -> None:
    """Fails, and leaves the best state it reached."""
    player.answers = "gpt-6.1-sol"
    await player.boot()
    await player.write("components/board.tsx", BOARD, say="I'll write the board.")
    await player.check(SILENT_BUTTON)
    await player.write(
        "components/board.tsx", BOARD.replace("c.due", "c!.due"), tool="edit_file", say="The card is there, surely."
    )
    await player.check(SILENT_BUTTON)
    await player.finish(
        RunStatus.FAILED,
        await player.commit("Board (not verified)", verified=False),
        Failure(
            code=FailureCode.CHECKS,
            message="The same problem came back after two repairs, so the agent stopped.",
            action="Say how it should be solved, or try again with a stronger model.",
            tried=[
                "I'll write the board (components/board.tsx): TypeError: Cannot read properties of undefined",
                "The card is there, surely (components/board.tsx): TypeError: Cannot read properties of undefined (2 times)",
            ],
        ),
    )
