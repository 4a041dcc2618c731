"""What this process counts and times, as Prometheus' own metrics. Labels are from closed sets: no ids, no free text."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, ProcessCollector

REGISTRY = CollectorRegistry()
ProcessCollector(registry=REGISTRY)
_STEP_S = (0.01, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 20, 40, 80, 160, 320)
_RUN_S = (1, 2.5, 5, 10, 20, 40, 80, 160, 320, 640, 1280, 2560)

RUNS_AT_WORK = Gauge("codeflow_runs_at_work", "Runs this process works on.", ["kind"], registry=REGISTRY)
RUNS_FINISHED = Counter(
    "codeflow_runs_finished", "Runs this process brought to their end.", ["kind", "status"], registry=REGISTRY
)
RUN_SECONDS = Histogram(
    "codeflow_run_seconds",
    "From queued to finished, of runs that this process finished.",
    ["kind", "status"],
    buckets=_RUN_S,
    registry=REGISTRY,
)
STEP_SECONDS = Histogram(
    "codeflow_step_seconds",
    "Of steps: model calls, tool calls by tool, and checks.",
    ["kind", "tool"],
    buckets=_STEP_S,
    registry=REGISTRY,
)
CHECK_SECONDS = Histogram(
    "codeflow_check_seconds",
    "Of the gate's levels, which stand side by side.",
    ["level", "passed"],
    buckets=_STEP_S,
    registry=REGISTRY,
)
MODEL_TOKENS = Counter(
    "codeflow_model_tokens", "Tokens read (input) and written (output).", ["model", "kind"], registry=REGISTRY
)
MODEL_COST = Counter(
    "codeflow_model_cost_dollars", "Spent on models, in US dollars, by price lists.", ["model"], registry=REGISTRY
)
MODEL_RESTARTS = Counter(
    "codeflow_model_restarts", "Answers that broke off and were asked for again.", ["model"], registry=REGISTRY
)
SANDBOX_SECONDS = Counter(
    "codeflow_run_sandbox_seconds", "How long finished runs held a sandbox.", ["kind"], registry=REGISTRY
)
EVENT_STREAMS = Gauge("codeflow_event_streams", "Pages that follow a project or the set-up live.", registry=REGISTRY)
