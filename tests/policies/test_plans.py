"""The policies are followed by key: the plan of each of the page's reads touches rows of one project, however many there are."""

from collections.abc import Iterator

import pytest

from tests.policies.scene import Scene
from tests.policies.session import Session

MANY = 2000
CROWD = """
insert into public.projects (id, owner, title, head_id, created_at, updated_at)
    select 'crowd-' || n, %(owner)s, 'crowd', 'crowd-' || n, now(), now() from generate_series(1, %(many)s) n;
insert into public.runs (id, project_id, owner, kind, status, prompt, created_at)
    select 'crowd-' || n, 'crowd-' || n, %(owner)s, 'prompt', 'succeeded', '', now() from generate_series(1, %(many)s) n;
insert into public.entries (project_id, seq, run_id, at, event)
    select 'crowd-' || n, 1, 'crowd-' || n, now(), '{}' from generate_series(1, %(many)s) n;
insert into public.frames (project_id, run_id, step, frame)
    select 'crowd-' || n, 'crowd-' || n, 'x', '{}' from generate_series(1, %(many)s) n;
insert into public.versions (id, project_id, number, title, manifest, created_at)
    select 'crowd-' || n, 'crowd-' || n, 0, '', '{}', now() from generate_series(1, %(many)s) n;
insert into public.tree (project_id, path, sha256) select 'crowd-' || n, 'a', 'b' from generate_series(1, %(many)s) n;
insert into public.blobs (project_id, sha256, body) select 'crowd-' || n, 'b', '' from generate_series(1, %(many)s) n;
insert into public.shares (id, token_hash, project_id, version_id, history, created_at)
    select 'crowd-' || n, encode(sha256(n::text::bytea), 'hex'), 'crowd-' || n, 'crowd-' || n, false, now()
    from generate_series(1, %(many)s) n;
insert into public.usage_ledger (run_id, kind, owner, at)
    select 'crowd-' || n, 'charge', %(owner)s, now() from generate_series(1, %(many)s) n;
analyze public.projects; analyze public.runs; analyze public.entries; analyze public.frames; analyze public.versions;
analyze public.tree; analyze public.blobs; analyze public.shares; analyze public.usage_ledger;
"""
READS = {
    "the journal's tail": "select seq, event from public.entries where project_id = %s and seq > 1 order by seq limit 1000",
    "the frames": "select frame from public.frames where project_id = %s and position > 5 order by position",
    "the versions": "select number, title from public.versions where project_id = %s order by number",
    "the tree": "select path, sha256 from public.tree where project_id = %s",
    "a content": "select body from public.blobs where project_id = %s and sha256 = 'x'",
    "the links": "select id from public.shares where project_id = %s",
    "the project": "select title from public.projects where id = %s",
    "the project's runs": "select id, status from public.runs where project_id = %s",
    "the run under way": "select id from public.runs where project_id = %s and status in ('queued', 'running')",
}
WORK = {
    "the oldest run to claim": "select id from public.runs where status in ('queued', 'running') and (status = 'queued'"
    " or lease_until < clock_timestamp()) order by created_at limit 1 for no key update skip locked",
    "the link that a token opens": "select id from public.shares where token_hash = %s and revoked_at is null",
    "who is being worked for": "select count(*) from public.runs where owner = %s and kind = 'prompt'"
    " and status in ('queued', 'running')",
}


@pytest.fixture(scope="module")
def crowd(furnished: tuple[Session, Scene]) -> Iterator[None]:
    """Many other projects, with one of everything each."""
    session, scene = furnished
    with session.undone():
        for statement in CROWD.split(";"):
            if statement.strip():
                session.connection.execute(statement.encode(), {"owner": scene.stranger.id, "many": MANY})
        yield


@pytest.fixture
def crowded(crowd: None, session: Session) -> Session:
    return session


def plan(session: Session, query: str, *arguments: str) -> str:
    return "\n".join(line for (line,) in session.sql(f"explain {query}", *arguments))


@pytest.mark.parametrize("what", READS)
def test_a_users_read_goes_by_key(crowded: Session, scene: Scene, what: str) -> None:
    crowded.act("authenticated", scene.victim.id)
    found = plan(crowded, READS[what], scene.victim.named("project"))
    assert "Seq Scan" not in found, found
    assert "Index" in found


@pytest.mark.parametrize("what", WORK)
def test_what_functions_look_for_among_many_goes_by_key(crowded: Session, scene: Scene, what: str) -> None:
    argument = {"%s" in WORK[what]: (scene.victim.id,)}.get(True, ())
    found = plan(crowded, WORK[what], *argument)
    assert "Seq Scan" not in found, found
