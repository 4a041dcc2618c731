"""Cookies of a sign-in, with the attributes their place asks for.

Headers are written by hand: Python before 3.14 does not know `Partitioned`.
"""

from dataclasses import dataclass

from starlette.datastructures import Headers
from starlette.requests import HTTPConnection

from backend.web.address import is_https

SESSION = "codeflow"
FLOW = "codeflow-flow"
"""Between leaving for GitHub or Google and coming back."""
FRAME = "codeflow-framed"
"""Marks a page in another website's frame. Only requests from within that frame carry it."""


@dataclass(frozen=True)
class Cookies:
    """Of one request. Over https, no neighbouring host name and no plain http can set them (`__Host-`)."""

    request: HTTPConnection

    @property
    def secure(self) -> bool:
        return is_https(self.request)

    @property
    def framed(self) -> bool:
        """Whether the page stands in another website's frame, as on Hugging Face, where only partitioned cookies last."""
        return self.get(FRAME) is not None or enters_frame(self.request.headers)

    def get(self, name: str) -> str | None:
        return self.request.cookies.get(self._name(name))

    def set(self, name: str, value: str, max_age_s: int | None, *, framed: bool) -> tuple[bytes, bytes]:
        """A header. `max_age_s` None: until the browser closes. Over plain http, no cookie works in a foreign frame."""
        parts = [f"{self._name(name)}={value}", "Path=/", "HttpOnly"]
        if max_age_s is not None:
            parts.append(f"Max-Age={max_age_s}")
        if self.secure:
            parts.append("Secure")
        parts.append("SameSite=None; Partitioned" if framed and self.secure else "SameSite=Lax")
        return b"set-cookie", "; ".join(parts).encode("latin-1")

    def forget(self, name: str, *, framed: bool) -> tuple[bytes, bytes]:
        return self.set(name, "", 0, framed=framed)

    def _name(self, name: str) -> str:
        return f"__Host-{name}" if self.secure else name


def enters_frame(headers: Headers) -> bool:
    """Another website's page loads us into its frame, and says so: no script can set these headers."""
    return headers.get("sec-fetch-dest") == "iframe" and headers.get("sec-fetch-site") == "cross-site"
