"""The sandbox template on E2B: the same starter and runtime the embedded host mounts, built into an image by E2B.

Needs `E2B_API_KEY`. The steps follow `e2b.Template`'s builder: https://e2b.dev/docs/template
"""

from collections.abc import Callable

from e2b import AsyncTemplate, Template, wait_for_port
from e2b.template.main import TemplateClass

from backend.config import ROOT, Settings
from backend.domain import Unavailable
from backend.workspace.framing import framing

APP = "/home/user/app"
RUNTIME = "/opt/codeflow"
PORT = 3000
CPUS = 2
MEMORY_MB = 4096


def definition(settings: Settings) -> TemplateClass:
    """Node, a browser for the checks, the starter with its packages, and the dev server as the start command."""
    return (
        Template(file_context_path=ROOT / "template", file_ignore_patterns=["**/node_modules", "**/.next"])
        .from_node_image("24-bookworm")
        .apt_install(["chromium", "fonts-liberation", "fonts-noto-color-emoji"], no_install_recommends=True)
        .copy("runtime", RUNTIME, user="root")
        .run_cmd(f"cd {RUNTIME} && npm ci --omit=dev --no-audit --no-fund", user="root")
        .copy("starter", APP, user="user")
        .set_workdir(APP)
        .run_cmd("npm ci --no-audit --no-fund", user="user")
        .set_envs(
            {
                "NEXT_TELEMETRY_DISABLED": "1",
                "CODEFLOW_APP": APP,
                "CODEFLOW_CHROMIUM": "/usr/bin/chromium",
                **(framing(settings) if settings.public_url else {}),
            }
        )
        .set_start_cmd(f"node {RUNTIME}/dev.cjs", wait_for_port(PORT))
    )


async def build(settings: Settings, on_line: Callable[[str], None]) -> str:
    """The built template's id. Raises `Unavailable` without a key."""
    if not settings.e2b_api_key:
        raise Unavailable("Building the E2B template needs E2B_API_KEY in the environment or in .env.")
    info = await AsyncTemplate.build(
        definition(settings),
        name=settings.e2b_template,
        cpu_count=CPUS,
        memory_mb=MEMORY_MB,
        on_build_logs=lambda entry: on_line(entry.message),
        api_key=settings.e2b_api_key.get_secret_value(),
    )
    return info.template_id
