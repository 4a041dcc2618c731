"""Ends of a run that are not success, as exceptions with names."""

from backend.domain import CheckReport, Failure, FailureCode


class Stopped(Exception):
    """The run cannot go on; `failure` tells the person why, and what to do."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


class ModelFailed(Stopped):
    """No configured model answers."""

    def __init__(self, message: str, action: str) -> None:
        super().__init__(Failure(code=FailureCode.MODEL, message=message, action=action))


class Stuck(Stopped):
    """The checks found the same again and again."""

    def __init__(self, report: CheckReport, times: int) -> None:
        problems = report.problems
        first = problems[0] if problems else None
        where = (first.file or first.route or "") if first else ""
        broken = f"{where + ': ' if where else ''}{_first_line(first.message)}" if first else "a check did not pass"
        more = f" (and {len(problems) - 1} more)" if len(problems) > 1 else ""
        super().__init__(
            Failure(
                code=FailureCode.CHECKS,
                message=f"The app still fails its checks: the same problem came back {times} times. Broken: {broken}{more}",
                action="Its files are kept. Say how it should be solved, or go back to the last verified version.",
            )
        )


def _first_line(text: str) -> str:
    line = text.strip().partition("\n")[0]
    return line if len(line) <= 300 else line[:299] + "…"
