"""Where people reach this installation."""

from urllib.parse import urlsplit

from starlette.requests import HTTPConnection

from backend.config import Settings


class Address:
    def __init__(self, settings: Settings) -> None:
        self._public = origin(settings.public_url) if settings.public_url else None

    def of(self, request: HTTPConnection) -> str:
        """The origin for links, without a slash at its end: CODEFLOW_PUBLIC_URL's, else the one that was asked."""
        if self._public:
            return self._public
        host = request.headers.get("x-forwarded-host") or request.headers.get("host", "localhost")
        return f"{'https' if is_https(request) else 'http'}://{host}"


def is_https(request: HTTPConnection) -> bool:
    """Whether the browser came by https, perhaps to a proxy in front of us."""
    return request.scope.get("scheme") == "https" or request.headers.get("x-forwarded-proto") == "https"


def origin(url: str) -> str:
    """`https://name:port` of an address."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
