"""How CodeFlow is watched from outside: logs, traces and metrics.

What may be told: ids, kinds, steps, names of tools and models, counts, times, cost. Never prompts, answers, commands,
files' contents, addresses of previews, or secrets; of an error its type only.

Spans reach nobody until the standard variables of OpenTelemetry ask for export (`tracing.py`); metrics are kept in this
process and served by `backend.web.health`.
"""

from backend.telemetry.logs import LogFormat, write_logs
from backend.telemetry.spans import AtWork, at_work, of_run, span, spanned, tell, untold
from backend.telemetry.tracing import export_spans, flush_spans

__all__ = ["AtWork", "LogFormat", "at_work", "begin", "flush_spans", "of_run", "span", "spanned", "tell", "untold"]


def begin(log_format: LogFormat) -> None:
    """For a process' start; again is once. Logs go to stderr, spans where the environment says."""
    write_logs(log_format)
    export_spans()
