"""`python -m backend.e2b_host`: serve sandboxes until told to stop."""

import argparse
import asyncio
import json
import logging
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from .cgroups import Cgroups
from .host import LOOPBACK, Address, Options, PortTaken, serve
from .identities import Identities, make
from .jail import JailBackend
from .keeper import Keep
from .layout import DirectoryTaken, Layout
from .limits import Limits
from .machine import Backend
from .names import new_api_key
from .plain import PlainBackend
from .probe import hold, probe
from .records import write_privately
from .templates import BARE, TemplateError, load

MAX_POOL = 8
SPARE = 2
"""Identities for sandboxes that boot or die while all others live."""
LEAST_KEY = 32
UNSAFE = "CODEFLOW_UNSAFE_LOCAL"


class Refused(Exception):
    """The host does not start; the message says why and what to do."""


def main(argv: Sequence[str] | None = None) -> int:
    arguments = _parser().parse_args(argv)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="sandbox host: %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.CRITICAL)
    try:
        _run(arguments)
    except (Refused, TemplateError, PortTaken, DirectoryTaken) as error:
        print(f"sandbox host: {error}", file=sys.stderr)
        return 1
    return 0


def _run(arguments: argparse.Namespace) -> None:
    layout = Layout(arguments.data_dir)
    layout.prepare()
    options = _options(arguments, layout)
    isolation = probe(layout.root)
    if arguments.unsafe_local and os.environ.get(UNSAFE) != "1":
        raise Refused(f"--unsafe-local runs generated code with no isolation: confirm it with {UNSAFE}=1")
    if isolation.kind == "none" and not arguments.unsafe_local:
        raise Refused(f"{isolation.message} {isolation.advice or ''}")
    backend: Backend
    identities: Identities | None = None
    cgroups: Cgroups | None = None
    if isolation.kind == "none":
        isolation = replace(isolation, message=f"NO ISOLATION: sandboxes run as plain processes. {isolation.message}")
        backend = PlainBackend(layout)
    else:
        cgroups, isolation = hold(isolation)
        backend = JailBackend(layout, isolation, cgroups)
        as_root = os.geteuid() == 0
        identities = _identities(options) if as_root else None
        backend.prepare(options.templates.values(), as_root=as_root)
    logging.info("%s", isolation.message)

    def announce(address: Address) -> None:
        facts = {"api_url": address.api_url, "domain": address.domain, "api_key": options.api_key}
        if arguments.json:
            print(json.dumps({**facts, "isolation": isolation.public()}), flush=True)
        else:
            print(f"{isolation.message}\nE2B_API_URL={address.api_url}\nE2B_SANDBOX_URL={address.api_url}")
            print(f"E2B_DOMAIN={address.domain}\nE2B_API_KEY={options.api_key}", flush=True)

    serving = serve(options, layout, backend, identities, cgroups, announce)
    try:
        import uvloop

        uvloop.run(serving)
    except ImportError:
        asyncio.run(serving)


def _identities(options: Options) -> Identities:
    count = options.max_sandboxes + sum(options.pool.values()) + SPARE
    try:
        return Identities(make(count))
    except OSError as error:
        raise Refused(f"this host runs as root and cannot make user namespaces for its sandboxes: {error}") from error


def _options(arguments: argparse.Namespace, layout: Layout) -> Options:
    given = dict(arguments.env)
    loaded = (load(name, Path(folder)) for name, folder in arguments.template)
    templates = {t.name: replace(t, envs={**t.envs, **given}) for t in loaded}
    pool: dict[str, int] = {}
    for name, size in arguments.pool:
        if name not in {*templates, BARE}:
            raise Refused(f"--pool names {name!r}, but no --template does")
        if not size.isdigit() or int(size) > MAX_POOL:
            raise Refused(f"--pool {name}={size}: the size must be a number up to {MAX_POOL}")
        pool[name] = int(size)
    return Options(
        port=arguments.port,
        api_key=_api_key(layout.root / "api-key"),
        bind=arguments.bind,
        domain=arguments.domain,
        expose_api=arguments.expose_api,
        templates=templates,
        pool=pool,
        pool_delay_s=arguments.pool_delay,
        egress=arguments.egress,
        limits=Limits(
            memory_mb=arguments.memory_mb,
            disk_mb=arguments.disk_mb,
            processes=arguments.processes,
            files=arguments.files,
        ),
        max_sandboxes=arguments.max_sandboxes,
        keep=Keep(arguments.keep, arguments.keep_mb),
        until_stdin_eof=arguments.until_stdin_eof,
    )


def _api_key(path: Path) -> str:
    try:
        if not path.exists():
            write_privately(path, f"{new_api_key()}\n".encode())
        key = path.read_text().strip()
    except OSError as error:
        raise Refused(f"the API key's file {path} cannot be used: {error.strerror}") from error
    if len(key) < LEAST_KEY:
        raise Refused(
            f"the API key's file {path} holds fewer than {LEAST_KEY} characters: remove it, and it is made anew"
        )
    return key


def _pair(value: str) -> tuple[str, str]:
    name, separator, rest = value.partition("=")
    if not separator or not name or not rest:
        raise argparse.ArgumentTypeError(f"{value!r} is not NAME=VALUE")
    return name, rest


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="e2b_host", description="Serve E2B-compatible sandboxes on this machine.")
    limits, keep = Limits(), Keep()
    add = parser.add_argument
    add("--port", type=int, default=0, help="port; 0 takes a free one")
    add("--bind", default=LOOPBACK, help="address to listen on; in a container 0.0.0.0, so that previews leave it")
    add("--data-dir", type=Path, required=True, help="where sandboxes, snapshots and the API key are kept")
    add("--domain", help="what preview host names end with; default localhost:PORT")
    add("--expose-api", action="store_true", help="serve other machines more than previews: whoever has the key")
    add("--template", type=_pair, action="append", default=[], metavar="NAME=DIR", help="a template to offer")
    add(
        "--env",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="a variable for every process in sandboxes of all templates",
    )
    add(
        "--pool",
        type=_pair,
        action="append",
        default=[],
        metavar="NAME=K",
        help="keep K sandboxes of a template booted",
    )
    add("--pool-delay", type=float, default=10.0, metavar="S", help="seconds between a hand-over and the next boot")
    add(
        "--egress", action="append", default=[], metavar="HOST", help="host sandboxes may reach; .NAME for all under it"
    )
    add("--memory-mb", type=int, default=limits.memory_mb, help="memory a sandbox may use")
    add("--disk-mb", type=int, default=limits.disk_mb, help="disk a sandbox may use")
    add("--files", type=int, default=limits.files, help="files a sandbox may make")
    add("--processes", type=int, default=limits.processes, help="processes and threads a sandbox may have")
    add("--max-sandboxes", type=int, default=20, help="sandboxes that may run, or be paused with their memory, at once")
    add("--keep", type=int, default=keep.count, help="sandboxes that may be paused without memory at once")
    add("--keep-mb", type=int, default=keep.disk_mb, help="disk those may take together; the longest unused goes first")
    add("--json", action="store_true", help="print one JSON line when ready")
    add("--until-stdin-eof", action="store_true", help="stop when stdin ends")
    add("--unsafe-local", action="store_true", help=f"without bubblewrap, run plain processes; needs {UNSAFE}=1")
    return parser


if __name__ == "__main__":
    sys.exit(main())
