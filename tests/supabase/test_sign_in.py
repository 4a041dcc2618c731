"""Every way into an account, through the `supabase` package."""

import re
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from tests.supabase.clients import address, claims, client, credentials, refusal
from tests.supabase.project import SupabaseServer
from tests.supabase.start import SITE_URL


def query(url: str) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}


async def answered(url: str) -> str:
    """Where the redirects that start at `url` lead: the first address that is not the project's own."""
    async with httpx.AsyncClient() as browser:
        own = urlsplit(url).netloc
        while urlsplit(url).netloc == own:
            url = (await browser.get(url)).headers["location"]
        return url


async def test_signed_up_address_must_be_confirmed_before_the_password_opens(supabase_server: SupabaseServer) -> None:
    auth = (await client(supabase_server)).auth
    email = address()
    signed_up = await auth.sign_up({"email": email, "password": "correct horse"})
    assert signed_up.session is None
    attempt = auth.sign_in_with_password(credentials(email, "correct horse"))
    assert await refusal(attempt) == "email_not_confirmed"
    code = supabase_server.mail(email).code
    confirmed = await auth.verify_otp({"type": "email", "email": email, "token": code})
    assert confirmed.session
    signed_in = await auth.sign_in_with_password(credentials(email, "correct horse"))
    assert signed_up.user
    assert signed_in.user
    assert signed_in.user.id == signed_up.user.id


async def test_wrong_password_and_unknown_address_are_refused_alike(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    auth = (await client(supabase_server)).auth
    wrong = auth.sign_in_with_password(credentials(user.email, "wrong horse"))
    unknown = auth.sign_in_with_password(credentials(address(), "wrong horse"))
    assert await refusal(wrong) == await refusal(unknown) == "invalid_credentials"


async def test_signing_up_with_a_taken_address_tells_nothing_and_opens_nothing(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    auth = (await client(supabase_server)).auth
    again = await auth.sign_up({"email": user.email, "password": "another horse"})
    assert again.user
    assert again.session is None
    assert again.user.id != user.id
    assert await refusal(auth.sign_in_with_password(credentials(user.email, "another horse")))


async def test_one_time_code_signs_in_once(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    auth = (await client(supabase_server)).auth
    await auth.sign_in_with_otp({"email": user.email})
    code = supabase_server.mail(user.email).code
    signed_in = await auth.verify_otp({"type": "email", "email": user.email, "token": code})
    assert signed_in.user
    assert signed_in.user.id == user.id
    assert await refusal(auth.verify_otp({"type": "email", "email": user.email, "token": code})) == "otp_expired"


async def test_wrong_code_is_refused(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    auth = (await client(supabase_server)).auth
    await auth.sign_in_with_otp({"email": user.email})
    code = supabase_server.mail(user.email).code
    wrong = f"{(int(code) + 1) % 10**6:06}"
    assert await refusal(auth.verify_otp({"type": "email", "email": user.email, "token": wrong})) == "otp_expired"


async def test_code_for_a_new_address_confirms_it_only_when_it_comes_back(supabase_server: SupabaseServer) -> None:
    email = address()
    auth = (await client(supabase_server)).auth
    await auth.sign_in_with_otp({"email": email})
    known = "select confirmed_at from auth.users where email = %s"
    assert supabase_server.sql(known, email) == [{"confirmed_at": None}]
    await auth.verify_otp({"type": "email", "email": email, "token": supabase_server.mail(email).code})
    assert supabase_server.sql(known, email)[0]["confirmed_at"] is not None


async def test_mailed_token_signs_in_without_the_browser_that_asked(supabase_server: SupabaseServer) -> None:
    email = address()
    await (await client(supabase_server)).auth.sign_in_with_otp({"email": email})
    token_hash = supabase_server.mail(email).token_hash
    elsewhere = (await client(supabase_server)).auth
    signed_in = await elsewhere.verify_otp({"type": "email", "token_hash": token_hash})
    assert signed_in.user
    assert signed_in.user.email == email
    assert await refusal(elsewhere.verify_otp({"type": "email", "token_hash": token_hash})) == "otp_expired"


async def test_mailed_link_gives_a_code_that_only_the_asking_browser_can_use(supabase_server: SupabaseServer) -> None:
    email, back = address(), "http://127.0.0.1:4321/auth/callback"
    auth = (await client(supabase_server)).auth
    await auth.sign_in_with_otp({"email": email, "options": {"email_redirect_to": back}})
    landed = await answered(supabase_server.mail(email).link)
    assert landed.startswith(back)
    code = query(landed)["code"]
    thief = (await client(supabase_server)).auth
    stolen = thief.exchange_code_for_session({"auth_code": code, "code_verifier": "guessed", "redirect_to": ""})
    assert await refusal(stolen) == "bad_code_verifier"
    signed_in = await auth.exchange_code_for_session({"auth_code": code, "code_verifier": "", "redirect_to": ""})
    assert signed_in.user
    assert signed_in.user.email == email


async def test_mail_leads_to_the_site_where_the_request_names_no_place(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    supabase_server.set_site_url("http://127.0.0.1:4567")
    try:
        await (await client(supabase_server)).auth.sign_in_with_otp({"email": user.email})
    finally:
        supabase_server.set_site_url(SITE_URL)
    mail = supabase_server.mail(user.email)
    assert mail.redirect_to == query(mail.link)["redirect_to"] == "http://127.0.0.1:4567"
    assert mail.link.startswith(f"{supabase_server.url}/auth/v1/verify?")


async def test_mail_leads_nowhere_foreign(supabase_server: SupabaseServer) -> None:
    email = address()
    auth = (await client(supabase_server)).auth
    await auth.sign_in_with_otp({"email": email, "options": {"email_redirect_to": "https://evil.example/steal"}})
    mail = supabase_server.mail(email)
    assert "evil.example" not in mail.link + mail.html + mail.redirect_to


async def test_code_is_not_mailed_to_an_unknown_address_that_may_not_sign_up(supabase_server: SupabaseServer) -> None:
    auth = (await client(supabase_server)).auth
    attempt = auth.sign_in_with_otp({"email": address(), "options": {"should_create_user": False}})
    assert await refusal(attempt) == "otp_disabled"


async def test_refresh_token_is_replaced_and_an_older_one_ends_the_session(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    auth = (await client(supabase_server)).auth

    async def refreshed(token: str) -> str:
        session = (await auth.refresh_session(token)).session
        assert session
        return session.refresh_token

    second = await refreshed(user.refresh_token)
    assert second != user.refresh_token
    assert await refreshed(user.refresh_token) == second, "a lost answer can be asked for again"
    third = await refreshed(second)
    assert await refusal(auth.refresh_session(user.refresh_token)) == "refresh_token_already_used"
    assert await refusal(auth.refresh_session(third)) == "refresh_token_already_used"


@pytest.mark.parametrize("provider", ["github", "google"])
async def test_provider_signs_in_by_a_code_for_the_asking_browser(
    supabase_server: SupabaseServer, provider: Literal["github", "google"]
) -> None:
    email, back = address(), "http://127.0.0.1:4321/auth/callback"
    supabase_server.sign_in_at(provider, email)
    auth = (await client(supabase_server)).auth
    start = await auth.sign_in_with_oauth({"provider": provider, "options": {"redirect_to": back}})
    landed = await answered(start.url)
    assert landed.startswith(back)
    code = query(landed)["code"]
    thief = (await client(supabase_server)).auth
    stolen = thief.exchange_code_for_session({"auth_code": code, "code_verifier": "guessed", "redirect_to": ""})
    assert await refusal(stolen) == "bad_code_verifier"
    signed_in = await auth.exchange_code_for_session({"auth_code": code, "code_verifier": "", "redirect_to": ""})
    assert signed_in.user
    assert signed_in.session
    assert (signed_in.user.email, signed_in.user.app_metadata["provider"]) == (email, provider)
    assert (await claims(auth, signed_in.session.access_token))["amr"][0]["method"] == "oauth"


async def test_provider_with_the_same_verified_address_opens_the_same_account(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    supabase_server.sign_in_at("github", user.email)
    auth = (await client(supabase_server)).auth
    start = await auth.sign_in_with_oauth({"provider": "github"})
    code = query(await answered(start.url))["code"]
    signed_in = await auth.exchange_code_for_session({"auth_code": code, "code_verifier": "", "redirect_to": ""})
    assert signed_in.user
    assert signed_in.user.id == user.id


async def test_cancelling_at_the_provider_comes_back_with_an_error(supabase_server: SupabaseServer) -> None:
    supabase_server.sign_in_at("github", None)
    start = await (await client(supabase_server)).auth.sign_in_with_oauth(
        {"provider": "github", "options": {"redirect_to": "http://127.0.0.1:4321/auth/callback"}}
    )
    landed = await answered(start.url)
    assert landed.startswith("http://127.0.0.1:4321/auth/callback")
    assert query(landed)["error"] == "access_denied"


def test_settings_name_every_way_in(supabase_server: SupabaseServer) -> None:
    headers = {"apikey": supabase_server.publishable_key}
    settings = httpx.get(f"{supabase_server.url}/auth/v1/settings", headers=headers).json()
    ways = {name for name, on in settings["external"].items() if on}
    assert ways == {"email", "anonymous_users", "github", "google"}
    assert settings["mailer_autoconfirm"] is False


def test_mails_code_stands_in_its_text(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    httpx.post(
        f"{supabase_server.url}/auth/v1/recover",
        json={"email": user.email},
        headers={"apikey": supabase_server.publishable_key},
    ).raise_for_status()
    mail = supabase_server.mail(user.email)
    assert re.fullmatch(r"\d{6}", mail.code)
    assert mail.code in mail.text
    assert query(mail.link)["token"] == mail.token_hash
