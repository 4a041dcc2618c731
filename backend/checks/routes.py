"""Level two: every route that needs no parameter is asked for."""

import asyncio
import logging
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass

from backend.checks.level import Found, counted
from backend.checks.log import ServerError, error_in_page, errors_in_log
from backend.checks.noticed import noticed
from backend.domain import CheckLevel, CheckProblem
from backend.workspace.contract import Fetched, Workspace
from backend.workspace.devserver import unrouted
from backend.workspace.routes import handler_routes, page_routes

AT_ONCE = 4
MAX_ROUTES = 40
PATIENCE_S = 90
"""A first answer may have to wait for compilation, on a busy machine."""
PROBE_AFTER_S = 6
PROBE_S = 30
"""Longer than the probe itself waits."""
STARTING_S = 10
"""The dev server starts itself anew when its configuration changes."""
MAX_HANGS = 2
_PROBE = "node /opt/codeflow/stuck.cjs"
LOG = "/tmp/codeflow/dev.log"
_ANSI = re.compile(r"\x1b\[[\d;]*m")
log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Served:
    found: Found
    down: bool = False
    """Whether the dev server did not run, or hung and had to be restarted."""
    renewed: bool = False
    """Whether it was restarted for having lost sight of the project's files."""


@dataclass(frozen=True)
class Answer:
    route: str
    fetched: Fetched
    hung: bool = False
    """Nothing came within the time, though something listened."""
    blocked: bool = False
    """Nor did anything else."""

    @property
    def served(self) -> bool:
        return 0 < self.fetched.status < 500 and self.fetched.status != 404


async def check_routes(workspace: Workspace) -> Served:
    """A route that fails is asked once more, alone, so that the log tells of it and a hiccup is forgiven."""
    routes = static_routes(workspace)
    answers, renewed = await _answers(workspace, routes)
    down = any(answer.fetched.status == 0 for answer in answers)
    if any(answer.blocked for answer in answers):
        await workspace.restart_dev()
    problems: list[CheckProblem] = []
    hangs = 0
    for answer in answers:
        if answer.served:
            continue
        if hangs == MAX_HANGS:
            problems.append(_problem(answer.route, "was not asked for again: other routes hang the dev server."))
            continue
        # Alone, a route that hung is known to hang by itself.
        again = answer if answer.hung and len(routes) == 1 else None
        found, hung = await _ask_again(workspace, answer.route, again)
        hangs += hung
        problems += found
    broken = len({problem.route for problem in problems})
    total = counted(len(routes), "route")
    return Served(
        Found(CheckLevel.ROUTES, f"{broken} of {total} failed" if broken else f"{total} served", problems),
        down,
        renewed,
    )


def static_routes(workspace: Workspace) -> Sequence[str]:
    """`/`, which every app must have, the other pages, and the handlers that answer GET."""
    paths = workspace.files
    handlers = handler_routes(path for path, content in paths.items() if b"GET" in content)
    return list(dict.fromkeys(["/", *page_routes(paths), *handlers]))[:MAX_ROUTES]


async def _answers(workspace: Workspace, routes: Sequence[str]) -> tuple[Sequence[Answer], bool]:
    """What the project's present files answer, and whether the dev server was restarted for it.

    A server that does not know a route of theirs, though it had its time to notice it, no longer sees what is written: it reads all anew.
    """
    answers = await _ask_all(workspace, routes)
    if _overlooked(workspace, answers):
        answers = await _ask_all(workspace, routes)
    overlooked = _overlooked(workspace, answers)
    if not overlooked:
        return answers, False
    log.warning("the dev server does not know %s; it is restarted", ", ".join(overlooked))
    await workspace.restart_dev()
    return await _ask_all(workspace, routes), True


def _overlooked(workspace: Workspace, answers: Sequence[Answer]) -> list[str]:
    """Routes the server does not know, though there are files for them; one that hangs knows nothing."""
    if any(answer.hung for answer in answers):
        return []
    paths = workspace.files
    written = {*page_routes(paths), *handler_routes(paths)}
    return [answer.route for answer in answers if unrouted(answer.fetched) and answer.route in written]


async def _ask_all(workspace: Workspace, routes: Sequence[str]) -> Sequence[Answer]:
    await noticed(workspace)
    turn = asyncio.Semaphore(AT_ONCE)

    async def ask(route: str) -> Answer:
        async with turn:
            return await _ask(workspace, route)

    return await asyncio.gather(*(ask(route) for route in routes))


async def _ask(workspace: Workspace, route: str) -> Answer:
    """Ask until something answers, or patience ends: a server that is down may be starting."""
    started = time.monotonic()
    while True:
        asked = time.monotonic()
        asking = asyncio.create_task(workspace.fetch(route, PATIENCE_S))
        try:
            blocked = await _blocked(workspace, asking)
            fetched = Fetched(0, "") if blocked else await asking
        finally:
            asking.cancel()
        if fetched.status != 0:
            return Answer(route, fetched)
        if blocked or time.monotonic() - asked >= PATIENCE_S * 0.9:
            return Answer(route, fetched, hung=True, blocked=blocked)
        if time.monotonic() - started > STARTING_S:
            return Answer(route, fetched)
        await asyncio.sleep(0.25)


async def _blocked(workspace: Workspace, asking: asyncio.Task[Fetched]) -> bool:
    """Wait for the answer; True when meanwhile the server answers nothing at all."""
    while not (await asyncio.wait([asking], timeout=PROBE_AFTER_S))[0]:
        probe = await workspace.inspect(_PROBE, timeout_s=PROBE_S)
        if probe.stdout.strip() == "stuck" and not asking.done():
            return True
    return False


async def _ask_again(workspace: Workspace, route: str, known: Answer | None) -> tuple[list[CheckProblem], bool]:
    """What is wrong with the route, and whether it hangs."""
    size = (await workspace.inspect(f"stat -c %s {LOG}")).stdout.strip()
    answer = known or await _ask(workspace, route)
    if answer.served:
        return [], False
    if answer.hung:
        if answer.blocked and not known:
            await workspace.restart_dev()
        return [_problem(route, _hanging(answer))], True
    offset = int(size) if size.isdigit() and answer.fetched.status else 0
    return await _told(workspace, answer, offset), False


def _hanging(answer: Answer) -> str:
    if answer.blocked:
        return (
            "is never answered, and while it is rendered the server answers nothing else: an endless loop in its page, "
            "its layouts or what they import. The dev server was restarted."
        )
    return (
        f"did not answer within {PATIENCE_S} s, though the server answers other requests: "
        "something it waits for never comes. Look for a promise that never settles, or a request without a time-out."
    )


async def _told(workspace: Workspace, answer: Answer, offset: int) -> list[CheckProblem]:
    """The failure in Next.js's own words, from its log since `offset` or its error page."""
    route = answer.route
    if answer.fetched.status == 404:
        return [_problem(route, _not_found(answer, route in page_routes(workspace.files)))]
    printed = await workspace.inspect(f"sleep 0.05; tail -c +{offset + 1} {LOG} | tail -c 30000")
    log = _ANSI.sub("", printed.stdout)
    errors = errors_in_log(log, workspace.files)
    if answer.fetched.status == 0:
        told = errors[-1].message if errors else "\n".join(log.splitlines()[-15:])
        return [_problem(route, f"was not answered: the dev server does not run. Its log says:\n{told}", *errors[-1:])]
    page = error_in_page(answer.fetched.body, workspace.files)
    known = errors or ([page] if page else [])
    if not known:
        return [_problem(route, f"answered {answer.fetched.status}, and the dev server's log says nothing about it.")]
    return [_problem(route, f"answered {answer.fetched.status}:\n{error.message}", error) for error in known]


def _not_found(answer: Answer, paged: bool) -> str:
    if answer.route == "/" and not paged:
        return "answered 404: there is no page at the root. Add `app/page.tsx`."
    if unrouted(answer.fetched):
        return (
            "answered 404: there is a file for it, but Next.js has no such route. "
            "Does the configuration hide it (basePath, redirects, pageExtensions, a proxy), or an `app` folder beside `src/app`?"
        )
    return (
        "answered 404: its own code does, for example by calling notFound(). A route without parameters must be there."
    )


def _problem(route: str, text: str, error: ServerError | None = None) -> CheckProblem:
    return CheckProblem(
        level=CheckLevel.ROUTES,
        message=f"GET {route} {text}",
        file=error.file if error else None,
        line=error.line if error else None,
        route=route,
    )
