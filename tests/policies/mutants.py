"""The schema with one hole in it, made on purpose: each must be noticed by an attack."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tests.policies.allowed import INVOKER, MAY_CALL, READS
from tests.policies.attacks import CLOSED_COLUMNS, FUNCTIONS
from tests.policies.session import Session


@dataclass(frozen=True)
class Mutant:
    name: str
    statement: str
    target: str
    """The table or function with the hole."""


def policy_mutants() -> Iterator[Mutant]:
    for table, columns in READS.items():
        if columns and table != "tiers":
            yield Mutant(f"all rows of {table}", f"alter policy own on public.{table} using (true)", table)
            yield Mutant(f"no rules on {table}", f"alter table public.{table} disable row level security", table)


def table_grant_mutants() -> Iterator[Mutant]:
    for table, columns in READS.items():
        for role in ("anon", "authenticated", "codeflow_worker", "service_role"):
            privileges = ["update", "delete", "truncate", *([] if columns and role == "authenticated" else ["select"])]
            for privilege in privileges:
                grant = f"grant {privilege} on public.{table} to {role}"
                yield Mutant(grant, grant, table)
    for table, column in CLOSED_COLUMNS:
        grant = f"grant select ({column}) on public.{table} to authenticated"
        yield Mutant(grant, grant, table)


def function_grant_mutants(session: Session) -> Iterator[Mutant]:
    for name, schema, function, arguments in session.sql(FUNCTIONS):
        for role, allowed in MAY_CALL.items():
            # As the caller they reach no table anyway.
            if schema == "public" and function not in allowed | INVOKER:
                grant = f"grant execute on function {name}({', '.join(arguments)}) to {role}"
                yield Mutant(grant, grant, name)


CONDITIONS = {
    r"\b(?:p\.)?owner = (?:v_me\.id|p_owner|v_id|\(select auth\.uid\(\)\))": "true",
    r"v_(?:run|followup)\.owner <> v_me\.id": "false",
    r"(?<=and )lease = p_token": "true",
    r"(?<=lease = p_token and )status = 'running'": "true",
    r"\b[bv]\.project_id = (?:v_project|p_project)": "true",
    r"(?<=p_restore_id and )project_id = p_project": "true",
    r"(?<=p_version and )project_id = p_project": "true",
    r"(?<=p_resends and )project_id = p_project": "true",
    r"(?<=p_id and )project_id = p_project": "true",
    r"(?<=p_before and )project_id = v_followup\.project_id": "true",
    r"v_share\.project_id <> p_project or v_share\.token_hash is distinct from p_token_hash": "false",
    r"v_run\.project_id is distinct from p_project": "false",
    r"token_hash = encode\(.*?'hex'\)": "true",
    r"revoked_at is null(?=;)": "true",
    r"p_share\.history(?= then)": "true",
    r"perform internal\.require_signature\(p_body, p_signature\);": "",
    r"v_id is null(?= then\s+perform internal\.refuse)": "false",
    r"lease_until < v_now(?=\)\)\s+returning)": "true",
}
"""What in a function's text says whose a thing is → the same without it."""


HARMLESS = {
    "public.project_cards runs as its owner": "it asks for the caller's own by itself",
    "public.delete_account without “owner = v_me.id” (0)": "it locks more runs than it must, and shows none",
    "internal.take without “owner = p_owner” (0)": "the same",
}
"""Mutants that give nothing away."""


def condition_mutants(session: Session) -> Iterator[Mutant]:
    rows = session.sql(
        "select p.pronamespace::regnamespace || '.' || p.proname, pg_get_functiondef(p.oid), p.proname from pg_catalog.pg_proc p"
        " where p.pronamespace in ('public'::regnamespace, 'internal'::regnamespace) order by 1"
    )
    for name, definition, function in rows:
        for mutant in _of_function(name, definition, function):
            if mutant.name not in HARMLESS:
                yield mutant


def _of_function(name: str, definition: str, function: str) -> Iterator[Mutant]:
    if name.startswith("public.") and function in INVOKER:
        opened = definition.replace("LANGUAGE", "SECURITY DEFINER LANGUAGE", 1)
        yield Mutant(f"{name} runs as its owner", opened, name)
        return
    for pattern, instead in CONDITIONS.items():
        for n, found in enumerate(re.finditer(pattern, definition)):
            mutated = definition[: found.start()] + instead + definition[found.end() :]
            yield Mutant(f"{name} without “{found.group()}” ({n})", mutated, name)
