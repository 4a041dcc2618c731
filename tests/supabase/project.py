"""A Supabase project of the test session's own: sign-ups, tokens, mails and the database, as the hosted service has them."""

import contextlib
import json
import re
import secrets
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import jwt
import psycopg
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm
from psycopg.rows import dict_row

from tests.supabase.postgres import Postgres

_MAIL_DEADLINE_S = 15
_POLL_S = 0.02


@dataclass(frozen=True)
class User:
    id: str
    email: str
    password: str
    access_token: str = field(repr=False)
    refresh_token: str = field(repr=False)


@dataclass(frozen=True)
class Mail:
    to: str
    subject: str
    kind: str
    """confirmation, recovery, magic_link, email_change, or reauthentication."""
    code: str
    token_hash: str
    redirect_to: str
    html: str
    text: str

    @property
    def link(self) -> str:
        """GoTrue's own link; the product's templates may hold another, in `html`."""
        found = re.search(r"https?://\S+/auth/v1/verify\S+", self.text)
        assert found, f"no link in the mail: {self.text}"
        return found.group()


class SupabaseServer:
    """What tests use. All methods block, for milliseconds."""

    def __init__(self, postgres: Postgres, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.issuer = f"{self.url}/auth/v1"
        self.publishable_key = f"sb_publishable_{secrets.token_urlsafe(16)}"
        self.secret_key = f"sb_secret_{secrets.token_urlsafe(16)}"
        self.jwt_private_jwk = _signing_key()
        """Signs users' and workers' tokens, as a key imported into a hosted project does."""
        self.mailbox: Path = postgres.folder / "mails.jsonl"
        self.database_url = postgres.address("postgres")
        """Connects as the owner that migrations run as; not a superuser, as on the hosted service."""
        self._postgres = postgres
        self._http = httpx.Client(base_url=self.url, headers={"apikey": self.publishable_key}, timeout=30)
        self._unread: list[Mail] = []
        self._read_to = 0
        self._idle: list[psycopg.Connection[dict[str, Any]]] = []

    def sql(self, query: Any, *args: Any) -> list[dict[str, Any]]:
        """Run one statement as the owner, past row security; `%s` stands for an argument."""
        with self._connection() as connection:
            cursor = connection.execute(query, args or None)
            return cursor.fetchall() if cursor.description else []

    def sign_up(self, email: str | None = None, tier: str | None = None, password: str | None = None) -> User:
        """A new user who has confirmed the address, on `tier` if one is named."""
        email = email or f"{uuid.uuid4().hex[:12]}@example.com"
        password = password or secrets.token_urlsafe(12)
        self._post("/auth/v1/signup", {"email": email, "password": password})
        mail = self.mail(email)
        session = self._post("/auth/v1/verify", {"type": "email", "email": email, "token": mail.code})
        if tier is not None:
            changed = self.sql(
                "update public.profiles set tier = %s where id = %s returning id", tier, session["user"]["id"]
            )
            assert changed, "signing up made no profile"
        return _user(session, email, password)

    def sign_in(self, user: User) -> User:
        """The same user in one more session."""
        credentials = {"email": user.email, "password": user.password}
        return _user(self._post("/auth/v1/token?grant_type=password", credentials), user.email, user.password)

    def anonymous(self) -> User:
        return _user(self._post("/auth/v1/signup", {}), "", "")

    def mint(self, role: str, sub: str | None = None, expires_s: int = 3600, **claims: Any) -> str:
        """A token signed with the project's key, such as a worker's."""
        now = int(time.time())
        payload = {"iss": self.issuer, "aud": "authenticated", "role": role, "iat": now, "exp": now + expires_s}
        payload |= {"sub": sub} if sub else {}
        key = ECAlgorithm.from_jwk(self.jwt_private_jwk)
        assert isinstance(key, ec.EllipticCurvePrivateKey)
        return jwt.encode(payload | claims, key, algorithm="ES256", headers={"kid": self.jwt_private_jwk["kid"]})

    def mail(self, to: str, deadline_s: float = _MAIL_DEADLINE_S) -> Mail:
        """The latest mail to `to` that this has not returned before; waits for it."""
        deadline = time.monotonic() + deadline_s
        while not (mails := [mail for mail in self._delivered() if mail.to == to]):
            if time.monotonic() > deadline:
                raise AssertionError(f"No new mail to {to} came")
            time.sleep(_POLL_S)
        self._unread = [mail for mail in self._unread if mail.to != to]
        return mails[-1]

    def reload_schema(self) -> None:
        """Call it after making or dropping tables or functions: the server remembers what there is, as PostgREST does."""
        self._http.put("/harness/schema").raise_for_status()

    def set_site_url(self, url: str) -> None:
        """Where mails lead to and sign-ins come back to when the request names no place of its own."""
        self._http.put("/harness/site_url", content=url).raise_for_status()

    def sign_in_at(self, provider: str, email: str | None, *, verified: bool = True, account: str = "") -> None:
        """Who is signed in at the pretended `github` or `google` and presses "Authorize"; None presses "Cancel"."""
        number = str(uuid.uuid5(uuid.NAMESPACE_URL, account or email or "").int % 10**9)
        person = {"id": number, "login": f"user{number}", "name": "Ada Example", "email": email, "verified": verified}
        content = json.dumps(person if email else None)
        self._http.put(f"/providers/{provider}/account", content=content).raise_for_status()

    def reset_usage(self) -> None:
        """Everybody has their whole allowance again."""
        self.sql("truncate public.usage_counters, public.usage_ledger")

    def stop_postgres(self) -> None:
        """The project answers with errors from now on, as during an outage."""
        self._postgres.stop()

    def start_postgres(self) -> None:
        self._postgres.start()

    def close(self) -> None:
        self._http.close()
        for connection in self._idle:
            connection.close()

    @contextlib.contextmanager
    def _connection(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A connection as new, kept for the next call: opening one costs fifty times what a statement does."""
        connection = self._idle.pop() if self._idle else self._connect()
        try:
            connection.execute("discard all")
        except psycopg.OperationalError:
            connection.close()
            connection = self._connect()
        try:
            yield connection
        except BaseException:
            connection.close()
            raise
        self._idle.append(connection)

    def _connect(self) -> psycopg.Connection[dict[str, Any]]:
        return self._postgres.connect("postgres", row_factory=dict_row, prepare_threshold=None)

    def _post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = self._http.post(path, json=body)
        assert response.is_success, f"{path}: {response.status_code} {response.text}"
        return response.json()

    def _delivered(self) -> list[Mail]:
        if self.mailbox.exists():
            with self.mailbox.open() as mailbox:
                mailbox.seek(self._read_to)
                lines = mailbox.read().splitlines(keepends=True)
            whole = [line for line in lines if line.endswith("\n")]
            self._read_to += sum(len(line.encode()) for line in whole)
            self._unread += [Mail(**json.loads(line)) for line in whole]
        return self._unread


def _user(session: dict[str, Any], email: str, password: str) -> User:
    return User(session["user"]["id"], email, password, session["access_token"], session["refresh_token"])


def _signing_key() -> dict[str, str]:
    key: dict[str, str] = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return {**key, "kid": str(uuid.uuid4()), "alg": "ES256"}
