"""Tools that ask the gate: check, and finish, which only proposes."""

from typing import Annotated

from pydantic import Field

from backend.agent.tools.tool import Done, Hands, Tool
from backend.domain import CheckReport


class Check(Tool):
    """Check the app as it is now: types, every route, and the page opened and clicked in a browser."""

    name = "check"

    async def run(self, hands: Hands) -> Done:
        return _reported(await hands.prove())


class Finish(Tool):
    """Say that the work is done. The app is checked; if the checks find a problem, it comes back to you and the
    work goes on.
    """

    name = "finish"
    summary: Annotated[
        str, Field(min_length=1, description="For the person: what the app now does, in one to three sentences.")
    ]

    @property
    def about(self) -> str:
        return self.summary

    async def run(self, hands: Hands) -> Done:
        return _reported(await hands.prove())


def _reported(report: CheckReport) -> Done:
    return Done(report.as_text(), ok=report.passed)
