"""A span for each step."""

import functools
from collections.abc import Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, TypeVar

from backend.agent.journal import Journal
from backend.agent.tools import CATALOGUE
from backend.events import ModelFinished, ToolFinished
from backend.telemetry import span

P = ParamSpec("P")
R = TypeVar("R", ModelFinished, ToolFinished)

Step = Callable[Concatenate[Journal, str, P], Coroutine[Any, Any, R]]


def traced(work: Step[P, R]) -> Step[P, R]:
    """For functions that do a step under its key and return its result."""

    @functools.wraps(work)
    async def stepping(journal: Journal, step: str, *args: P.args, **kwargs: P.kwargs) -> R:
        with span(step.partition(":")[0], {"codeflow.step": step}) as opened:
            done = await work(journal, step, *args, **kwargs)
            opened.set_attributes(_told(done))
            return done

    return stepping


def _told(done: ModelFinished | ToolFinished) -> dict[str, str | int | bool]:
    if isinstance(done, ModelFinished):
        return {
            "gen_ai.request.model": done.model,
            "gen_ai.usage.input_tokens": done.input_tokens,
            "gen_ai.usage.cache_read.input_tokens": done.cached_tokens,
            "gen_ai.usage.output_tokens": done.output_tokens,
            "codeflow.cost_micros": done.cost_micros,
        }
    # A model may call what does not exist by any name.
    told = {"codeflow.tool": done.tool if done.tool in CATALOGUE else "unknown", "codeflow.ok": done.ok}
    return told if done.exit_code is None else {**told, "codeflow.exit_code": done.exit_code}
