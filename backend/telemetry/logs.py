"""Logs on stderr: lines for people, or JSON for programs. Each line of a run carries the run's id."""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any, Literal, TextIO

from backend.telemetry.spans import at_work

LogFormat = Literal["text", "json"]
OURS = ("backend", "ui", "codeflow")
"""Loggers whose milestones, not only troubles, are told to programs."""


class RunFilter(logging.Filter):
    """Puts `run_id` and `project_id` on every record; None outside a run."""

    def filter(self, record: logging.LogRecord) -> bool:
        run = at_work()
        record.run_id = run.run_id if run else None
        record.project_id = run.project_id if run else None
        return True


class ForPeople(logging.Formatter):
    def __init__(self) -> None:
        super().__init__("%(levelname)s %(name)s: %(message)s%(of_run)s")

    def formatMessage(self, record: logging.LogRecord) -> str:
        run_id = getattr(record, "run_id", None)
        # A message that names the run already need not say it twice.
        record.of_run = f" (run {run_id})" if run_id and run_id not in record.message else ""
        return super().formatMessage(record)


class ForPrograms(logging.Formatter):
    """One JSON object a line: `at`, `level`, `logger`, `message`; `run_id`, `project_id`, `exception` where there is one."""

    def format(self, record: logging.LogRecord) -> str:
        line: dict[str, Any] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        for name in ("run_id", "project_id"):
            if value := getattr(record, name, None):
                line[name] = value
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


class _Stderr(logging.StreamHandler[TextIO]):
    """Whatever stderr is at the time."""

    def __init__(self) -> None:
        logging.Handler.__init__(self)

    @property
    def stream(self) -> TextIO:  # pyright: ignore[reportIncompatibleVariableOverride]
        return sys.stderr


def write_logs(log_format: LogFormat) -> None:
    """From now on, by the root logger alone. For people, warnings and worse; for programs, our own milestones too."""
    root = logging.getLogger()
    for known in [handler for handler in root.handlers if isinstance(handler, _Stderr)]:
        root.removeHandler(known)
    root.addHandler(handler(log_format))
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO if log_format == "json" else logging.NOTSET)


def handler(log_format: LogFormat) -> logging.Handler:
    made = _Stderr()
    made.addFilter(RunFilter())
    made.setFormatter(ForPrograms() if log_format == "json" else ForPeople())
    return made
