"""A worker may die anywhere; the run goes on."""

import json
import sqlite3
import time
from collections import Counter

import pytest

from tests.e2e.server import Server

pytestmark = pytest.mark.sandbox


def finished_steps(server: Server, run_id: str) -> list[str]:
    """The keys of the steps whose results are in the journal, in order."""
    with sqlite3.connect(server.data_dir / "codeflow.db") as db:
        rows = db.execute("select event from entries where run_id = ? order by seq", (run_id,)).fetchall()
    events = [json.loads(row[0]) for row in rows]
    return [e["step"] for e in events if e["type"] in ("model.finished", "tool.finished", "check.finished")]


def test_killed_process_finishes_the_run_after_a_restart_and_no_step_twice(own_server: Server) -> None:
    own_server.start()
    own_server.wait_until_set_up()
    started = own_server.post("/api/projects", {"prompt": "a kanban board for a small team"}, expect=201)
    project, run = started["project_id"], started["run_id"]
    deadline = time.monotonic() + 150
    while len(finished_steps(own_server, run)) < 4:
        assert time.monotonic() < deadline, "the run made no progress"
        time.sleep(0.05)
    own_server.kill()
    before = finished_steps(own_server, run)

    own_server.start()
    own_server.wait_until_set_up()
    over = own_server.wait_for_run(project, run)

    assert over["status"] == "succeeded"
    assert over["verified"]
    assert over["attempt"] >= 2
    after = finished_steps(own_server, run)
    assert after[: len(before)] == before
    assert max(Counter(after).values()) == 1
