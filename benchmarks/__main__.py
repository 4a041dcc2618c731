"""`python -m benchmarks`: what changes cost, and how long people wait, each wait beside its floor. Takes some minutes;
rounds are interleaved.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from contextlib import AsyncExitStack
from pathlib import Path

from rich.console import Console

from backend.config import Settings
from backend.e2b_host.probe import probe
from backend.store.sqlite import SqliteStore
from backend.workspace.provision import find_node, provision
from benchmarks import edits
from benchmarks.bare import BareProject, BareServer
from benchmarks.builds import builds
from benchmarks.floors import EmptyJail, RawAppend
from benchmarks.hosts import embedded
from benchmarks.rounds import Row, interleaved, table
from benchmarks.runs import runs
from benchmarks.sandboxes import Client, sandboxes
from benchmarks.soak import soak
from benchmarks.stores import Pages, SupabaseBench
from benchmarks.waits import USER, Openings, Submits, Verified, created, served_bare
from benchmarks.wakes import wakes
from tests.supabase.start import running

REFILL_S = 12
"""A pool boots the next sandbox some seconds after it gave one away."""
STORE_ROUNDS = 20
"""Calls are short: many a round."""


async def bench(rounds: int, scratch: Path, console: Console) -> list[Row]:
    settings = Settings(CODEFLOW_DATA_DIR=scratch / "data")
    template = provision(settings, lambda message, _: console.log(message))
    node = find_node()
    mounts = json.loads((template / "template.json").read_text())["mounts"]
    modules = next(Path(mount["source"]) for mount in mounts if mount["target"].endswith("node_modules"))
    jail = EmptyJail(probe(scratch).bwrap)
    rows: list[Row] = []
    async with AsyncExitStack() as stack:
        cold = await stack.enter_async_context(embedded(settings, scratch / "cold", pool=0))
        pooled = await stack.enter_async_context(embedded(settings, scratch / "pooled", pool=1))
        console.log("sandbox create")
        taken = await interleaved({"ours": lambda: created(cold), "jail": jail.timed}, rounds * 2)
        rows.append(Row("sandbox create", "an empty jail", taken["ours"], taken["jail"]))

        bare, refilled = Client(cold.params), Client(pooled.params, settings.e2b_template, REFILL_S)
        rows += await sandboxes(bare, refilled, jail, rounds, scratch, console)

        console.log("dev server ready")
        project = BareProject(scratch / "bare", modules, node)
        measures = {
            "cold": Openings(cold).measure,
            "pooled": Openings(pooled, pause_s=REFILL_S).measure,
            "bare": lambda: served_bare(project, node),
        }
        taken = await interleaved(measures, rounds)
        rows.append(Row("project open and served, cold", "bare next dev", taken["cold"], taken["bare"]))
        rows.append(Row("project open and served, from the pool", "bare next dev", taken["pooled"], taken["bare"]))

        console.log("last file written to verified")
        server = await BareServer.start(project, node)
        stack.push_async_callback(server.stop)
        verified = await stack.enter_async_context(Verified(pooled, project, server))
        taken = await interleaved({"ours": verified.checked, "bare": verified.bare}, rounds)
        rows.append(Row("last file written → verified", "bare GET and tsc", taken["ours"], taken["bare"]))

        console.log("submit to first visible step")
        submits = await stack.enter_async_context(Submits(scratch / "product", pooled))
        raw = RawAppend(scratch / "raw.db")
        taken = await interleaved({"ours": submits.first_step, "raw": raw.timed}, rounds)
        rows.append(Row("submit → first visible step", "a raw SQLite append", taken["ours"], taken["raw"]))
    return [
        *rows,
        *await builds(rounds, scratch, console),
        *await wakes(rounds, scratch, console),
        *await runs(rounds, scratch, console),
        *await stores(rounds * STORE_ROUNDS, scratch, console),
    ]


async def stores(rounds: int, scratch: Path, console: Console) -> list[Row]:
    console.log("the stores")
    rows: list[Row] = []
    async with AsyncExitStack() as stack:
        server = stack.enter_context(running())
        bench = await stack.enter_async_context(SupabaseBench(server))
        sqlite = await SqliteStore.open(scratch / "stores.db")
        stack.push_async_callback(sqlite.close)
        there, here = await Pages(bench.store, bench.user).begin(), await Pages(sqlite, USER).begin()
        measures = {
            "bare": bench.bare,
            "read": there.read,
            "append": there.appended,
            "page": there.loaded,
            "sqlite page": here.loaded,
            "sqlite append": here.appended,
        }
        taken = await interleaved(measures, rounds)
        for name, what in {"read": "one read", "append": "one append", "page": "a page's reads"}.items():
            rows.append(Row(f"Supabase: {what}", "a bare PostgREST GET", taken[name], taken["bare"]))
        rows.append(Row("Supabase: a page's reads", "SQLite's", taken["page"], taken["sqlite page"]))
        rows.append(Row("Supabase: one append", "SQLite's", taken["append"], taken["sqlite append"]))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument(
        "part", nargs="?", choices=("waits", "soak"), default="waits", help="soak: what a host holds on to"
    )
    parser.add_argument("--rounds", type=int, default=3, help="of the waits")
    parser.add_argument("--cycles", type=int, default=1000, help="of the soak")
    arguments = parser.parse_args()
    console = Console()
    with tempfile.TemporaryDirectory(prefix="codeflow-bench-", ignore_cleanup_errors=True) as scratch:
        if arguments.part == "soak":
            sys.exit(soak(arguments.cycles, Path(scratch), console))
        console.print(edits.table())
        rows = asyncio.run(bench(arguments.rounds, Path(scratch), console))
    console.print(table(rows))


if __name__ == "__main__":
    main()
