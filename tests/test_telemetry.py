"""What a run tells those who watch the service: enough to find what is slow or broken, and nothing of what was said or written."""

import asyncio
import http.server
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from e2b import AsyncSandbox, SandboxNotFoundException
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from backend.agent.models import Models
from backend.checks import check, gate
from backend.checks.browser import Opened
from backend.checks.level import Found
from backend.checks.routes import Served
from backend.config import ROOT
from backend.domain import CheckLevel, Run, RunStatus
from backend.runs.agents import agent_work
from backend.runs.job import Job
from backend.runs.measuring import known_tool
from backend.runs.worker import Worker
from backend.telemetry import AtWork, begin, flush_spans, of_run, span, spans, tracing, untold
from backend.telemetry.logs import OURS
from backend.telemetry.tracing import provider_of_runs, trace_id, wanted
from backend.workspace import SandboxLost
from backend.workspace.contract import Workspace
from backend.workspace.sandbox import Sandbox
from tests.agent.scripts import Say, Scripted, scripted
from tests.runs.stage import USER, Stage, staged

PROMPT = "Build a page for my secret cat"
CONTENT = "export default 'the cat sleeps here'\n"
COMMAND = "echo whiskers"
ANSWER = "I know a tabby."
UNSAID = ("secret cat", "sleeps here", "whiskers", "tabby", "cats/page", "purr")
SCRIPT = [
    Say(ANSWER, [("write_file", {"path": "app/cats/page.tsx", "content": CONTENT})]),
    Say(ANSWER, [("run_command", {"command": COMMAND}), ("purr_loudly", {})]),
    Say(ANSWER, [("finish", {"summary": ANSWER})]),
]


@pytest.fixture
async def stage(tmp_path: Path) -> AsyncIterator[Stage]:
    async with staged(tmp_path) as stage:
        script = Scripted(SCRIPT)
        models = scripted(script)

        async def chosen() -> Models:
            return models

        stage.agent = agent_work(chosen)
        yield stage


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    """Every span that ended."""
    exporter, provider = InMemorySpanExporter(), provider_of_runs()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(spans, "_tracer", provider.get_tracer("codeflow"))
    return exporter


@pytest.fixture
def quick_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """The gate itself, with levels that need no app."""

    async def found(level: CheckLevel) -> Found:
        return Found(level, "fine")

    async def served(_: object) -> Served:
        return Served(await found(CheckLevel.ROUTES), False, False)

    async def opened(*_: object) -> Opened:
        return Opened(await found(CheckLevel.BROWSER))

    monkeypatch.setattr(gate, "check_types", lambda _: found(CheckLevel.TYPES))
    monkeypatch.setattr(gate, "check_routes", served)
    monkeypatch.setattr(gate, "check_in_browser", opened)


async def worked_on(stage: Stage) -> Run:
    run = await stage.runs.start(USER, None, PROMPT)
    assert stage.agent
    worker = Worker(stage.store, stage.workspaces, check, stage.agent, stage.settings)
    await asyncio.wait_for(worker.run_one(run.id), 60)
    over = await stage.store.run(USER, run.id)
    assert over.status is RunStatus.SUCCEEDED
    return over


def by_step(exporter: InMemorySpanExporter) -> dict[str, ReadableSpan]:
    return {str(about(found).get("codeflow.step", found.name)): found for found in exporter.get_finished_spans()}


def about(found: ReadableSpan) -> dict[str, Any]:
    return dict(found.attributes or {})


def parent_of(found: ReadableSpan) -> int | None:
    return found.parent.span_id if found.parent else None


def id_of(found: ReadableSpan) -> int:
    context = found.get_span_context()
    assert context
    return context.span_id


async def test_a_run_is_a_tree_of_its_steps_and_checks(
    stage: Stage, told: InMemorySpanExporter, quick_levels: None
) -> None:
    run = await worked_on(stage)
    found = by_step(told)
    assert found.keys() == {
        "run", "model:0", "tool:0:0", "model:1", "tool:1:0", "tool:1:1", "model:2", "tool:2:0",
        "check:0", "check types", "check routes", "check browser",
    }  # fmt: skip
    for name, above in (
        ("model:0", "run"),
        ("tool:1:0", "run"),
        ("tool:2:0", "run"),
        ("check:0", "tool:2:0"),
        # The gate began while the model still wrote its summary.
        ("check types", "model:2"),
        ("check browser", "model:2"),
    ):
        assert parent_of(found[name]) == id_of(found[above]), name
    assert found["run"].parent is None
    for each in found.values():
        context = each.get_span_context()
        assert context
        assert context.trace_id == trace_id(run.id)
        assert about(each)["codeflow.run.id"] == run.id
        assert about(each)["codeflow.project.id"] == run.project_id
        assert about(each)["codeflow.run.kind"] == "prompt"
    assert about(found["run"])["codeflow.run.status"] == "succeeded"
    assert about(found["model:0"])["gen_ai.request.model"] == "scripted"
    assert about(found["model:0"])["gen_ai.usage.output_tokens"] > 0
    assert "codeflow.cost_micros" in about(found["model:0"])
    assert about(found["tool:0:0"])["codeflow.tool"] == "write_file"
    assert about(found["tool:1:0"])["codeflow.exit_code"] == 0
    assert about(found["check:0"])["codeflow.passed"] is True


async def test_nothing_of_what_was_said_or_written_is_told(
    stage: Stage, told: InMemorySpanExporter, quick_levels: None
) -> None:
    await worked_on(stage)
    everything = "".join(found.to_json() for found in told.get_finished_spans())
    assert not [words for words in UNSAID if words in everything]
    assert about(by_step(told)["tool:1:1"])["codeflow.tool"] == "unknown", "a model may call a tool anything"


async def test_a_change_by_hand_is_told_alike(stage: Stage, told: InMemorySpanExporter, quick_levels: None) -> None:
    first = await worked_on(stage)
    told.clear()
    run = await stage.runs.edit(USER, first.project_id, {"app/cats/page.tsx": CONTENT * 2})
    async with stage.working():
        await stage.over(run, timeout_s=60)
    found = by_step(told)
    assert about(found["tool:0:0"])["codeflow.tool"] == "edit"
    assert parent_of(found["tool:0:0"]) == parent_of(found["check:0"]) == id_of(found["run"])
    assert about(found["run"])["codeflow.run.kind"] == "edit"
    assert known_tool("edit") == "edit"
    assert not [words for words in UNSAID if words in "".join(each.to_json() for each in found.values())]


async def test_all_attempts_at_a_run_stand_in_one_trace(stage: Stage, told: InMemorySpanExporter) -> None:
    begun = asyncio.Event()
    whole = stage.agent
    assert whole

    async def interrupted(job: Job, workspace: Workspace) -> Any:
        if job.run.attempt == 1:
            begun.set()
            await asyncio.Event().wait()
        return await whole(job, workspace)

    stage.agent = interrupted
    run = await stage.runs.start(USER, None, PROMPT)
    async with stage.working():
        await asyncio.wait_for(begun.wait(), 60)
    async with stage.working():
        await stage.over(run, timeout_s=60)
    attempts = [found for found in told.get_finished_spans() if found.name == "run"]
    assert [about(found)["codeflow.run.attempt"] for found in attempts] == [1, 2]
    contexts = [found.get_span_context() for found in told.get_finished_spans()]
    assert {context.trace_id for context in contexts if context} == {trace_id(run.id)}


def test_of_an_error_its_kind_is_told_and_not_its_words(told: InMemorySpanExporter) -> None:
    with pytest.raises(ValueError, match="secret"), span("outer"):
        raise ValueError("a secret cat")
    (found,) = told.get_finished_spans()
    assert (about(found), found.status.status_code, found.events) == (
        {"error.type": "ValueError"},
        StatusCode.ERROR,
        (),
    )
    assert "cat" not in found.to_json()


def test_a_run_is_the_root_of_its_trace_wherever_it_is_worked_on(told: InMemorySpanExporter) -> None:
    with span("outer"), of_run(AtWork("run-of-ada", "p1", "prompt", 1)):
        pass
    run, outer = told.get_finished_spans()
    assert (run.name, run.parent) == ("run", None)
    assert "codeflow.run.id" not in about(outer)


def test_what_is_asked_all_the_time_is_not_told(told: InMemorySpanExporter) -> None:
    with span("outer"), untold(), span("inner"):
        pass
    assert [found.name for found in told.get_finished_spans()] == ["outer"]


async def test_calls_of_the_sandbox_are_told_without_what_they_carry(told: InMemorySpanExporter) -> None:
    async def run(script: str, **_: object) -> SimpleNamespace:
        if script == "true":
            raise SandboxNotFoundException("no sandbox of the secret cat")
        return SimpleNamespace(exit_code=0, stdout="", stderr="")

    remote = SimpleNamespace(sandbox_id="sb1", commands=SimpleNamespace(run=run))
    sandbox = Sandbox(cast(AsyncSandbox, remote), 1800)
    await sandbox.shell("echo whiskers", envs={"CAT": "secret cat"})
    with pytest.raises(SandboxLost):
        await sandbox.shell("true")
    good, lost = told.get_finished_spans()
    assert (good.name, about(good)) == ("sandbox shell", {})
    assert (lost.name, about(lost)) == ("sandbox shell", {"error.type": "SandboxLost"})


@pytest.fixture
def logging_again() -> Iterator[None]:
    """What a process sets once, set back."""
    root = logging.getLogger()
    handlers, levels = list(root.handlers), {name: logging.getLogger(name).level for name in OURS}
    yield
    root.handlers[:] = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


async def test_each_line_of_a_run_carries_its_id(
    stage: Stage, quick_levels: None, logging_again: None, capsys: pytest.CaptureFixture[str]
) -> None:
    begin("json")
    begin("json")
    logging.getLogger("backend.test").warning("Outside")
    run = await worked_on(stage)
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in lines if "run_id" not in line] == ["Outside"]
    of_run = [line for line in lines if line.get("run_id") == run.id]
    assert [line["project_id"] for line in of_run] == [run.project_id] * len(of_run)
    assert [line["message"].partition(f"Run {run.id} ")[2].split(":")[0] for line in of_run] == [
        "was claimed",
        "is over",
    ]
    assert not [words for words in UNSAID if words in json.dumps(lines)]


async def test_people_read_troubles_only_with_the_run_they_belong_to(
    stage: Stage, logging_again: None, capsys: pytest.CaptureFixture[str]
) -> None:
    begin("text")

    async def troubled(*_: object) -> Any:
        logging.getLogger("backend.test").warning("Trouble")
        logging.getLogger("backend.test").info("A milestone")
        raise RuntimeError("broken")

    stage.agent = troubled
    run = await stage.runs.start(USER, None, PROMPT)
    async with stage.working():
        await stage.over(run, timeout_s=60)
    told = capsys.readouterr().err
    assert f"WARNING backend.test: Trouble (run {run.id})\n" in told
    assert f"ERROR backend.runs.worker: Run {run.id} failed\n" in told
    assert "milestone" not in told


@pytest.mark.parametrize(
    ("variables", "exporter"),
    [
        ({}, None),
        ({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, "otlp"),
        ({"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://a"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "otlp"}, "otlp"),
        ({"OTEL_TRACES_EXPORTER": "console"}, "console"),
        ({"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, None),
        ({"OTEL_SDK_DISABLED": "true", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://a"}, None),
    ],
)
def test_spans_are_exported_when_the_standard_variables_ask(variables: dict[str, str], exporter: str | None) -> None:
    assert wanted(variables) == exporter


EXPORTING = """
import sys
from backend.telemetry import AtWork, begin, of_run
begin("text")
with of_run(AtWork("run-of-ada", "p1", "prompt", 1)):
    pass
print("opentelemetry.sdk" in sys.modules)
"""


def a_process(**variables: str) -> subprocess.CompletedProcess[str]:
    env = {name: value for name, value in os.environ.items() if not name.startswith("OTEL_")}
    done = subprocess.run(
        [sys.executable, "-c", EXPORTING], cwd=ROOT, env=env | variables, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    return done


def test_the_exporter_is_loaded_only_then_and_spans_arrive_when_the_process_ends() -> None:
    arrived: list[tuple[str, bytes]] = []

    class Collector(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append((self.path, self.rfile.read(int(self.headers["content-length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            pass

    assert a_process().stdout == "False\n"
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Collector) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        assert a_process(OTEL_EXPORTER_OTLP_ENDPOINT=f"http://127.0.0.1:{server.server_port}").stdout == "True\n"
        server.shutdown()
    ((path, body),) = arrived
    assert path == "/v1/traces"
    assert b"run-of-ada" in body
    assert b"service.name" in body
    assert trace_id("run-of-ada").to_bytes(16) in body


def test_a_variable_that_cannot_be_used_costs_the_traces_and_nothing_else() -> None:
    done = a_process(OTEL_TRACES_EXPORTER="console", OTEL_BSP_MAX_EXPORT_BATCH_SIZE="99999")
    assert "Traces are not exported" in done.stderr
    assert "OTEL_BSP_MAX_EXPORT_BATCH_SIZE" in done.stderr
    assert done.stdout == "True\n", "the work is done, and no span is printed"


def test_a_collector_that_does_not_answer_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    answers, taken = threading.Event(), threading.Event()

    def force_flush() -> None:
        if answers.wait(60):
            taken.set()

    monkeypatch.setattr(tracing, "_provider", SimpleNamespace(force_flush=force_flush))
    monkeypatch.setattr(tracing, "FLUSH_S", 0.01)
    flush_spans()
    assert not answers.is_set(), "it came back before the collector answered"
    answers.set()
    assert taken.wait(60), "and what was unsent went on being sent"
