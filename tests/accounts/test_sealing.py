"""What the browser keeps for us is opened only by us, only for its purpose, only for a while."""

import base64
import stat
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from backend.accounts.sealing import KEY_FILE, Seal
from backend.config import Settings
from backend.domain import Unavailable

OLD = "an old secret of more than 32 characters"
NEW = "a new secret of more than 32 characters"


def settings(folder: Path, secret: str | None = None) -> Settings:
    given = {"CODEFLOW_SESSION_SECRET": secret} if secret else {}
    return Settings(_env_file=None, CODEFLOW_DATA_DIR=folder, **given)  # pyright: ignore[reportCallIssue, reportArgumentType]


def test_what_is_sealed_comes_back_and_cannot_be_read_meanwhile() -> None:
    seal = Seal([NEW])
    text = seal.seal(b"the tokens", "session")
    assert seal.open(text, "session", 60) == b"the tokens"
    assert b"tokens" not in base64.urlsafe_b64decode(text + "==")
    assert text != seal.seal(b"the tokens", "session")


def test_no_bit_of_it_can_be_changed() -> None:
    seal = Seal([NEW])
    raw = base64.urlsafe_b64decode(seal.seal(b"the tokens", "session") + "==")
    for place in range(len(raw)):
        changed = bytearray(raw)
        changed[place] ^= 1
        assert seal.open(base64.urlsafe_b64encode(changed).decode().rstrip("="), "session", 60) is None


@pytest.mark.parametrize("text", ["", "A", "AAAA", "=", "é", "a.b", "A" * 15, "A" * 4000])
def test_nonsense_opens_nothing(text: str) -> None:
    assert Seal([NEW]).open(text, "session", 60) is None


def test_another_purpose_or_another_secret_opens_nothing() -> None:
    text = Seal([NEW]).seal(b"x", "session")
    assert Seal([NEW]).open(text, "oauth", 60) is None
    assert Seal([OLD]).open(text, "session", 60) is None


def test_it_is_good_for_a_while_only(monkeypatch: pytest.MonkeyPatch) -> None:
    seal = Seal([NEW])
    text = seal.seal(b"x", "session")
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + 59)
    assert seal.open(text, "session", 60) == b"x"
    monkeypatch.setattr(time, "time", lambda: now + 62)
    assert seal.open(text, "session", 60) is None
    monkeypatch.setattr(time, "time", lambda: now - 3600)
    assert seal.open(text, "session", 60) is None


def test_a_new_secret_seals_while_old_ones_still_open(tmp_path: Path) -> None:
    before = Seal.for_settings(settings(tmp_path, OLD)).seal(b"x", "session")
    rotated = Seal.for_settings(settings(tmp_path, f"{NEW}, {OLD}"))
    assert rotated.open(before, "session", 60) == b"x"
    assert Seal([NEW]).open(rotated.seal(b"y", "session"), "session", 60) == b"y"
    assert Seal([OLD]).open(rotated.seal(b"y", "session"), "session", 60) is None


@pytest.mark.parametrize("secret", ["short", f"{NEW},short", ","])
def test_a_short_secret_is_refused_with_a_way_out(tmp_path: Path, secret: str) -> None:
    with pytest.raises(Unavailable, match="token_urlsafe") as refused:
        Seal.for_settings(settings(tmp_path, secret))
    assert NEW not in refused.value.message


def test_without_a_secret_one_is_kept_for_the_owner_alone(tmp_path: Path) -> None:
    text = Seal.for_settings(settings(tmp_path / "data")).seal(b"x", "session")
    file = tmp_path / "data" / KEY_FILE
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert Seal.for_settings(settings(tmp_path / "data")).open(text, "session", 60) == b"x"


def test_processes_that_start_together_keep_one_secret(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        seals = list(pool.map(lambda _: Seal.for_settings(settings(tmp_path)), range(16)))
    text = seals[0].seal(b"x", "session")
    assert all(seal.open(text, "session", 60) == b"x" for seal in seals)
    assert [file.name for file in tmp_path.iterdir()] == [KEY_FILE]


def test_a_secret_that_cannot_be_kept_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(Unavailable, match="CODEFLOW_SESSION_SECRET"):
        Seal.for_settings(settings(blocked))
