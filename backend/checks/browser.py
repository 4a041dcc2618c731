"""Level three: every page opened in a headless browser inside the sandbox."""

import json
import re
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.checks.level import Found, could_not_run, counted
from backend.checks.makeup import digests
from backend.domain import CheckLevel, CheckProblem
from backend.workspace.contract import Inspected, Workspace

TIMEOUT_S = 180
"""Far more than a healthy app needs, even on a busy machine; one that hangs is told by the processor time it takes."""
MAX_PAGES = 8
_SCRIPT = "node /opt/codeflow/check.cjs"
_FRAMEWORK = re.compile(
    r"^\s*(\.\.\.|<(\w*(ScrollHandler|Boundary|Router|ViewNode|TrieNode|PageRoot|SegmentRoot|ServerRoot|AppRouter)|Root)\b.*)$"
)
_NOT_OPENED = "The pages were not opened in a browser"


@dataclass(frozen=True)
class Photos:
    """JPEGs of the first route."""

    desktop: bytes
    """1280×800."""
    phone: bytes
    """390×844."""


@dataclass(frozen=True)
class Opened:
    found: Found
    photos: Photos | None = None


async def check_in_browser(workspace: Workspace, routes: Sequence[str], *, afresh: bool = False) -> Opened:
    """Pages that have not changed since they were last pressed through are not pressed again, unless `afresh`."""
    request = {
        "baseUrl": "http://127.0.0.1:3000",
        "routes": list(routes[:MAX_PAGES]),
        "digests": digests(workspace.files),
        "afresh": afresh,
        "photos": True,
        "clicks": True,
        "timeoutMs": TIMEOUT_S * 1000,
    }
    done = await workspace.inspect(f"{_SCRIPT} <<< {shlex.quote(json.dumps(request))}", timeout_s=TIMEOUT_S + 10)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return Opened(could_not_run(CheckLevel.BROWSER, _NOT_OPENED, _why(done)))
    if "error" in report:
        return Opened(could_not_run(CheckLevel.BROWSER, _NOT_OPENED, report["error"]))
    problems = [
        CheckProblem(
            level=CheckLevel.BROWSER,
            message=_told(error["message"]),
            file=error.get("file"),
            line=error.get("line"),
            route=page["route"],
            reproduce=f"open {page['route']}, press “{error['press']}”" if error["press"] else "",
        )
        for page in report["routes"]
        for error in page["errors"]
    ]
    broken = len({problem.route for problem in problems})
    return Opened(
        Found(CheckLevel.BROWSER, _summary(report["routes"], broken), problems),
        await _photos(workspace, report.get("photos")),
    )


def _summary(routes: Sequence[Mapping[str, Any]], broken: int) -> str:
    pages = counted(len(routes), "page")
    if broken:
        return f"{broken} of {pages} with errors in the browser"
    spared = sum(route["spared"] for route in routes)
    since = f"; {spared} unchanged since {'its' if spared == 1 else 'their'} buttons were pressed" if spared else ""
    return f"{pages} opened without errors{since}"


async def _photos(workspace: Workspace, paths: dict[str, str] | None) -> Photos | None:
    if not paths:
        return None
    desktop, phone = [await workspace.download(paths[screen]) for screen in ("desktop", "phone")]
    return Photos(desktop, phone) if desktop and phone else None


def _told(message: str) -> str:
    """Without Next.js's own components around the author's."""
    return "\n".join(line for line in message.splitlines() if line.strip() and not _FRAMEWORK.match(line))


def _why(done: Inspected) -> str:
    if done.exit_code == 137:
        return f"the browser did not end within {TIMEOUT_S} s."
    return f"exit status {done.exit_code}: {(done.stderr or done.stdout).strip()[-600:] or 'it printed nothing'}"
