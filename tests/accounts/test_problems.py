"""What Supabase Auth answers in trouble, through its real client, and what the person hears of it."""

import json
import logging
import time
from datetime import UTC, datetime
from typing import Any

import httpx
import jwt
import pytest

from backend.accounts.gotrue import GoTrue
from backend.accounts.grants import Grant
from backend.domain import CodeFlowError, InvalidInput, LimitKind, LimitReached, NotSignedIn, Unavailable

EMAIL = "ada@example.com"
SESSION: dict[str, Any] = {
    "access_token": "h.e30.s",
    "refresh_token": "r1",
    "expires_in": 3600,
    "token_type": "bearer",
    "user": {"id": "1", "app_metadata": {}, "user_metadata": {}, "aud": "authenticated", "created_at": "2026-01-01"},
}


def gotrue(answer: httpx.Response | Exception) -> GoTrue:
    def answered(request: httpx.Request) -> httpx.Response:
        if isinstance(answer, Exception):
            raise answer
        return answer

    return GoTrue("https://x.supabase.co", "key", httpx.AsyncClient(transport=httpx.MockTransport(answered)))


def refusal(status: int, code: str | None, message: str = f"about {EMAIL}", **more: Any) -> httpx.Response:
    return httpx.Response(status, json={"code": status, "error_code": code, "msg": message, **more})


REFUSALS: list[tuple[httpx.Response | Exception, type[CodeFlowError], str]] = [
    (refusal(400, "invalid_credentials"), InvalidInput, "The e-mail address or the password is wrong"),
    (refusal(400, "email_not_confirmed"), InvalidInput, "not confirmed yet"),
    (refusal(422, "user_already_exists"), InvalidInput, "Sign in, or reset its password"),
    (refusal(422, "signup_disabled"), InvalidInput, "New accounts are switched off"),
    (refusal(422, "anonymous_provider_disabled"), InvalidInput, "switched off here"),
    (refusal(400, "email_address_invalid"), InvalidInput, "cannot be delivered"),
    (refusal(403, "user_banned"), InvalidInput, "blocked"),
    (refusal(422, "weak_password", "At least 8.", weak_password={"reasons": ["length"]}), InvalidInput, "At least 8."),
    (refusal(422, "validation_failed", "Password cannot be longer than 72 characters"), InvalidInput, "72"),
    (refusal(400, "something_new"), InvalidInput, "refused this sign-in"),
    (refusal(400, "email_address_not_authorized"), Unavailable, "Set up SMTP"),
    (refusal(400, "captcha_failed"), Unavailable, "captcha"),
    (refusal(429, "over_request_rate_limit"), LimitReached, "Wait 60 seconds"),
    (refusal(429, "over_email_send_rate_limit", "only after 43 seconds."), LimitReached, "Wait 43 seconds"),
    (httpx.Response(401, json={"message": "Invalid API key"}), Unavailable, "SUPABASE_PUBLISHABLE_KEY"),
    (refusal(500, "unexpected_failure"), Unavailable, "does not answer"),
    (httpx.Response(503, text="upstream"), Unavailable, "does not answer"),
    (httpx.Response(200, text="<html>a captive portal"), Unavailable, "does not answer"),
    (httpx.Response(200, json={"another": "service"}), Unavailable, "does not answer"),
    (httpx.Response(404, text="<html>nothing here"), Unavailable, "does not answer"),
    (httpx.ConnectError("no route to host"), Unavailable, "does not answer"),
    (httpx.ReadTimeout("too slow"), Unavailable, "does not answer"),
]


@pytest.mark.parametrize(("answer", "kind", "said"), REFUSALS, ids=[said for _, _, said in REFUSALS])
async def test_trouble_is_told_in_words(
    answer: httpx.Response | Exception,
    kind: type[CodeFlowError],
    said: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    with pytest.raises(CodeFlowError) as told:
        await gotrue(answer).sign_in(EMAIL, "the password")
    assert issubclass(type(told.value), kind)
    assert said in told.value.message
    assert EMAIL not in told.value.message
    assert EMAIL not in caplog.text
    assert "the password" not in caplog.text


async def test_a_limit_of_the_project_says_when_it_is_over() -> None:
    with pytest.raises(LimitReached) as told:
        await gotrue(refusal(429, "over_email_send_rate_limit", "only after 43 seconds.")).send_link(EMAIL, "/")
    assert told.value.kind is LimitKind.RATE
    assert told.value.resets_at
    assert 40 < (told.value.resets_at - datetime.now(UTC)).total_seconds() <= 43


@pytest.mark.parametrize(
    "answer",
    [
        refusal(400, "refresh_token_not_found"),
        refusal(400, "refresh_token_already_used"),
        refusal(403, "session_not_found"),
        refusal(403, "user_banned"),
        refusal(400, "validation_failed"),
    ],
)
async def test_a_refused_renewal_ends_the_session(answer: httpx.Response) -> None:
    with pytest.raises(NotSignedIn):
        await gotrue(answer).refresh("r1")


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(500, json={"code": 500, "msg": "x"}),
        httpx.Response(401, json={"message": "Invalid API key"}),
        refusal(429, "over_request_rate_limit"),
        httpx.ConnectError("no route to host"),
    ],
)
async def test_trouble_with_a_renewal_does_not(answer: httpx.Response | Exception) -> None:
    with pytest.raises((Unavailable, LimitReached)):
        await gotrue(answer).refresh("r1")


async def test_a_project_that_confirms_by_itself_signs_up_at_once() -> None:
    assert await gotrue(httpx.Response(200, json=SESSION)).sign_up(EMAIL, "x", "/") == Grant("h.e30.s", "r1")


async def test_a_project_that_confirms_by_itself_upgrades_at_once_with_a_token_that_says_so() -> None:
    account = {**SESSION["user"], "email": EMAIL, "is_anonymous": False}
    renewed = {**SESSION, "access_token": "h.e30.t", "refresh_token": "r2", "user": account}
    changed: list[dict[str, Any]] = []

    def answered(request: httpx.Request) -> httpx.Response:
        if request.url.path.endswith("/token"):
            return httpx.Response(200, json=renewed)
        if request.method == "PUT":
            changed.append(json.loads(request.content))
        return httpx.Response(200, json=account if changed else {**SESSION["user"], "is_anonymous": True})

    auth = GoTrue("https://x.supabase.co", "key", httpx.AsyncClient(transport=httpx.MockTransport(answered)))
    trial = Grant(jwt.encode({"exp": int(time.time()) + 3600}, "s" * 32), "r1")
    assert await auth.upgrade(trial, EMAIL, "a password", "/") == (Grant("h.e30.t", "r2"), True)
    assert changed == [{"email": EMAIL, "password": "a password"}]


async def test_the_first_of_two_mails_about_a_new_address_is_not_enough() -> None:
    said = {"code": "200", "msg": "Please proceed to confirm link sent to the other email"}
    assert await gotrue(httpx.Response(200, json=said)).verify_link("hash", "email_change") is None


async def test_a_wrong_key_is_told_at_the_start() -> None:
    with pytest.raises(Unavailable, match="SUPABASE_PUBLISHABLE_KEY"):
        await gotrue(httpx.Response(401, json={"message": "Invalid API key"})).settings()


async def test_what_a_grant_is_worth_is_not_printed() -> None:
    assert "secret" not in repr(Grant("secret", "secret"))
    assert "secret" not in json.dumps(str(Grant("secret", "secret")))
