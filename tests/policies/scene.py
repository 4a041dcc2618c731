"""Two people with one of everything, and one who has just come."""

import uuid
from dataclasses import dataclass, field
from typing import Any

from tests.policies.session import Session, sha, text

WEBHOOK_SECRET = "whsec_of_the_tests"
LONG_S = 86_400.0
SPENT_MICROS = 3_000_000
"""More than `free` may spend."""

DIGEST = """
with mine as (select id from public.projects where owner = %(id)s)
select md5(string_agg(line, E'\\n' order by line)) from (
    select 'profile' || t::text from public.profiles t where id = %(id)s
    union all select 'project' || t::text from public.projects t where owner = %(id)s
    union all select 'run' || t::text from public.runs t where owner = %(id)s
    union all select 'followup' || t::text from public.followups t where owner = %(id)s
    union all select 'variable' || t::text from public.variables t where project_id in (select id from mine)
    union all select 'entry' || t::text from public.entries t where project_id in (select id from mine)
    union all select 'frame' || t::text from public.frames t where project_id in (select id from mine)
    union all select 'version' || t::text from public.versions t where project_id in (select id from mine)
    union all select 'tree' || t::text from public.tree t where project_id in (select id from mine)
    union all select 'blob' || t::text from public.blobs t where project_id in (select id from mine)
    union all select 'share' || t::text from public.shares t where project_id in (select id from mine)
    union all select 'counter' || t::text from public.usage_counters t where owner = %(id)s
    union all select 'ledger' || t::text from public.usage_ledger t where owner = %(id)s
) lines(line)
"""

TIERS = """
update public.tiers set points = 10, window_s = 86400, concurrent = 1, budget_micros = 2000000, run_budget_micros = 500000
    where id = 'free';
update public.tiers set points = 200, window_s = 86400, concurrent = 4, budget_micros = 40000000 where id = 'pro'
"""


@dataclass
class Person:
    """`name` is in all their ids and contents, so that whatever leaks is recognised."""

    name: str
    id: str = field(default_factory=lambda: str(uuid.uuid4()))
    tag: str = field(default_factory=lambda: uuid.uuid4().hex[:12])

    @property
    def email(self) -> str:
        return f"{self.name}.{self.tag}@example.com"

    @property
    def secret(self) -> bytes:
        return f"only {self.name} {self.tag} knows".encode()

    @property
    def picture(self) -> bytes:
        return b"\xff\xd8" + self.secret

    @property
    def variable(self) -> str:
        return f"{self.name.upper()}_KEY"

    def named(self, what: str) -> str:
        """An id of theirs: `project`, `run`, `done` (a run that is over), `version`, `share`, `link` (its token), …"""
        return f"{self.name}-{what}-{self.tag}"

    def leaked_in(self, answer: Any) -> bool:
        said = str(answer)
        return any(mark in said for mark in (self.tag, self.id, text(self.secret)[:-8], sha(self.secret)))


@dataclass
class Scene:
    victim: Person
    stranger: Person
    newcomer: Person
    untouched: str | None = None
    """The digest of what is the victim's."""

    def digest(self, session: Session) -> str | None:
        """Of all that is the victim's; the owner of the schema must be speaking."""
        return session.connection.execute(DIGEST, {"id": self.victim.id}).fetchall()[0][0]


def prepare(session: Session) -> Scene:
    """Commits nothing by itself."""
    scene = Scene(Person("victim"), Person("stranger"), Person("newcomer"))
    session.sql(TIERS)
    # What other tests left in the queue would be worked on first.
    session.sql("update public.runs set status = 'cancelled' where status in ('queued', 'running')")
    for person in (scene.victim, scene.stranger, scene.newcomer):
        sign_up(session, person)
    session.act("service_role")
    session.call("set_app_secret", p_name="billing_webhook", p_value=WEBHOOK_SECRET)
    for person in (scene.victim, scene.stranger):
        furnish(session, person)
    session.act("postgres")
    scene.untouched = scene.digest(session)
    return scene


def sign_up(session: Session, person: Person) -> None:
    session.act("postgres")
    session.sql("insert into auth.users (id, email) values (%s, %s)", person.id, person.email)


def furnish(session: Session, person: Person) -> None:
    """A finished run with its version, two links (one revoked), and a run under a live lease with a preview, which a prompt waits for."""
    session.act("service_role")
    session.call("set_tier", p_account=person.email, p_tier="pro")
    session.act("authenticated", person.id)
    for project in ("project", "idle"):
        session.call(
            "create_project",
            p_id=person.named(project),
            p_version_id=person.named(f"{project}-starter"),
            p_title=person.named("title"),
            p_files={"app/page.tsx": text(person.secret)},
        )
    variable = {"p_name": person.variable, "p_sealed": person.named("sealed")}
    session.call("set_variable", p_project=person.named("project"), **variable)
    start(session, person, "done")
    lease = claim(session, person, "done")
    changes = [{"path": "app/page.tsx", "sha256": sha(person.secret)}]
    session.call("append_events", **lease, p_events=[tool_finished(changes)], p_blobs=[text(person.picture)])
    commit(session, person, "done", "version")
    session.call("finish_run", **lease, p_event=run_finished("succeeded", SPENT_MICROS))
    for link, history in (("link", True), ("closed", False), ("revoked", True)):
        share(session, person, link, history)
    session.call("revoke_share", p_id=person.named("share-revoked"))
    start(session, person, "run")
    lease = claim(session, person, "run")
    session.call("write_frame", **lease, p_frame={"step": "model:0", "text": person.named("frame")})
    session.call(
        "set_preview",
        **lease,
        p_project=person.named("project"),
        p_sandbox_id=person.named("sandbox"),
        p_preview_url=person.named("url"),
    )
    follow(session, person, "followup")


def follow(session: Session, person: Person, followup: str, project: str = "project", **more: Any) -> Any:
    session.act("authenticated", person.id)
    return session.call(
        "add_followup",
        p_id=person.named(followup),
        p_project=person.named(project),
        p_prompt=f"{followup}: {person.secret.decode()}",
        **more,
    )


def start(session: Session, person: Person, run: str, kind: str = "prompt", project: str = "project") -> Any:
    session.act("authenticated", person.id)
    return session.call(
        "start_run",
        p_id=person.named(run),
        p_project=person.named(project),
        p_kind=kind,
        p_prompt=f"{run}: {person.secret.decode()}",
    )


def lease_of(person: Person, run: str) -> dict[str, str]:
    return {"p_run": person.named(run), "p_token": person.named(f"token-{run}")}


def claim(session: Session, person: Person, run: str, lease_s: float = LONG_S) -> dict[str, str]:
    """The worker speaks from now on."""
    session.act("codeflow_worker")
    lease = lease_of(person, run)
    assert session.call("claim_run", p_token=lease["p_token"], p_lease_s=lease_s, p_run_id=lease["p_run"])
    return lease


def commit(session: Session, person: Person, run: str, version: str) -> Any:
    session.act("codeflow_worker")
    return session.call(
        "commit_version",
        **lease_of(person, run),
        p_version=person.named(version),
        p_title=person.named("version-title"),
        p_manifest={"app/page.tsx": sha(person.secret)},
        p_report={"passed": True, "screenshot_sha256": sha(person.picture)},
        p_changes=[],
    )


def share(session: Session, person: Person, link: str, history: bool) -> Any:
    session.act("authenticated", person.id)
    return session.call(
        "create_share",
        p_id=person.named(f"share-{link}"),
        p_project=person.named("project"),
        p_version=person.named("version"),
        p_token_hash=sha(person.named(link).encode()),
        p_history=history,
        p_preview_project=person.named(f"preview-{link}"),
    )


def tool_finished(changes: list[dict[str, Any]]) -> dict[str, Any]:
    return {"type": "tool.finished", "step": "tool:0", "changes": changes}


def run_finished(status: str, cost_micros: int = 0) -> dict[str, Any]:
    return {
        "type": "run.finished",
        "status": status,
        "verified": False,
        "failure": None,
        "version_id": None,
        "duration_s": 1.0,
        "cost_micros": cost_micros,
    }
