"""Sign-in and sessions of a Supabase project, as the web needs them."""

import contextlib
import hmac
import json
import logging
import secrets
from dataclasses import dataclass
from urllib.parse import urlencode

import httpx

from backend.accounts.gotrue import PROVIDERS, GoTrue, LinkType, Provider
from backend.accounts.grants import Grant
from backend.accounts.keys import SigningKeys
from backend.accounts.problems import BEGIN_AGAIN, OFF, AboutTheAddress
from backend.accounts.sealing import Seal
from backend.accounts.sessions import Session, Sessions
from backend.accounts.tokens import Tokens
from backend.config import Settings
from backend.domain import InvalidInput, LimitReached, Unavailable

log = logging.getLogger(__name__)

TIMEOUT_S = 10.0
OAUTH = "oauth"
OAUTH_S = 600
"""How long a person may take at GitHub or Google."""


@dataclass(frozen=True)
class Confirm:
    """A mail was sent; the account is the person's once they have answered it."""


class Accounts:
    """Errors of all methods are `CodeFlowError`s with a text for a person. Safe to share between requests."""

    def __init__(
        self, url: str, key: str, seal: Seal, providers: tuple[Provider, ...], http: httpx.AsyncClient
    ) -> None:
        self.providers = providers
        self._http = http
        self._seal = seal
        self._gotrue = GoTrue(url, key, http)
        issuer = f"{url}/auth/v1"
        self._keys = SigningKeys(issuer, key, http)
        self.sessions = Sessions(seal, Tokens(issuer, self._keys), self._gotrue.refresh)

    @classmethod
    def open(cls, settings: Settings) -> "Accounts":
        """Asks nothing of the network yet. Raises `Unavailable` when a variable is missing or wrong."""
        url = (settings.supabase_url or "").rstrip("/")
        if not url.startswith(("https://", "http://")) or not settings.supabase_publishable_key:
            raise Unavailable(
                "Accounts need SUPABASE_URL (https://<project>.supabase.co) and SUPABASE_PUBLISHABLE_KEY."
            )
        http = httpx.AsyncClient(timeout=TIMEOUT_S, limits=httpx.Limits(max_keepalive_connections=20))
        return cls(url, settings.supabase_publishable_key, Seal.for_settings(settings), _chosen(settings), http)

    async def close(self) -> None:
        await self._http.aclose()

    async def check(self) -> None:
        """For the start: raises `Unavailable` when nobody could sign in, saying why; logs what else does not fit."""
        await self._keys.require()
        switched = (await self._gotrue.settings()).get("external", {})
        for provider in self.providers:
            if not switched.get(provider):
                log.warning("CODEFLOW_SIGN_IN_WITH names %s, which is switched off in the Supabase project", provider)

    async def sign_up(self, email: str, password: str, back: str) -> Session | Confirm:
        """`back`: where the mail's link leads after it was confirmed, as a whole address."""
        return await self._begun(await self._gotrue.sign_up(email, password, back))

    async def sign_in(self, email: str, password: str) -> Session:
        return await self.sessions.begin(await self._gotrue.sign_in(email, password))

    async def send_link(self, email: str, back: str) -> None:
        """The answer does not tell whether the address has an account."""
        with contextlib.suppress(AboutTheAddress):
            await self._gotrue.send_link(email, back)

    async def send_recovery(self, email: str, back: str) -> None:
        """The answer does not tell whether the address has an account."""
        # Only an address that has an account can be mailed too often.
        with contextlib.suppress(AboutTheAddress, LimitReached):
            await self._gotrue.send_recovery(email, back)

    async def verify_code(self, email: str, code: str) -> Session:
        return await self.sessions.begin(await self._gotrue.verify_code(email, code))

    async def verify_link(self, token_hash: str, kind: LinkType) -> Session | Confirm:
        return await self._begun(await self._gotrue.verify_link(token_hash, kind))

    async def anonymous(self) -> Session:
        return await self.sessions.begin(await self._gotrue.anonymous())

    async def set_password(self, session: Session, password: str) -> Session:
        grant = await self._gotrue.set_password(session.grant, password)
        self.sessions.doubt(session.user)
        return await self.sessions.begin(grant)

    async def begin_at(self, provider: Provider, callback: str, next_path: str) -> tuple[str, str]:
        """(where to send the browser, a cookie for it that `finish_at` asks for). Raises `InvalidInput`."""
        if provider not in self.providers:
            raise InvalidInput(OFF)
        state = secrets.token_urlsafe(24)
        address, verifier = await self._gotrue.provider_address(provider, f"{callback}?{urlencode({'state': state})}")
        kept = json.dumps({"state": state, "verifier": verifier, "next": next_path})
        return address, self._seal.seal(kept.encode(), OAUTH)

    async def finish_at(self, cookie: str, state: str, code: str) -> tuple[Session, str]:
        """(session, the path `begin_at` was told). Raises `InvalidInput` when another browser, or nobody, began this."""
        opened = self._seal.open(cookie, OAUTH, OAUTH_S)
        kept = json.loads(opened) if opened else None
        if not kept or not hmac.compare_digest(kept["state"], state):
            raise InvalidInput(BEGIN_AGAIN)
        return await self.sessions.begin(await self._gotrue.exchange(code, kept["verifier"])), kept["next"]

    async def upgrade(self, session: Session, email: str, password: str, back: str) -> tuple[Session, bool]:
        """An anonymous user gets an account, and stays the same user. (the session to go on with, whether that is so
        already; else a mail was sent)."""
        if not session.user.anonymous:
            raise InvalidInput("You have an account already.")
        try:
            grant, done = await self._gotrue.upgrade(session.grant, email, password, back)
        except AboutTheAddress:
            if (await self._gotrue.settings()).get("mailer_autoconfirm") is False:
                return session, False
            raise
        return await self.sessions.begin(grant), done

    async def sign_out(self, session: Session, *, everywhere: bool) -> None:
        """For other web processes, a session ends when its access token expires, within the hour. Raises only when asked
        for `everywhere`: this browser's session is over for us even when Supabase does not answer."""
        try:
            await self._gotrue.sign_out(session.grant.access, "global" if everywhere else "local")
        except (Unavailable, LimitReached):
            if everywhere:
                raise
        self.sessions.end(session)
        if everywhere:
            self.sessions.doubt(session.user)

    async def _begun(self, grant: Grant | None) -> Session | Confirm:
        return await self.sessions.begin(grant) if grant else Confirm()


def _chosen(settings: Settings) -> tuple[Provider, ...]:
    asked = settings.sign_in_providers
    if unknown := sorted(asked - set(PROVIDERS)):
        raise Unavailable(f"CODEFLOW_SIGN_IN_WITH names {', '.join(unknown)}; it can name {', '.join(PROVIDERS)}.")
    return tuple(name for name in PROVIDERS if name in asked)
