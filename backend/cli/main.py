"""The command line's words; each command's work is in its own file."""

import asyncio
import json
import sys
from pathlib import Path
from typing import Annotated

import typer

from backend.config import Settings
from backend.domain import CodeFlowError
from backend.telemetry import begin

cli = typer.Typer(
    name="codeflow",
    help="Chat with agents, get real Next.js code running in a sandbox.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
deploy = typer.Typer(help="Put CodeFlow on a platform.", no_args_is_help=True)
cli.add_typer(deploy, name="deploy")

Json = Annotated[bool, typer.Option("--json", help="Print JSON for programs instead of text for people.")]


@cli.command()
def serve(
    port: Annotated[int | None, typer.Option(help="Default: CODEFLOW_PORT, else 7860.")] = None,
    host: Annotated[str | None, typer.Option(help="Default: CODEFLOW_HOST, else 127.0.0.1.")] = None,
    open_browser: Annotated[bool, typer.Option("--open", help="Open the page in a browser.")] = False,
) -> None:
    """Serve the page."""
    from ui.server import serve as serve_page

    given = {name: value for name, value in (("port", port), ("host", host)) if value is not None}
    serve_page(Settings().model_copy(update=given), open_browser=open_browser)


@cli.command()
def run(
    prompt: Annotated[str, typer.Argument(help="What to build, or what to change.")],
    project: Annotated[str | None, typer.Option(help="Change this project instead of making a new one.")] = None,
    as_json: Json = False,
    leave: Annotated[bool, typer.Option("--exit", help="Leave when done instead of keeping the preview up.")] = False,
) -> None:
    """Do one run here in the terminal, for the one user without sign-in. Exit status 0 only when the app passed its checks."""
    from backend.cli.run import run_prompt

    # Whoever can run this owns the machine, but is no user of a Supabase project.
    settings = Settings().model_copy(update={"supabase_url": None})
    raise typer.Exit(asyncio.run(run_prompt(settings, prompt, project, as_json=as_json, leave=leave)))


@cli.command()
def worker(
    metrics: Annotated[
        int | None, typer.Option(help="Serve this worker's metrics to this machine, at this port.")
    ] = None,
) -> None:
    """Work on runs without serving the page, on the same store as a web process elsewhere."""
    from backend.cli.worker import metrics_served, work

    with metrics_served(metrics):
        asyncio.run(work(Settings()))


@cli.command()
def worker_token(
    key: Annotated[Path, typer.Option(help="The project's private signing key: a JWK, a PEM, or the legacy secret.")],
    days: Annotated[int, typer.Option(help="How long it lasts.")] = 365,
    kid: Annotated[str | None, typer.Option(help="The key's id, for a PEM.")] = None,
) -> None:
    """Make SUPABASE_WORKER_TOKEN: print a token that may work on runs, and nothing else."""
    from backend.cli.worker_token import mint

    print(mint(Settings(), key, days, kid))


@cli.command()
def tier(
    account: Annotated[str, typer.Argument(help="A user's e-mail address or id.")],
    tier: Annotated[str, typer.Argument(help="free, pro, or another of your tiers.")],
) -> None:
    """Put a user on a tier (on Supabase, needs SUPABASE_SECRET_KEY)."""
    from backend.cli.operator import set_tier

    asyncio.run(set_tier(Settings(), account, tier))
    print(f"{account} is on {tier} now.")


@cli.command()
def secret(
    name: Annotated[str, typer.Argument(help="billing_webhook: what signs the payment provider's calls.")],
    forget: Annotated[bool, typer.Option("--forget", help="Remove it.")] = False,
) -> None:
    """Keep a secret that only the store's own functions read. Its value is asked for, or piped in."""
    from backend.cli.operator import ask_secret, set_secret

    asyncio.run(set_secret(Settings(), name, None if forget else ask_secret(name)))
    print(f"{name} is {'forgotten' if forget else 'set'}.")


@cli.command()
def runs(
    as_json: Json = False,
    stuck: Annotated[bool, typer.Option("--stuck", help="Only those that are stuck.")] = False,
) -> None:
    """List everybody's runs that are not over, the stuck ones marked (on Supabase, needs SUPABASE_SECRET_KEY)."""
    from backend.cli.runs import list_runs

    asyncio.run(list_runs(Settings(), as_json=as_json, only_stuck=stuck))


@cli.command()
def sandboxes(
    port: Annotated[int, typer.Option(help="0 picks a free one.")] = 3900,
    as_json: Json = False,
) -> None:
    """Serve the embedded sandbox host alone, for any E2B SDK."""
    from backend.cli.sandboxes import serve_host

    asyncio.run(serve_host(Settings(), port, as_json=as_json))


@cli.command()
def template() -> None:
    """Build the sandbox template on E2B (needs E2B_API_KEY; once, and after each change of `template/`)."""
    from backend.workspace.e2b_template import build

    settings = Settings()
    built = asyncio.run(build(settings, on_line=print))
    print(f"Built {settings.e2b_template} ({built}). New sandboxes are made from it from now on.")


@deploy.command("modal")
def deploy_modal() -> None:
    """Put the workers and the page on Modal, with this installation's settings; or say what is missing."""
    from backend.cli.deploy import NEXT, deploy

    asyncio.run(deploy(Settings()))
    print(NEXT)


@cli.command()
def doctor(as_json: Json = False) -> None:
    """Say what each part found, which one is in force, and what to do about what is missing."""
    from backend.cli.doctor import diagnose, show

    findings = asyncio.run(diagnose(Settings()))
    ok = all(f.ok for f in findings)
    if as_json:
        print(json.dumps({"ok": ok, "parts": [f.model_dump() for f in findings]}, ensure_ascii=False))
    else:
        show(findings)
    raise typer.Exit(0 if ok else 1)


@cli.command()
def export(
    project: Annotated[str, typer.Argument(help="The project's id, as the page's address shows it.")],
    directory: Annotated[Path, typer.Argument(help="Where to write it: a new or empty directory.")],
) -> None:
    """Write a project that `npm install && npm run dev` runs by itself."""
    from backend.cli.export import export_project

    count = asyncio.run(export_project(Settings(), project, directory))
    print(f"Wrote {count} files to {directory}. To run it: cd {directory} && npm install && npm run dev")


def main() -> None:
    try:
        begin(Settings().log_format)
        cli()
    except CodeFlowError as error:
        print(error.message, file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
