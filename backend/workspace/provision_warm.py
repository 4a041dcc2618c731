"""The compiler's cache, made once inside a sandbox of the embedded host, so that every later sandbox compiles little."""

import io
import tarfile
import tempfile
from pathlib import Path

from e2b import CommandExitException, Sandbox, SandboxException

from backend.config import Settings
from backend.domain import Unavailable
from backend.workspace.embedded_process import HostProcess
from backend.workspace.layout import APP, RUNTIME
from backend.workspace.provision_folder import Progress

_LIMIT_S = 600
# The server goes first, so that nothing changes while it is packed; its lock and logs are not for the next one.
_PACK = (
    "kill $(cat /tmp/codeflow/dev.pid); while pgrep next-server >/dev/null; do sleep 0.1; done; "
    "tar -cf /home/user/next.tar --exclude=.next/dev/lock --exclude=.next/dev/logs --exclude=.next/dev/trace .next"
)


def warm_cache(settings: Settings, template: Path, target: Path, progress: Progress) -> None:
    """Write `target/.next`, compiled in a sandbox of the host template `template`.

    Raises `Unavailable` when a sandbox cannot be started or does not serve the starter.
    """
    progress("Compiling the starter for the first time", None)
    with tempfile.TemporaryDirectory(prefix="warming-", dir=settings.cache_dir) as data_dir:
        host = HostProcess.start(settings, data_dir=Path(data_dir), template=template)
        try:
            archive = _compile(settings, host)
        finally:
            host.stop()
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(target, filter="data")


def _compile(settings: Settings, host: HostProcess) -> bytes:
    serving = host.serving
    try:
        sandbox = Sandbox.create(
            settings.e2b_template,
            timeout=_LIMIT_S,
            api_key=serving.api_key,
            api_url=serving.api_url,
            sandbox_url=serving.api_url,
            domain=serving.domain,
        )
        for step in (f"node {RUNTIME}/warm.cjs", _PACK):
            sandbox.commands.run(step, cwd=APP, timeout=_LIMIT_S)
        return bytes(sandbox.files.read("/home/user/next.tar", format="bytes"))
    except CommandExitException as error:
        raise Unavailable(
            f"The starter does not compile in a sandbox: {(error.stderr or error.stdout).strip()[-600:]}. "
            "If template/starter was changed, correct it; otherwise remove the cache directory and start again."
        ) from error
    except SandboxException as error:
        raise Unavailable(f"The first sandbox did not work: {error}. {host.last_words}") from error
