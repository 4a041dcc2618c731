"""The sandbox template on E2B: what the embedded host mounts, built into an image there, and snapshotted while it serves.

Needs `E2B_API_KEY`. The steps follow `e2b.Template`'s builder: https://e2b.dev/docs/template
"""

import contextlib
import shlex
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import httpx
from e2b import (
    AsyncTemplate,
    AuthenticationException,
    BuildException,
    LogEntry,
    RateLimitException,
    SandboxException,
    Template,
)
from e2b.template.main import TemplateClass

from backend.config import Settings
from backend.domain import Unavailable
from backend.workspace.e2b import SandboxService
from backend.workspace.framing import framing
from backend.workspace.layout import APP, RUNTIME, START, environment
from backend.workspace.starter import digest, runtime_files, starter_files

IMAGE = "24-bookworm"
"""Of Node's; its Debian brings curl and the shell tools that the workspace uses."""
CHROMIUM = "/usr/bin/chromium"
PACKAGES = ["chromium", "fonts-liberation", "fonts-noto-color-emoji"]
INSTALL = "npm ci --ignore-scripts --no-audit --no-fund"
CPUS = 2
MEMORY_MB = 4096
PROFILE = "/etc/profile.d/codeflow.sh"
"""Read by every login shell, which is how E2B runs commands: variables set in a build's steps end with the build."""
WARMED = "/home/user/.codeflow/warmed"
"""There once the compiler has seen what apps commonly import; the snapshot is taken then."""
TOLD_LINES = 12

OnLine = Callable[[str], None]


def definition(settings: Settings, context: Path) -> TemplateClass:
    """Node, a browser for the checks, the starter with its packages, and the dev server, warm, as the start command.

    `context` is a folder that `write_context` filled.
    """
    return (
        Template(file_context_path=context)
        .from_node_image(IMAGE)
        .apt_install(PACKAGES, no_install_recommends=True)
        .copy("runtime", RUNTIME, user="root")
        .run_cmd(f"cd {RUNTIME} && {INSTALL}", user="root")
        .copy("starter", APP, user="user")
        .run_cmd(f"cd {APP} && {INSTALL}", user="user")
        .copy("profile.sh", PROFILE, user="root", mode=0o644)
        .set_workdir(APP)
        .set_start_cmd(start_command(), f"[ -e {WARMED} ]")
    )


def start_command() -> str:
    """The dev server; and beside it, in the build alone, what makes it warm: that writes into the project.

    A starter that does not compile ends both, and the build.
    """
    mark = f"mkdir -p {WARMED.rpartition('/')[0]} && touch {WARMED}"
    warm = f"[ -e {WARMED} ] || {{ node {RUNTIME}/warm.cjs && {mark}; }} || kill $$"
    return f". {PROFILE} && cd {APP} && {{ {{ {warm}; }} & exec {START}; }}"


def profile(settings: Settings) -> str:
    """The environment, as a shell reads it."""
    variables = environment(CHROMIUM) | (framing(settings) if settings.public_url else {})
    return "".join(f"export {name}={shlex.quote(value)}\n" for name, value in variables.items())


def context_files(settings: Settings) -> dict[str, bytes]:
    """Everything that is sent, by path: nothing else of this machine is in the image."""
    parts: dict[str, Mapping[str, bytes]] = {"runtime": runtime_files(), "starter": starter_files()}
    files = {f"{folder}/{path}": content for folder, part in parts.items() for path, content in part.items()}
    return files | {"profile.sh": profile(settings).encode()}


def write_context(settings: Settings, folder: Path) -> None:
    for path, content in context_files(settings).items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    # The builder's cache goes by modes too, and those by whoever's umask.
    for found in folder.rglob("*"):
        found.chmod(0o755 if found.is_dir() else 0o644)


def tag(settings: Settings) -> str:
    """Names what the template is built from: another one, when anything in it changed."""
    with tempfile.TemporaryDirectory() as folder:
        write_context(settings, Path(folder))
        steps = Template.to_json(definition(settings, Path(folder)))
    files = [part for file in context_files(settings).items() for part in file]
    return digest(steps, f"{CPUS} {MEMORY_MB}", *files)


async def build(settings: Settings, on_line: OnLine) -> str:
    """The built template's id; it is also found by its name and `tag`. `on_line` is told of every line of the build's log.

    Raises `Unavailable` without a key, and when the build fails, with the end of its log.
    """
    if not settings.e2b_api_key:
        raise Unavailable("Building the E2B template needs E2B_API_KEY in the environment or in .env.")
    told: list[str] = []

    def tell(entry: LogEntry) -> None:
        told.append(entry.message)
        on_line(entry.message)

    with tempfile.TemporaryDirectory() as folder, _explained(settings, told):
        write_context(settings, Path(folder))
        info = await AsyncTemplate.build(
            definition(settings, Path(folder)),
            name=settings.e2b_template,
            tags=[tag(settings)],
            cpu_count=CPUS,
            memory_mb=MEMORY_MB,
            on_build_logs=tell,
            **SandboxService.for_settings(settings).params,
        )
    return info.template_id


async def shortcoming(settings: Settings) -> str | None:
    """What is wrong with the template on E2B, and what to do; None: it is built from what is here.

    Raises `Unavailable` when E2B does not say.
    """
    params = SandboxService.for_settings(settings).params
    with _explained(settings, []):
        if not await AsyncTemplate.exists(settings.e2b_template, **params):
            return f"There is no template {settings.e2b_template} yet. Build it: codeflow template"
        built = {found.tag for found in await AsyncTemplate.get_tags(settings.e2b_template, **params)}
    if tag(settings) not in built:
        return (
            f"{settings.e2b_template} was built from another template/ or public URL. Build it anew: codeflow template"
        )
    return None


@contextlib.contextmanager
def _explained(settings: Settings, told: Sequence[str]) -> Iterator[None]:
    """Turn the SDK's exceptions into `Unavailable` that says what to do. `told` is the build's log so far."""
    where = settings.e2b_api_url or "E2B"
    try:
        yield
    except AuthenticationException as error:
        raise Unavailable(f"{where} refused the key ({error}). Check E2B_API_KEY.") from error
    except RateLimitException as error:
        raise Unavailable(f"{where} builds nothing right now ({error}). Try again in a minute.") from error
    except BuildException as error:
        log = "".join(f"\n  {line}" for line in told[-TOLD_LINES:])
        raise Unavailable(
            f"The template could not be built: {error}. What was built before is still in force. Its log ends with:{log}"
        ) from error
    except (httpx.HTTPError, OSError) as error:
        raise Unavailable(f"{where} does not answer ({error}). Is it reachable from here?") from error
    except SandboxException as error:
        raise Unavailable(f"{where} failed: {error}. A host of `codeflow sandboxes` builds no templates.") from error
