"""Every call to Supabase Auth, through its own client.

A client of that package remembers who signed in through it. So each call has one of its own, on one pool of connections,
with neither memory nor timers that outlive the call.
"""

import logging
from typing import Any, Literal, cast

import httpx
from supabase import AsyncClient, AsyncClientOptions
from supabase_auth import AsyncGoTrueClient, AsyncMemoryStorage
from supabase_auth.types import AuthResponse, Session

from backend.accounts.grants import Grant
from backend.accounts.problems import OTP, REFUSED, SILENT, told
from backend.domain import InvalidInput, NotSignedIn, Unavailable

log = logging.getLogger(__name__)

LinkType = Literal["email", "signup", "magiclink", "recovery", "email_change", "invite"]
Provider = Literal["github", "google"]
PROVIDERS: tuple[Provider, ...] = ("github", "google")


class GoTrue:
    """Errors of all methods: `InvalidInput`, `NotSignedIn`, `LimitReached`, `Unavailable`, each with a text for a person."""

    def __init__(self, url: str, key: str, http: httpx.AsyncClient) -> None:
        self._url = url
        self._key = key
        self._http = http

    async def sign_up(self, email: str, password: str, back: str) -> Grant | None:
        """None: a mail was sent, and must be answered first. `back`: the address its link may name as `RedirectTo`."""
        with told():
            answer = await self._auth().sign_up(
                {"email": email, "password": password, "options": {"email_redirect_to": back}}
            )
        return _grant(answer.session) if answer.session else None

    async def sign_in(self, email: str, password: str) -> Grant:
        with told():
            return _granted(await self._auth().sign_in_with_password({"email": email, "password": password}))

    async def send_link(self, email: str, back: str) -> None:
        """A mail with a link and a code; makes an account for an address that has none."""
        with told():
            await self._auth().sign_in_with_otp({"email": email, "options": {"email_redirect_to": back}})

    async def send_recovery(self, email: str, back: str) -> None:
        with told():
            await self._auth().reset_password_for_email(email, {"redirect_to": back})

    async def verify_code(self, email: str, code: str) -> Grant:
        try:
            with told():
                return _granted(await self._auth().verify_otp({"email": email, "token": code, "type": "email"}))
        except NotSignedIn:
            # An address without an account must look like a wrong code.
            raise InvalidInput(OTP) from None

    async def verify_link(self, token_hash: str, kind: LinkType) -> Grant | None:
        """None: one of two mails is answered; the other one must be too."""
        try:
            with told():
                answer = await self._auth().verify_otp({"token_hash": token_hash, "type": kind})
        except NotSignedIn:
            raise InvalidInput(OTP) from None
        return _grant(answer.session) if answer.session else None

    async def anonymous(self) -> Grant:
        with told():
            return _granted(await self._auth().sign_in_anonymously())

    async def provider_address(self, provider: Provider, back: str) -> tuple[str, str]:
        """(where to send the browser, the verifier that alone makes the answer worth something)."""
        kept = AsyncMemoryStorage()
        with told():
            answer = await self._client("pkce", kept).sign_in_with_oauth(
                {"provider": provider, "options": {"redirect_to": back}}
            )
        (verifier,) = kept.storage.values()
        return answer.url, verifier

    async def exchange(self, code: str, verifier: str) -> Grant:
        with told():
            return _granted(
                await self._auth().exchange_code_for_session({"auth_code": code, "code_verifier": verifier})
            )

    async def refresh(self, token: str) -> Grant:
        """Raises `NotSignedIn` when the session is over, and `Unavailable` or `LimitReached` when nobody knows."""
        try:
            with told():
                return _granted(await self._auth().refresh_session(token))
        except InvalidInput:
            raise NotSignedIn("Your session has ended. Sign in again.") from None

    async def set_password(self, grant: Grant, password: str) -> Grant:
        """The grant to go on with; the user's other sessions are over."""
        auth = await self._signed_in(grant)
        with told():
            await auth.update_user({"password": password})
            return await _current(auth)

    async def upgrade(self, grant: Grant, email: str, password: str, back: str) -> tuple[Grant, bool]:
        """An anonymous user gets an address and a password, and stays the same user. (grant, whether that is so already):
        usually the address is confirmed by a mail first."""
        auth = await self._signed_in(grant)
        with told():
            answer = await auth.update_user({"email": email, "password": password}, {"email_redirect_to": back})
            if answer.user.is_anonymous or not answer.user.email:
                return await _current(auth), False
            # The token still says what the user was.
            return _granted(await auth.refresh_session()), True

    async def sign_out(self, access: str, scope: Literal["local", "global"]) -> None:
        try:
            with told():
                await self._auth().admin.sign_out(access, scope)
        except NotSignedIn:
            log.debug("The session was over already")

    async def settings(self) -> dict[str, Any]:
        """What the project's Auth tells everybody about itself: `external`, `mailer_autoconfirm`, `disable_signup`."""
        try:
            answer = await self._http.get(f"{self._url}/auth/v1/settings", headers={"apikey": self._key})
            if answer.status_code in (401, 403):
                raise Unavailable(REFUSED)
            answer.raise_for_status()
            said = answer.json()
        except (httpx.HTTPError, ValueError):
            raise Unavailable(SILENT) from None
        return said if isinstance(said, dict) else {}

    def _auth(self) -> AsyncGoTrueClient:
        """Without PKCE: the link of a mail may be opened in another browser than the one that asked for it."""
        return self._client("implicit", AsyncMemoryStorage())

    def _client(self, flow: Literal["implicit", "pkce"], storage: AsyncMemoryStorage) -> AsyncGoTrueClient:
        options = AsyncClientOptions(
            flow_type=flow,
            storage=storage,
            httpx_client=self._http,
            auto_refresh_token=False,
            persist_session=False,
        )
        return AsyncClient(self._url, self._key, options).auth

    async def _signed_in(self, grant: Grant) -> AsyncGoTrueClient:
        auth = self._auth()
        with told():
            await auth.set_session(grant.access, grant.refresh)
        return auth


def _granted(answer: AuthResponse) -> Grant:
    if answer.session is None:
        raise Unavailable(SILENT)
    return _grant(answer.session)


def _grant(session: Session) -> Grant:
    return Grant(session.access_token, session.refresh_token)


async def _current(auth: AsyncGoTrueClient) -> Grant:
    """The client's tokens, which it may have renewed meanwhile."""
    return _grant(cast(Session, await auth.get_session()))
