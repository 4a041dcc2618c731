"""A worker without a page can be watched too."""

import httpx
import pytest

from backend.cli.worker import metrics_served
from backend.domain import Unavailable
from backend.telemetry.metrics import RUNS_FINISHED


def test_a_workers_figures_are_served_to_its_machine_while_it_works() -> None:
    RUNS_FINISHED.labels("prompt", "succeeded").inc()
    with metrics_served(0) as port:
        told = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
        assert 'codeflow_runs_finished_total{kind="prompt",status="succeeded"}' in told.text
        with pytest.raises(Unavailable, match="Choose another"), metrics_served(port):
            pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)


def test_unless_asked_for_nothing_is_served() -> None:
    with metrics_served(None) as port:
        assert port is None
