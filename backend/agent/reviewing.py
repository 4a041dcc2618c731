"""The critic: a model that sees looks at the pictures of an app that passed its checks.

It sees what no check does. It is asked once a run, its findings go back to the coder, and whatever goes wrong with it
is no reason to fail a run.
"""

import asyncio
import logging
import time
from collections.abc import Sequence
from dataclasses import asdict

from pydantic import BaseModel, Field, ValidationError
from pydantic_ai.direct import model_request
from pydantic_ai.messages import BinaryContent, ModelRequest, ModelResponse, UserPromptPart
from pydantic_ai.models import ModelRequestParameters
from pydantic_ai.tools import ToolDefinition
from pydantic_ai.usage import RequestUsage

from backend.agent.candidate import Candidate
from backend.agent.journal import Journal
from backend.agent.models import Models
from backend.agent.prompts import prompt
from backend.agent.spending import billed
from backend.domain import CheckReport, Finding
from backend.events import ReviewFinished, StepStarted

logger = logging.getLogger(__name__)

STEP = "review:0"
MAX_FINDINGS = 5
_PATIENCE_S = 60
_MAX_PROMPT_CHARS = 8_000


class Review(BaseModel):
    """What should be repaired before anybody sees it."""

    findings: list[Finding] = Field(max_length=MAX_FINDINGS)


_REPORT = ToolDefinition(name="report", description=Review.__doc__, parameters_json_schema=Review.model_json_schema())
_PARAMETERS = ModelRequestParameters(function_tools=[_REPORT], allow_text_output=True)


class Critic:
    """Of one run. Its findings are journaled, so an attempt that resumes hears the same."""

    def __init__(self, journal: Journal, models: Models) -> None:
        self._journal, self._models = journal, models
        self._heard = False

    async def review(self, report: CheckReport | None) -> Sequence[Finding]:
        """What is held against an app that has passed, the first time it does; else nothing. Nothing, too, where no
        configured model sees.
        """
        if self._heard or not report or not report.passed:
            return []
        self._heard = True
        for entry in self._journal.entries:
            if isinstance(entry.event, ReviewFinished):
                return entry.event.findings
        photos = [sha for sha in (report.screenshot_sha256, report.phone_screenshot_sha256) if sha]
        seeing = await _seeing(self._models) if len(photos) == 2 else None
        return await self._ask(seeing, photos) if seeing else []

    async def _ask(self, critic: Candidate, photos: Sequence[str]) -> Sequence[Finding]:
        await self._journal.append(StepStarted(step=STEP, kind="review"))
        begun = time.monotonic()
        asked = [
            "What the person asked for:",
            self._journal.run.prompt[:_MAX_PROMPT_CHARS],
            "The app at 1280×800, then at 390×844:",
            *[BinaryContent(await self._journal.blob(sha), media_type="image/jpeg") for sha in photos],
        ]
        request = ModelRequest(parts=[UserPromptPart(asked)], instructions=prompt("critic"))
        response = await _answer(critic, request)
        finished = ReviewFinished(
            step=STEP,
            findings=list(_findings(response)),
            duration_ms=round((time.monotonic() - begun) * 1000),
            **asdict(billed(critic, response.usage if response else RequestUsage())),
        )
        await self._journal.append(finished, step=STEP)
        return finished.findings


def as_request(findings: Sequence[Finding]) -> str:
    """The findings as the coder is told."""
    lines = [f"- [{finding.screen}] {finding.problem} → {finding.repair}" for finding in findings]
    return "\n".join(
        [
            "The checks passed. A designer then looked at pictures of the app and found:",
            *lines,
            "Repair what is right about this without changing anything else, then finish again. Leave what contradicts "
            "the person's own words.",
        ]
    )


async def _seeing(models: Models) -> Candidate | None:
    """The first model that sees, of those that may be asked."""
    if models.info.demo or not models.critic:
        return None
    for candidate in models.coder:
        model = await asyncio.to_thread(lambda candidate=candidate: candidate.model)
        if model.profile.get("supports_image_input", True):
            return candidate
    return None


async def _answer(critic: Candidate, request: ModelRequest) -> ModelResponse | None:
    try:
        return await asyncio.wait_for(
            model_request(critic.model, [request], model_request_parameters=_PARAMETERS), _PATIENCE_S
        )
    except Exception as error:  # Whatever it is: the app passed its checks, and that is what counts.
        logger.info("%s did not review: %s", critic.name, type(error).__name__)
        return None


def _findings(response: ModelResponse | None) -> Sequence[Finding]:
    for call in response.tool_calls if response else []:
        try:
            return Review.model_validate(call.args_as_dict()).findings
        except (ValidationError, ValueError):
            logger.info("a review could not be read")
    return []
