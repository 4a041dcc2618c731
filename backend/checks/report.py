"""One report out of what the levels found."""

import re
from collections.abc import Sequence

from backend.checks.browser import Photos
from backend.checks.level import Found
from backend.diffs import sha256
from backend.domain import CheckLevel, CheckProblem, CheckReport, CheckResult

MAX_PROBLEMS = 30


def merged(levels: Sequence[Found], routes: Sequence[str], photos: Photos | None) -> CheckReport:
    """Each problem once: the same place or the same words, told by a later level, add nothing."""
    return CheckReport(
        passed=all(level.passed for level in levels),
        results=[
            CheckResult(level=level.level, passed=level.passed, summary=level.summary, duration_ms=level.duration_ms)
            for level in levels
        ],
        problems=_once([problem for level in levels for problem in level.problems])[:MAX_PROBLEMS],
        routes=list(routes),
        screenshot_sha256=sha256(photos.desktop) if photos else None,
        phone_screenshot_sha256=sha256(photos.phone) if photos else None,
    )


def _once(problems: Sequence[CheckProblem]) -> list[CheckProblem]:
    kept: list[CheckProblem] = []
    places: dict[tuple[str, int | None], CheckLevel] = {}
    texts: set[str] = set()
    unserved = {problem.route for problem in problems if problem.level == CheckLevel.ROUTES}
    for problem in problems:
        if problem.level == CheckLevel.BROWSER and not problem.file and problem.route in unserved:
            continue
        text = _gist(problem)
        known = places.get((problem.file, problem.line)) if problem.file else None
        if text in texts or (known is not None and known != problem.level):
            continue
        texts.add(text)
        if problem.file:
            places.setdefault((problem.file, problem.line), problem.level)
        kept.append(problem)
    return kept


def _gist(problem: CheckProblem) -> str:
    """The words that say what is wrong, without what each level puts around them."""
    text = re.sub(r"^GET \S+ answered \d+:\n", "", problem.message)
    text = re.sub(r"\./\S+(:\d+)*\n", "", text, count=1)
    text = re.sub(r"^(Uncaught |\w*Error: )+", "", text)
    return re.sub(r"\s+", " ", text)[:100]
