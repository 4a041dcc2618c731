"""Spans, and which run they and the log's lines belong to."""

import asyncio
import functools
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.trace import INVALID_SPAN, Span, StatusCode, Tracer, TracerProvider

F = TypeVar("F", bound=Callable[..., Coroutine[Any, Any, Any]])
Attributes = Mapping[str, str | bool | int | float]

NAME = "codeflow"


@dataclass(frozen=True)
class AtWork:
    """The run that is being worked on, in this task and those it starts."""

    run_id: str
    project_id: str
    kind: str
    attempt: int

    @property
    def attributes(self) -> Attributes:
        return {
            "codeflow.run.id": self.run_id,
            "codeflow.project.id": self.project_id,
            "codeflow.run.kind": self.kind,
            "codeflow.run.attempt": self.attempt,
        }


_at_work: ContextVar[AtWork | None] = ContextVar("at_work", default=None)
_untold: ContextVar[bool] = ContextVar("untold", default=False)
_tracer: Tracer = trace.get_tracer(NAME)


def at_work() -> AtWork | None:
    return _at_work.get()


def trace_with(provider: TracerProvider) -> None:
    """Our spans go to this provider; other libraries' spans do not, for they may hold what must not be told."""
    global _tracer
    _tracer = provider.get_tracer(NAME)


@contextmanager
def of_run(run: AtWork) -> Iterator[Span]:
    """An attempt at a run. What happens inside, also in tasks started there, carries the run's id."""
    token = _at_work.set(run)
    try:
        with _span("run", {}, Context()) as attempt:
            yield attempt
    finally:
        _at_work.reset(token)


@contextmanager
def span(name: str, attributes: Attributes | None = None) -> Iterator[Span]:
    """A span inside the current one. Add what is known later by `set_attribute`."""
    with _span(name, attributes or {}, None) as opened:
        yield opened


def spanned(name: str) -> Callable[[F], F]:
    """Each call of the function is a span. Its arguments are not told."""

    def decorated(work: F) -> F:
        @functools.wraps(work)
        async def traced(*args: Any, **kwargs: Any) -> Any:
            with span(name):
                return await work(*args, **kwargs)

        return cast(F, traced)

    return decorated


@contextmanager
def untold() -> Iterator[None]:
    """No spans inside: for what is asked all the time."""
    token = _untold.set(True)
    try:
        yield
    finally:
        _untold.reset(token)


def tell(attributes: Attributes) -> None:
    """Add to the current span."""
    trace.get_current_span().set_attributes(attributes)


@contextmanager
def _span(name: str, attributes: Attributes, parent: Context | None) -> Iterator[Span]:
    if _untold.get():
        yield INVALID_SPAN
        return
    run = at_work()
    told = {**run.attributes, **attributes} if run else attributes
    # An exception's message and its stack may quote what the person wrote.
    with _tracer.start_as_current_span(
        name, parent, attributes=told, record_exception=False, set_status_on_exception=False
    ) as opened:
        try:
            yield opened
        except BaseException as error:
            opened.set_attribute("error.type", type(error).__name__)
            if not isinstance(error, asyncio.CancelledError):
                opened.set_status(StatusCode.ERROR)
            raise
