"""Whoever calls the functions without the page in between can send anything; what cannot be used is refused in words."""

from typing import Any

import pytest

from tests.policies.scene import Scene, claim, lease_of, start
from tests.policies.session import Session, text

FINE = {"p_id": "p", "p_version_id": "v", "p_title": "t", "p_files": {}}


@pytest.mark.parametrize(
    "files",
    [
        {"/etc/passwd": ""},
        {"../up": ""},
        {"a/../../up": ""},
        {"a/./b": ""},
        {"a\\b": ""},
        {"": ""},
        {"x" * 501: ""},
        {"a": "not base64!"},
        {"a": {"b": 1}},
        {"a": text(b"x" * 20_000_001)},
        [],
        None,
    ],
)
def test_files_that_are_none_of_a_projects(session: Session, scene: Scene, files: Any) -> None:
    session.act("authenticated", scene.newcomer.id)
    assert session.refusal("create_project", **{**FINE, "p_files": files}).hint == "invalid_input"


@pytest.mark.parametrize("name", ["", "a b", "a'b", "ä", "x" * 65, "a\n", "../a", None])
@pytest.mark.parametrize("argument", ["p_id", "p_version_id"])
def test_ids_that_are_none(session: Session, scene: Scene, argument: str, name: str | None) -> None:
    session.act("authenticated", scene.newcomer.id)
    assert session.refusal("create_project", **{**FINE, argument: name}).hint == "invalid_input"


@pytest.mark.parametrize(
    "wrong",
    [
        {"p_kind": "sudo"},
        {"p_kind": None},
        {"p_prompt": None},
        {"p_prompt": "x" * 100_001},
        {"p_attachments": [{"name": "a.svg", "media_type": "image/svg+xml", "body": ""}]},
        {"p_attachments": [{"name": "a.png", "media_type": "image/png"}]},
        {"p_attachments": [{"media_type": "image/png", "body": ""}]},
        {"p_attachments": [1]},
        {"p_attachments": {}},
        {"p_edits": {"../up": None}},
        {"p_edits": []},
        {"p_id": "not an id"},
    ],
)
def test_runs_that_cannot_be(session: Session, scene: Scene, wrong: dict[str, Any]) -> None:
    session.act("authenticated", scene.newcomer.id)
    session.call("create_project", **FINE)
    good = {"p_id": "r", "p_project": "p", "p_kind": "prompt", "p_prompt": "x"}
    assert session.refusal("start_run", **{**good, **wrong}).hint == "invalid_input"
    assert session.call("usage")["points_used"] == 0
    assert session.call("start_run", **good)["ok"]


def test_a_title_without_end(session: Session, scene: Scene) -> None:
    session.act("authenticated", scene.victim.id)
    for title in ("x" * 1001, None):
        refused = session.refusal("rename_project", p_id=scene.victim.named("project"), p_title=title)
        assert refused.hint == "invalid_input"


def test_a_token_that_could_be_guessed(session: Session) -> None:
    session.act("codeflow_worker")
    for token in ("", "short", None):
        assert session.refusal("claim_run", p_token=token, p_lease_s=60.0).hint == "invalid_input"


def test_an_end_that_is_none(session: Session, scene: Scene) -> None:
    session.act("codeflow_worker")
    for event in ({"type": "run.finished", "status": "running"}, {"type": "log.lines"}, {}):
        assert session.refusal("finish_run", **lease_of(scene.victim, "run"), p_event=event).hint == "invalid_input"


def test_a_claim_repeated_with_its_token_is_the_same_claim(session: Session, scene: Scene) -> None:
    start(session, scene.victim, "again", project="idle")
    lease = claim(session, scene.victim, "again")
    ask = {"p_token": lease["p_token"], "p_lease_s": 60.0}
    first, second = session.call("claim_run", **ask), session.call("claim_run", **ask)
    assert first == second
    assert first["run"]["attempt"] == 1


def test_nobody_fills_the_database_with_projects(session: Session, scene: Scene) -> None:
    session.act("postgres")
    session.sql(
        """insert into public.projects (id, owner, title, head_id, created_at, updated_at)
        select 'many-' || n, %s, 'x', 'x', now(), now() from generate_series(1, 2000) n""",
        scene.newcomer.id,
    )
    session.act("authenticated", scene.newcomer.id)
    one_more = {"p_id": "one-more", "p_version_id": "one-more", "p_title": "x", "p_files": {}}
    assert "2,000 projects" in session.refusal("create_project", **one_more).message
    assert (
        "2,000 projects"
        in session.refusal(
            "remix", p_token=scene.victim.named("link"), p_project="one-more", p_version="one-more"
        ).message
    )
    session.call("delete_project", p_id="many-1")
    session.call("create_project", **one_more)
