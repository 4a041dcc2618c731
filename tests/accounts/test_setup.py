"""An installation that nobody could sign in to says so at its start."""

from pathlib import Path

import pytest

from backend.accounts.accounts import Accounts
from backend.config import Settings
from backend.domain import Unavailable
from tests.accounts.conftest import SECRET
from tests.supabase.postgres import free_port
from tests.supabase.project import SupabaseServer


def settings(folder: Path, **values: str) -> Settings:
    given = {
        "SUPABASE_URL": "https://x.supabase.co",
        "SUPABASE_PUBLISHABLE_KEY": "key",
        "CODEFLOW_SESSION_SECRET": SECRET,
        **values,
    }
    return Settings(_env_file=None, CODEFLOW_DATA_DIR=folder, **given)  # pyright: ignore[reportCallIssue, reportArgumentType]


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"SUPABASE_URL": "x.supabase.co"}, "https://<project>.supabase.co"),
        ({"CODEFLOW_SESSION_SECRET": "short"}, "CODEFLOW_SESSION_SECRET"),
        ({"CODEFLOW_SIGN_IN_WITH": "github,facebook"}, "facebook"),
    ],
)
def test_a_wrong_variable_is_named(tmp_path: Path, values: dict[str, str], said: str) -> None:
    with pytest.raises(Unavailable, match=said):
        Accounts.open(settings(tmp_path, **values))


async def test_providers_are_those_switched_on(tmp_path: Path) -> None:
    accounts = Accounts.open(settings(tmp_path, CODEFLOW_SIGN_IN_WITH=" Google, github,"))
    assert accounts.providers == ("github", "google")
    await accounts.close()


async def test_a_project_that_answers_is_fine(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    accounts = Accounts.open(
        settings(
            tmp_path, SUPABASE_URL=f"{supabase_server.url}/", SUPABASE_PUBLISHABLE_KEY=supabase_server.publishable_key
        )
    )
    await accounts.check()
    user = supabase_server.sign_up()
    assert (await accounts.sign_in(user.email, user.password)).user.id == user.id
    await accounts.close()


async def test_a_project_that_does_not_is_told(tmp_path: Path) -> None:
    accounts = Accounts.open(settings(tmp_path, SUPABASE_URL=f"http://127.0.0.1:{free_port()}"))
    with pytest.raises(Unavailable, match="does not answer"):
        await accounts.check()
    with pytest.raises(Unavailable, match="does not answer"):
        await accounts.sign_in("ada@example.com", "x")
    await accounts.close()


async def test_a_page_of_another_project_opens_nothing(supabase_server: SupabaseServer, tmp_path: Path) -> None:
    """The same secret, and a cookie of a session elsewhere."""
    key = {"SUPABASE_PUBLISHABLE_KEY": supabase_server.publishable_key}
    here = Accounts.open(settings(tmp_path, SUPABASE_URL=supabase_server.url, **key))
    user = supabase_server.sign_up()
    cookie = here.sessions.cookie(await here.sign_in(user.email, user.password), framed=False)
    other = Accounts.open(settings(tmp_path, SUPABASE_URL=supabase_server.url.replace("127.0.0.1", "localhost"), **key))
    assert await here.sessions.resume(cookie)
    assert await other.sessions.resume(cookie) is None
    await here.close()
    await other.close()
