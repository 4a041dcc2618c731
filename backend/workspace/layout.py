"""Where things are in a sandbox of ours, and what its processes find in their environment, on every service alike."""

from backend.workspace.paths import PROJECT_DIR

APP = PROJECT_DIR
RUNTIME = "/opt/codeflow"
PORT = 3000
"""Of the dev server."""
START = f"node {RUNTIME}/dev.cjs"
"""Starts the dev server, in the project's folder, and keeps it running."""
_SYSTEM_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
PATH = f"{RUNTIME}/bin:{APP}/node_modules/.bin:/home/user/.local/bin:{_SYSTEM_PATH}"


def environment(chromium: str) -> dict[str, str]:
    """`chromium` is the browser's program, as the sandbox sees it."""
    return {
        "PATH": PATH,
        "PORT": str(PORT),
        "NEXT_TELEMETRY_DISABLED": "1",
        "NODE_OPTIONS": "--max-old-space-size=1024",
        "CODEFLOW_APP": APP,
        "CODEFLOW_CHROMIUM": chromium,
        "npm_config_cache": "/home/user/.npm",
        "npm_config_update_notifier": "false",
        "npm_config_audit": "false",
        "npm_config_fund": "false",
    }
