"""A sign-in that lasts: its tokens live in one sealed cookie, and nowhere on the server."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from backend.accounts.grants import Grant
from backend.accounts.parcel import Parcel
from backend.accounts.renewals import Renewals
from backend.accounts.sealing import Seal
from backend.accounts.tokens import Claims, TokenExpired, Tokens
from backend.domain import NotSignedIn, Unavailable, User

PURPOSE = "session 1"
"""With the number of the parcel's format: what an older version sealed is no session, instead of an accident."""
MAX_AGE_S = 30 * 24 * 3600
"""Of a session nobody uses. Each use within an hour or so begins it anew."""
TOKENS_S = 24 * 3600.0
"""No access token should live longer."""
AHEAD_S = 60.0
"""The access token is renewed so long before it expires, so that none expires on its way."""
MAX_COOKIE_CHARS = 4000
"""A browser drops cookies over 4,096 characters, name included."""


@dataclass(frozen=True)
class Session:
    user: User
    """With the access token."""
    grant: Grant = field(repr=False)
    id: str | None
    """Supabase's id of the session, the same through all renewals."""
    expires_at: float
    """Of the access token, in seconds of the clock."""

    @property
    def ends(self) -> float:
        """When a stream of this session should end, so that the browser asks again and gets a fresh cookie."""
        early = self.expires_at - AHEAD_S
        return early if early > time.time() else self.expires_at


@dataclass(frozen=True)
class Resumed:
    session: Session
    framed: bool
    renewed: bool
    """The cookie is out of date: send `Sessions.cookie` anew."""


@dataclass
class _Doubt:
    """Some of a user's sessions are over, and their access tokens do not show it."""

    until: float
    sound: set[str | None] = field(default_factory=set)
    """Ids of those renewed since: Supabase renews none that is over."""


class Sessions:
    def __init__(self, seal: Seal, tokens: Tokens, refresh: Callable[[str], Awaitable[Grant]]) -> None:
        self._seal = seal
        self._tokens = tokens
        self._renewals = Renewals(refresh)
        self._ended: dict[str, float] = {}
        """Ids of sessions signed out here, until their last access token expires."""
        self._doubted: dict[str, _Doubt] = {}
        """By the user's id."""

    async def begin(self, grant: Grant) -> Session:
        """Raises `NotSignedIn` when the tokens are not this project's, and `Unavailable`."""
        return _session(await self._tokens.verify(grant.access), grant)

    def cookie(self, session: Session, framed: bool) -> str:
        """The cookie's value. Raises `Unavailable` when the tokens are too large for one."""
        value = self._seal.seal(Parcel(session.grant, framed).pack(), PURPOSE)
        if len(value) > MAX_COOKIE_CHARS:
            raise Unavailable(
                "Your account carries more data than a cookie holds, so you cannot be signed in. The operator can shorten "
                "the access tokens: the project's custom claims, or the user's metadata."
            )
        return value

    async def resume(self, cookie: str) -> Resumed | None:
        """None: there is no such session, or not any more. Raises `Unavailable` when that cannot be found out."""
        data = self._seal.open(cookie, PURPOSE, MAX_AGE_S)
        if data is None:
            return None
        parcel = Parcel.unpack(data)
        claims: Claims | None = None
        try:
            claims = await self._tokens.verify(parcel.grant.access)
        except TokenExpired:
            pass
        except NotSignedIn:
            return None
        if claims and claims.session_id in self._ended:
            return None
        sound = claims is not None and self._is_sound(claims.user.id, claims.session_id)
        if claims and sound and claims.expires_at - time.time() > AHEAD_S:
            return Resumed(_session(claims, parcel.grant), parcel.framed, renewed=False)
        try:
            session = await self.begin(await self._renewals.renew(parcel.grant.refresh))
        except NotSignedIn:
            return None
        except Unavailable:
            if claims is None or not sound:
                raise
            return Resumed(_session(claims, parcel.grant), parcel.framed, renewed=False)
        if session.id in self._ended:
            return None
        if doubt := self._doubted.get(session.user.id):
            doubt.sound.add(session.id)
        return Resumed(session, parcel.framed, renewed=True)

    def end(self, session: Session) -> None:
        """No cookie of this session is taken any more, by this process at once."""
        now = time.time()
        self._ended = {key: until for key, until in self._ended.items() if until > now}
        if session.id:
            self._ended[session.id] = session.expires_at + AHEAD_S

    def doubt(self, user: User) -> None:
        """Some or all of the user's sessions were ended: each is taken again only once it was renewed, by this process."""
        now = time.time()
        self._doubted = {key: doubt for key, doubt in self._doubted.items() if doubt.until > now}
        self._doubted[user.id] = _Doubt(now + TOKENS_S)
        self._renewals.forget()

    def _is_sound(self, user_id: str, session_id: str | None) -> bool:
        doubt = self._doubted.get(user_id)
        return doubt is None or session_id in doubt.sound


def _session(claims: Claims, grant: Grant) -> Session:
    return Session(claims.user, grant, claims.session_id, claims.expires_at)
