"""The worker's token: signed by whichever key the project has, good for one thing and for so long."""

import json
import time
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jwt.algorithms import ECAlgorithm
from typer.testing import CliRunner

from backend.cli.main import cli
from backend.cli.worker_token import DAY_S
from backend.domain import InvalidInput
from backend.store.supabase import SupabaseStore
from tests.supabase.project import SupabaseServer

LEGACY = "a-legacy-jwt-secret-of-enough-characters"


def pem(key: Any) -> str:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def token(tmp_path: Path, content: str, *options: str) -> str:
    file = tmp_path / "signing-key"
    file.write_text(content)
    result = CliRunner().invoke(cli, ["worker-token", "--key", str(file), *options], catch_exceptions=False)
    assert result.exit_code == 0
    return result.stdout.strip()


@pytest.mark.parametrize(
    ("key", "algorithm"),
    [
        (ec.generate_private_key(ec.SECP256R1()), "ES256"),
        (rsa.generate_private_key(65537, 2048), "RS256"),
        (ed25519.Ed25519PrivateKey.generate(), "EdDSA"),
    ],
)
def test_each_kind_of_key_supabase_uses_signs_it(tmp_path: Path, key: Any, algorithm: str) -> None:
    made = token(tmp_path, pem(key), "--days", "30", "--kid", "key-1")
    assert jwt.get_unverified_header(made) == {"alg": algorithm, "kid": "key-1", "typ": "JWT"}
    claims = jwt.decode(made, key.public_key(), [algorithm])
    assert claims["role"] == "codeflow_worker"
    assert "sub" not in claims, "it is no user's"
    assert claims["exp"] - claims["iat"] == 30 * DAY_S
    assert abs(claims["iat"] - time.time()) < 60


@pytest.mark.parametrize("listed", [True, False])
def test_a_private_jwk_brings_its_own_name(tmp_path: Path, listed: bool) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    jwk = {**ECAlgorithm.to_jwk(key, as_dict=True), "kid": "from-supabase", "alg": "ES256"}
    made = token(tmp_path, json.dumps([jwk] if listed else jwk))
    assert jwt.get_unverified_header(made)["kid"] == "from-supabase"
    assert jwt.decode(made, key.public_key(), ["ES256"])["role"] == "codeflow_worker"


def test_the_legacy_secret_signs_it_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SUPABASE_URL", "https://abc.supabase.co/")
    made = token(tmp_path, f"{LEGACY}\n")
    claims = jwt.decode(made, LEGACY, ["HS256"])
    assert claims["iss"] == "https://abc.supabase.co/auth/v1"
    assert claims["exp"] - claims["iat"] == 365 * DAY_S


PUBLIC = json.dumps(ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()).public_key(), as_dict=True))


@pytest.mark.parametrize(
    ("content", "options", "told"),
    [
        ("short", (), "no key"),
        (PUBLIC, (), "public half"),
        ("{not json", (), "not a private JWK"),
        ("[]", (), "not a private JWK"),
        ("-----BEGIN PRIVATE KEY-----\nnope\n-----END PRIVATE KEY-----", (), "not a private key"),
        (pem(ec.generate_private_key(ec.SECP384R1())), (), "does not use"),
        (LEGACY, ("--days", "0"), "from 1 to"),
    ],
)
def test_what_is_no_key_is_told_without_showing_it(
    tmp_path: Path, content: str, options: tuple[str, ...], told: str
) -> None:
    with pytest.raises(InvalidInput, match=told) as refused:
        token(tmp_path, content, *options)
    assert content not in refused.value.message


async def test_a_real_project_lets_its_bearer_work_and_see_no_users_rows(
    tmp_path: Path, supabase_server: SupabaseServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUPABASE_URL", supabase_server.url)
    made = token(tmp_path, json.dumps(supabase_server.jwt_private_jwk))
    store = await SupabaseStore.open(supabase_server.url, supabase_server.publishable_key, made)
    try:
        assert await store.pending() >= 0
    finally:
        await store.close()
