"""What every part of the control plane needs: the sandboxes, how they are shown, and the one a request names."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from ..metrics import Meter
from ..sandbox import Sandbox
from ..sandboxes import Sandboxes
from .views import Views

Handler = Callable[[Request], Awaitable[Response]]
Call = tuple[str, str, Handler]
"""Method, path and what answers."""


class NoSuchSandbox(Exception):
    """No sandbox of that id."""


@dataclass(frozen=True)
class Context:
    sandboxes: Sandboxes
    meter: Meter
    views: Views

    def sandbox(self, request: Request) -> Sandbox:
        """The one in the request's path; raises `NoSuchSandbox`."""
        sandbox_id = request.path_params["id"]
        if sandbox := self.sandboxes.get(sandbox_id):
            return sandbox
        raise NoSuchSandbox(sandbox_id)
