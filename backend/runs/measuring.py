"""What is told of runs from outside: a span for each attempt, a line in the log, and what their facts add to the metrics."""

import functools
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from backend.domain import Lease, Project, Run
from backend.events import CheckFinished, Event, ModelFinished, ModelRestarted, ModelSpent, RunFinished, ToolFinished
from backend.telemetry import AtWork, of_run, tell
from backend.telemetry.metrics import (
    CHECK_SECONDS,
    MODEL_COST,
    MODEL_RESTARTS,
    MODEL_TOKENS,
    RUN_SECONDS,
    RUNS_AT_WORK,
    RUNS_FINISHED,
    SANDBOX_SECONDS,
    STEP_SECONDS,
)

log = logging.getLogger(__name__)

W = TypeVar("W")
NO_AGENTS_TOOLS = ("edit", "restore", "undo")
"""Steps of runs that no agent leads."""
Work = Callable[[W, Run, Project, Lease], Coroutine[Any, Any, None]]


def observed(work: Work[W]) -> Work[W]:
    """For the method that works on a claimed run."""

    @functools.wraps(work)
    async def watched(worker: W, run: Run, project: Project, lease: Lease) -> None:
        attempt = AtWork(run.id, project.id, run.kind.value, run.attempt)
        with of_run(attempt), RUNS_AT_WORK.labels(run.kind.value).track_inprogress():
            log.info("Run %s was claimed: %s, attempt %s", run.id, run.kind.value, run.attempt)
            await work(worker, run, project, lease)

    return watched


def measure(event: Event) -> None:
    """For each fact that was journaled: a repeat, which is not, counts nothing."""
    match event:
        case ModelFinished() | ModelSpent():
            MODEL_TOKENS.labels(event.model, "input").inc(event.input_tokens)
            MODEL_TOKENS.labels(event.model, "output").inc(event.output_tokens)
            MODEL_COST.labels(event.model).inc(event.cost_micros / 1e6)
            if isinstance(event, ModelFinished):
                STEP_SECONDS.labels("model", "").observe(event.duration_ms / 1000)
        case ModelRestarted():
            MODEL_RESTARTS.labels(event.model).inc()
        case ToolFinished():
            STEP_SECONDS.labels("tool", known_tool(event.tool)).observe(event.duration_ms / 1000)
        case CheckFinished():
            STEP_SECONDS.labels("check", "").observe(event.duration_ms / 1000)
            for result in event.report.results:
                passed = str(result.passed).lower()
                CHECK_SECONDS.labels(result.level.value, passed).observe(result.duration_ms / 1000)


def measure_end(run: Run, event: RunFinished) -> None:
    """Once the run's end is in the store."""
    labels = (run.kind.value, event.status.value)
    RUNS_FINISHED.labels(*labels).inc()
    RUN_SECONDS.labels(*labels).observe(event.duration_s)
    SANDBOX_SECONDS.labels(run.kind.value).inc(event.sandbox_s)
    failure = event.failure.code.value if event.failure else ""
    tell(
        {
            "codeflow.run.status": event.status.value,
            "codeflow.run.verified": event.verified,
            "codeflow.run.failure": failure,
            "codeflow.cost_micros": event.cost_micros,
            "codeflow.sandbox_s": event.sandbox_s,
        }
    )
    log.info("Run %s is over: %s after %.1f s", run.id, failure or event.status.value, event.duration_s)


def known_tool(name: str) -> str:
    """A model may call what does not exist by any name."""
    if name in NO_AGENTS_TOOLS:
        return name
    # Takes seconds to import, but where agents call tools it has been.
    from backend.agent.tools import CATALOGUE

    return name if name in CATALOGUE else "unknown"
