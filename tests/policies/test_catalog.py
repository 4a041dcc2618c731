"""The schema as Postgres itself describes it: whatever is not in the allow-lists is closed, now and later."""

import re
from pathlib import Path

import pytest

from tests.policies.allowed import INVOKER, MAY_CALL, READS
from tests.policies.session import Session

FUNCTIONS_MD = Path(__file__).parents[2] / "supabase" / "functions.md"
ROLES = ("public", *MAY_CALL)

COLUMN_RIGHTS = """
select c.relname, a.attname, lower(g.privilege_type)
from pg_catalog.pg_class c
join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
cross join lateral (
    select x.grantee, x.privilege_type from pg_catalog.aclexplode(c.relacl) x
    union select x.grantee, x.privilege_type from pg_catalog.aclexplode(a.attacl) x
) g
where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p', 'v', 'm', 'f')
    and g.grantee = coalesce((select r.oid from pg_catalog.pg_roles r where r.rolname = %s), 0)
"""
UNINDEXED_REFERENCES = """
select r.conrelid::regclass || ': ' || pg_get_constraintdef(r.oid)
from pg_catalog.pg_constraint r
where r.contype = 'f' and r.connamespace = 'public'::regnamespace and r.confrelid <> 'public.tiers'::regclass
    and not exists (
        select from pg_catalog.pg_index i where i.indrelid = r.conrelid and i.indpred is null and i.indkey[0] = r.conkey[1])
"""


def test_the_tables_are_those_known_and_all_have_row_security(session: Session) -> None:
    rows = session.sql(
        "select relname, relrowsecurity, relkind::text from pg_catalog.pg_class"
        " where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm', 'f')"
    )
    assert {name: (secured, kind) for name, secured, kind in rows} == dict.fromkeys(READS, (True, "r"))


@pytest.mark.parametrize("role", ROLES)
def test_a_role_may_read_what_is_listed_and_write_nothing(session: Session, role: str) -> None:
    readable = {(t, c, "select") for t, columns in READS.items() for c in columns} if role == "authenticated" else set()
    assert set(session.sql(COLUMN_RIGHTS, role)) == readable


@pytest.mark.parametrize("role", MAY_CALL)
def test_a_role_may_call_what_is_listed(session: Session, role: str) -> None:
    rows = session.sql(
        "select p.proname from pg_catalog.pg_proc p where p.pronamespace = 'public'::regnamespace"
        " and has_function_privilege(%s, p.oid, 'execute')",
        role,
    )
    assert sorted(name for (name,) in rows) == sorted(MAY_CALL[role])


def test_every_function_of_the_interface_is_somebodys_and_has_one_form(session: Session) -> None:
    rows = session.sql("select proname from pg_catalog.pg_proc where pronamespace = 'public'::regnamespace")
    assert sorted(name for (name,) in rows) == sorted(set().union(*MAY_CALL.values()))


def test_what_is_internal_is_nobodys(session: Session) -> None:
    for role in MAY_CALL:
        assert session.sql("select has_schema_privilege(%s, 'internal', 'usage, create')", role) == [(False,)]
        assert session.sql("select has_schema_privilege(%s, 'public', 'create')", role) == [(False,)]
    rows = session.sql(
        "select p.proname from pg_catalog.pg_proc p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) g"
        " where p.pronamespace = 'internal'::regnamespace and g.grantee <> p.proowner"
    )
    assert rows == []


def test_functions_look_names_up_nowhere_and_only_readers_run_as_the_caller(session: Session) -> None:
    rows = session.sql(
        "select p.pronamespace::regnamespace::text, p.proname, p.prosecdef, p.proconfig from pg_catalog.pg_proc p"
        " where p.pronamespace in ('public'::regnamespace, 'internal'::regnamespace)"
    )
    assert [name for _, name, _, settings in rows if settings != ['search_path=""']] == []
    interface = [(name, definer) for schema, name, definer, _ in rows if schema == "public"]
    assert {name for name, definer in interface if not definer} == INVOKER
    # A helper has the rights of the function that calls it, and none alone; the trigger is called by sign-ups.
    assert [name for schema, name, definer, _ in rows if schema == "internal" and definer] == ["on_sign_up"]


def test_readers_promise_to_write_nothing(session: Session) -> None:
    rows = session.sql(
        "select proname from pg_catalog.pg_proc where pronamespace = 'public'::regnamespace"
        " and provolatile = 'v' and (proname = any(%s) or proname like 'leased\\_%%' or proname in"
        " ('open_share', 'share_picture', 'usage', 'run_status', 'pending', 'claimable', 'open_runs', 'previews',"
        " 'unclaimed_sandboxes', 'project_shares'))",
        list(INVOKER),
    )
    assert rows == []


def test_policies_are_for_reading_and_ask_by_key(session: Session) -> None:
    rows = session.sql(
        "select tablename, cmd, roles::text[], permissive, qual from pg_catalog.pg_policies where schemaname = 'public'"
    )
    assert sorted(table for table, *_ in rows) == sorted(table for table, columns in READS.items() if columns)
    for table, command, roles, permissive, rule in rows:
        assert (command, roles, permissive) == ("SELECT", ["authenticated"], "PERMISSIVE")
        assert " IN (" not in rule.upper(), f"{table}: a list of all one owns is slow; ask by key"
        assert table == "tiers" or "auth.uid()" in rule
        assert "SELECT auth.uid()" in rule or table == "tiers", "else it is asked anew for every row"


def test_the_workers_role_can_do_nothing_but_call(session: Session) -> None:
    rows = session.sql(
        "select rolcanlogin, rolsuper, rolcreaterole, rolcreatedb, rolbypassrls, rolreplication"
        " from pg_catalog.pg_roles where rolname = 'codeflow_worker'"
    )
    assert rows == [(False,) * 6]
    assert session.sql("select pg_has_role('authenticator', 'codeflow_worker', 'member')") == [(True,)]
    belongs = session.sql("select roleid from pg_catalog.pg_auth_members where member = 'codeflow_worker'::regrole")
    assert belongs == []


def test_what_a_later_migration_makes_is_closed_until_it_is_opened(session: Session) -> None:
    session.sql("create table public.later (id bigint generated always as identity)")
    session.sql("create view public.later_view as select 1")
    session.sql("create function public.later() returns int language sql as 'select 1'")
    session.sql("create function internal.later() returns int language sql as 'select 1'")
    for role in MAY_CALL:
        for relation in ("later", "later_view"):
            rights = "select, insert, update, delete, truncate, references, trigger"
            assert session.sql(f"select has_table_privilege(%s, 'public.{relation}', '{rights}')", role) == [(False,)]
        assert session.sql("select has_sequence_privilege(%s, 'public.later_id_seq', 'usage, select')", role) == [
            (False,)
        ]
        for schema in ("public", "internal"):
            assert session.sql(f"select has_function_privilege(%s, '{schema}.later()', 'execute')", role) == [(False,)]


def test_deleting_follows_indexes(session: Session) -> None:
    assert session.sql(UNINDEXED_REFERENCES) == []


def test_nothing_is_needed_but_postgres_itself(session: Session) -> None:
    rows = session.sql(
        "select proname from pg_catalog.pg_proc p where p.pronamespace in ('public'::regnamespace, 'internal'::regnamespace)"
        " and p.prosrc ~ 'extensions\\.|pgcrypto|dblink|pg_net'"
    )
    assert rows == []


def test_the_functions_are_described_with_the_names_of_their_arguments(session: Session) -> None:
    described = re.findall(r"^\| `(\w+)\((.*?)\)` \|", FUNCTIONS_MD.read_text(), re.MULTILINE)
    rows = session.sql(
        "select proname, coalesce(proargnames, '{}') from pg_catalog.pg_proc where pronamespace = 'public'::regnamespace"
    )
    assert {name: re.findall(r"\bp_\w+", arguments) for name, arguments in described} == dict(rows)
