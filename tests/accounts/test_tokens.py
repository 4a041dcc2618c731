"""Only what the project signed, for people, and not too long ago, is a sign-in."""

import asyncio
import base64
import hmac
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from jwt.algorithms import ECAlgorithm, OKPAlgorithm, RSAAlgorithm

from backend.accounts import keys
from backend.accounts.keys import SigningKeys
from backend.accounts.tokens import TokenExpired, Tokens
from backend.domain import NotSignedIn, Unavailable
from tests.supabase.project import SupabaseServer

SUBJECT = str(uuid.uuid4())


class Counted:
    """The project's keys over the wire, with a count of how often they were asked for."""

    def __init__(self, server: SupabaseServer) -> None:
        self.fetched = 0
        self.http = httpx.AsyncClient(event_hooks={"request": [self._count]})
        self.keys = SigningKeys(server.issuer, server.publishable_key, self.http)
        self.tokens = Tokens(server.issuer, self.keys)

    async def _count(self, request: httpx.Request) -> None:
        self.fetched += request.url.path.endswith("/jwks.json")


@pytest.fixture
async def counted(supabase_server: SupabaseServer) -> AsyncIterator[Counted]:
    counted = Counted(supabase_server)
    yield counted
    await counted.http.aclose()


def signed(server: SupabaseServer, **claims: Any) -> str:
    return server.mint("authenticated", SUBJECT, **claims)


def forged(server: SupabaseServer, key: Any, algorithm: str, kid: str | None = None, **claims: Any) -> str:
    now = int(time.time())
    payload = {"iss": server.issuer, "aud": "authenticated", "role": "authenticated", "sub": SUBJECT}
    headers = {"kid": kid or server.jwt_private_jwk["kid"]}
    return jwt.encode(payload | {"iat": now, "exp": now + 3600} | claims, key, algorithm, headers)


def encoded(part: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode()


async def test_the_projects_token_tells_who_asks(counted: Counted, supabase_server: SupabaseServer) -> None:
    token = signed(supabase_server, email="ada@example.com", session_id="s1", expires_s=600)
    claims = await counted.tokens.verify(token)
    assert claims.user.id == SUBJECT
    assert claims.user.email == "ada@example.com"
    assert claims.user.anonymous is False
    assert claims.user.token
    assert claims.user.token.get_secret_value() == token
    assert token not in repr(claims)
    assert claims.session_id == "s1"
    assert 590 < claims.expires_at - time.time() <= 600


async def test_a_real_sign_in_is_taken(counted: Counted, supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    claims = await counted.tokens.verify(user.access_token)
    assert (claims.user.id, claims.user.email, claims.user.anonymous) == (user.id, user.email, False)


async def test_somebody_on_trial_is_told_apart(counted: Counted, supabase_server: SupabaseServer) -> None:
    claims = await counted.tokens.verify(supabase_server.anonymous().access_token)
    assert claims.user.anonymous
    assert claims.user.email is None


def other_key(server: SupabaseServer) -> str:
    return forged(server, ec.generate_private_key(ec.SECP256R1()), "ES256")


def unsigned(server: SupabaseServer) -> str:
    _, claims, _ = signed(server).split(".")
    return f"{encoded({'alg': 'none', 'typ': 'JWT', 'kid': server.jwt_private_jwk['kid']})}.{claims}."


def public_key_as_secret(server: SupabaseServer) -> str:
    """The classic: sign with HS256, and the public key as the shared secret."""
    key = ECAlgorithm.from_jwk(server.jwt_private_jwk)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    secret = key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    _, claims, _ = signed(server).split(".")
    message = f"{encoded({'alg': 'HS256', 'typ': 'JWT', 'kid': server.jwt_private_jwk['kid']})}.{claims}"
    signature = base64.urlsafe_b64encode(hmac.digest(secret, message.encode(), "sha256")).rstrip(b"=").decode()
    return f"{message}.{signature}"


def other_algorithm(server: SupabaseServer) -> str:
    return forged(server, rsa.generate_private_key(65537, 2048), "RS256")


def changed_claims(server: SupabaseServer) -> str:
    header, _, signature = signed(server).split(".")
    claims = jwt.decode(signed(server), options={"verify_signature": False})
    return f"{header}.{encoded(claims | {'sub': str(uuid.uuid4())})}.{signature}"


def without_kid(server: SupabaseServer) -> str:
    _, claims, signature = signed(server).split(".")
    return f"{encoded({'alg': 'ES256', 'typ': 'JWT'})}.{claims}.{signature}"


FORGERIES: dict[str, Callable[[SupabaseServer], str]] = {
    "somebody else's key": other_key,
    "no signature": unsigned,
    "the public key as a secret": public_key_as_secret,
    "another algorithm": other_algorithm,
    "changed claims": changed_claims,
    "no key named": without_kid,
    "an unknown key": lambda server: forged(server, ec.generate_private_key(ec.SECP256R1()), "ES256", kid="unknown"),
    "another audience": lambda server: signed(server, aud="somebody-else"),
    "one audience more": lambda server: signed(server, aud=["authenticated", "somebody-else"]),
    "another project": lambda server: signed(server, iss="https://evil.example/auth/v1"),
    "the secret key's role": lambda server: server.mint("service_role", SUBJECT),
    "nobody's role": lambda server: server.mint("anon", SUBJECT),
    "the workers' role": lambda server: server.mint("codeflow_worker", SUBJECT),
    "nobody": lambda server: server.mint("authenticated"),
    "no id": lambda server: server.mint("authenticated", "local"),
    "an id written otherwise": lambda server: server.mint("authenticated", SUBJECT.upper()),
    "no expiry": lambda server: signed(server, exp=None),
    "an expiry that is none": lambda server: signed(server, exp="tomorrow"),
    "not yet": lambda server: signed(server, nbf=int(time.time()) + 3600),
    "something more": lambda server: signed(server) + "x",
    "something endless": lambda server: signed(server, filler="x" * 20_000),
    "nothing": lambda server: "",
    "three letters": lambda server: "a.b.c",
    "letters": lambda server: "ey" * 100,
}


@pytest.mark.parametrize("forgery", FORGERIES)
async def test_nothing_else_is(counted: Counted, supabase_server: SupabaseServer, forgery: str) -> None:
    with pytest.raises(NotSignedIn) as refused:
        await counted.tokens.verify(FORGERIES[forgery](supabase_server))
    assert not isinstance(refused.value, TokenExpired)


async def test_an_expired_token_is_told_apart_from_a_forged_one(
    counted: Counted, supabase_server: SupabaseServer
) -> None:
    with pytest.raises(TokenExpired):
        await counted.tokens.verify(signed(supabase_server, expires_s=-11))
    await counted.tokens.verify(signed(supabase_server, expires_s=-5))
    forgery = forged(supabase_server, ec.generate_private_key(ec.SECP256R1()), "ES256", exp=1)
    with pytest.raises(NotSignedIn) as refused:
        await counted.tokens.verify(forgery)
    assert not isinstance(refused.value, TokenExpired)


async def test_a_clock_that_goes_behind_locks_nobody_out(counted: Counted, supabase_server: SupabaseServer) -> None:
    await counted.tokens.verify(signed(supabase_server, iat=int(time.time()) + 120))


async def test_the_keys_are_fetched_once_for_everybody(counted: Counted, supabase_server: SupabaseServer) -> None:
    tokens = [signed(supabase_server, n=n) for n in range(50)]
    await asyncio.gather(*(counted.tokens.verify(token) for token in tokens))
    assert counted.fetched == 1


async def test_unknown_keys_cause_one_fetch_a_minute(
    counted: Counted, supabase_server: SupabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    unknown = [forged(supabase_server, key, "ES256", kid=f"key {n}") for n in range(20)]
    await counted.tokens.verify(signed(supabase_server))
    now = time.monotonic()
    for token in unknown:
        with pytest.raises(NotSignedIn):
            await counted.tokens.verify(token)
    assert counted.fetched == 1
    monkeypatch.setattr(keys.time, "monotonic", lambda: now + keys.UNKNOWN_S + 1)
    for token in unknown:
        with pytest.raises(NotSignedIn):
            await counted.tokens.verify(token)
    assert counted.fetched == 2


class Project:
    """A key set as a project may have it, and an outage when asked."""

    def __init__(self) -> None:
        self.document: Any = {"keys": []}
        self.out = False
        self.http = httpx.AsyncClient(transport=httpx.MockTransport(self.answer))
        self.keys = SigningKeys("https://x.supabase.co/auth/v1", "key", self.http)
        self.tokens = Tokens("https://x.supabase.co/auth/v1", self.keys)

    def answer(self, request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if self.out else httpx.Response(200, json=self.document)

    def token(self, key: Any, algorithm: str, kid: str) -> str:
        claims = {"iss": "https://x.supabase.co/auth/v1", "aud": "authenticated", "role": "authenticated"}
        claims |= {"sub": SUBJECT, "exp": int(time.time()) + 60}
        return jwt.encode(claims, key, algorithm, {"kid": kid})


async def test_every_kind_of_signing_key_a_project_can_have_works() -> None:
    project = Project()
    curve, large = ec.generate_private_key(ec.SECP256R1()), rsa.generate_private_key(65537, 2048)
    small = Ed25519PrivateKey.generate()
    project.document = {
        "keys": [
            {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": "1", "alg": "ES256", "use": "sig"},
            {**RSAAlgorithm.to_jwk(large.public_key(), as_dict=True), "kid": "2", "alg": "RS256", "use": "sig"},
            {**OKPAlgorithm.to_jwk(small.public_key(), as_dict=True), "kid": "3", "alg": "EdDSA"},
            {"kty": "oct", "k": "c2VjcmV0", "kid": "4", "alg": "HS256"},
            {"kty": "new", "kid": "5"},
        ]
    }
    for key, algorithm, kid in ((curve, "ES256", "1"), (large, "RS256", "2"), (small, "EdDSA", "3")):
        assert (await project.tokens.verify(project.token(key, algorithm, kid))).user.id == SUBJECT
    with pytest.raises(NotSignedIn):
        await project.tokens.verify(project.token(b"secret" * 8, "HS256", "4"))


@pytest.mark.parametrize("keys", [[], [{"kty": "oct", "k": "c2VjcmV0", "kid": "4", "alg": "HS256"}]])
async def test_a_project_with_the_shared_secret_is_told_what_to_do(keys: list[dict[str, str]]) -> None:
    project = Project()
    project.document = {"keys": keys}
    with pytest.raises(Unavailable, match="legacy shared secret"):
        await project.keys.require()


async def test_a_revoked_key_is_forgotten_within_minutes_and_an_outage_forgets_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    project, curve = Project(), ec.generate_private_key(ec.SECP256R1())
    public = {**ECAlgorithm.to_jwk(curve.public_key(), as_dict=True), "kid": "1", "alg": "ES256"}
    project.document = {"keys": [public]}
    token = project.token(curve, "ES256", "1")
    await project.tokens.verify(token)
    start = time.monotonic()
    project.out = True
    monkeypatch.setattr(keys.time, "monotonic", lambda: start + keys.MAX_AGE_S + 5)
    await project.tokens.verify(token)
    project.out, project.document = False, {"keys": []}
    monkeypatch.setattr(keys.time, "monotonic", lambda: start + keys.MAX_AGE_S + 10)
    with pytest.raises(NotSignedIn):
        await project.tokens.verify(token)


@pytest.mark.parametrize("document", [[], {}, {"keys": None}, "no"])
async def test_without_any_keys_nobody_is_signed_out(document: Any) -> None:
    project = Project()
    project.document = document
    for _ in range(2):
        with pytest.raises(Unavailable):
            await project.tokens.verify(project.token(ec.generate_private_key(ec.SECP256R1()), "ES256", "1"))
