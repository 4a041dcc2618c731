"""What an attacker tries at the tables and at functions that are not theirs. Each attack answers what it got, or None."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.policies.allowed import MAY_CALL, OWNED_BY, READS
from tests.policies.scene import Scene
from tests.policies.session import DENIED, Refused, Session

FUNCTIONS = """
select n.nspname || '.' || p.proname, n.nspname, p.proname,
    array(select format_type(t, null) from unnest(p.proargtypes) with ordinality as a(t, n) order by a.n)
from pg_catalog.pg_proc p join pg_catalog.pg_namespace n on n.oid = p.pronamespace
where n.nspname in ('public', 'internal') and p.prorettype <> 'trigger'::regtype order by 1
"""
CLOSED_COLUMNS = (
    ("runs", "lease"),
    ("runs", "lease_until"),
    ("shares", "token_hash"),
    ("profiles", "customer_id"),
    ("variables", "sealed"),
)


@dataclass(frozen=True)
class Attack:
    name: str
    target: str
    """The table or function attacked."""
    attempt: Callable[[Session, Scene], str | None]

    def breach(self, session: Session, scene: Scene) -> str | None:
        """What the attacker achieved; it is undone again."""
        with session.undone():
            achieved = self.attempt(session, scene)
        return achieved and f"{self.name}: {achieved}"


def become(session: Session, scene: Scene, actor: str) -> None:
    match actor:
        case "nobody":
            session.act("authenticated")
        case "stranger" | "victim" | "newcomer":
            session.act("authenticated", getattr(scene, actor).id)
        case role:
            session.act(role)


def table_attacks() -> Iterator[Attack]:
    for table in READS:
        for actor in ("anon", "nobody", "stranger", "codeflow_worker", "service_role"):
            yield Attack(f"{actor} reads {table}", table, _reading(table, actor))
        for actor in ("anon", "nobody", "stranger", "victim", "codeflow_worker", "service_role"):
            for verb in ("insert", "update", "delete", "truncate"):
                yield Attack(f"{actor} may {verb} {table}", table, _writing(table, actor, verb))
    for table, column in CLOSED_COLUMNS:
        yield Attack(
            f"the owner reads {table}.{column}", table, _denied("victim", f"select {column} from public.{table}")
        )


def climbing_attacks() -> Iterator[Attack]:
    statements = (
        "create table public.mine ()",
        "create function public.mine() returns int language sql as 'select 1'",
        "create function internal.mine() returns int language sql as 'select 1'",
        "create schema mine",
        "select email from auth.users",
        "alter table public.projects disable row level security",
        "grant select on public.app_secrets to authenticated",
        "create policy mine on public.projects using (true)",
        "select nextval('public.frames_position_seq')",
    )
    for actor in ("anon", "victim", "codeflow_worker"):
        for statement in statements:
            yield Attack(f"{actor}: {statement}", "", _denied(actor, statement))


def closed_function_attacks(session: Session) -> list[Attack]:
    """Everybody calls every function that is not for them, internal ones too."""
    return [
        Attack(
            f"{role} calls {name}",
            name,
            _denied(role, f"select {name}({', '.join(f'null::{kind}' for kind in arguments)})"),
        )
        for name, schema, function, arguments in session.sql(FUNCTIONS)
        for role, allowed in MAY_CALL.items()
        if schema == "internal" or function not in allowed
    ]


def _reading(table: str, actor: str) -> Callable[[Session, Scene], str | None]:
    owned = OWNED_BY[table]
    closed = not READS[table] or actor not in ("nobody", "stranger")

    def attempt(session: Session, scene: Scene) -> str | None:
        become(session, scene, actor)
        if closed or owned is None:
            answer = session.attempt(f"select 1 from public.{table} limit 1")
            return (
                f"{len(answer)} rows" if closed and not _is_denied(answer) and not isinstance(answer, Refused) else None
            )
        victim = scene.victim
        whose = victim.named("project") if owned.startswith("project_id") else victim.id
        answer = session.attempt(f"select 1 from public.{table} where {owned}", whose)
        return f"rows: {answer}" if isinstance(answer, Refused) or answer else None

    return attempt


def _writing(table: str, actor: str, verb: str) -> Callable[[Session, Scene], str | None]:
    column = sorted(READS[table] or {"at" if table == "billing_events" else "name"})[0]
    statement = {
        "insert": f"insert into public.{table} default values",
        "update": f"update public.{table} set {column} = default",
        "delete": f"delete from public.{table}",
        "truncate": f"truncate public.{table}",
    }[verb]
    return _denied(actor, statement)


def _denied(actor: str, statement: str) -> Callable[[Session, Scene], str | None]:
    def attempt(session: Session, scene: Scene) -> str | None:
        become(session, scene, actor)
        answer = session.attempt(statement)
        return None if _is_denied(answer) else f"not denied: {answer}"

    return attempt


def _is_denied(answer: object) -> bool:
    return isinstance(answer, Refused) and answer.code == DENIED
