"""What happens to an account: a trial made permanent, a password replaced, sessions ended, all of it deleted."""

from tests.supabase.clients import address, claims, client, credentials, refusal
from tests.supabase.project import SupabaseServer


async def test_anonymous_user_becomes_permanent_and_stays_the_same_user(supabase_server: SupabaseServer) -> None:
    auth = (await client(supabase_server)).auth
    trial = await auth.sign_in_anonymously()
    assert trial.user
    assert trial.session
    assert trial.user.is_anonymous
    assert (await claims(auth, trial.session.access_token))["is_anonymous"] is True
    email = address()
    await auth.update_user({"email": email, "password": "correct horse"})
    mail = supabase_server.mail(email)
    assert mail.kind == "email_change"
    confirmed = await auth.verify_otp({"type": "email_change", "email": email, "token": mail.code})
    assert confirmed.user
    assert (confirmed.user.id, confirmed.user.email) == (trial.user.id, email)
    assert not confirmed.user.is_anonymous
    fresh = (await client(supabase_server)).auth
    returned = await fresh.sign_in_with_password(credentials(email, "correct horse"))
    assert returned.user
    assert returned.user.id == trial.user.id


async def test_anonymous_user_needs_an_address_before_a_password(supabase_server: SupabaseServer) -> None:
    auth = (await client(supabase_server)).auth
    await auth.sign_in_anonymously()
    assert await refusal(auth.update_user({"password": "correct horse"})) == "validation_failed"


async def test_forgotten_password_is_replaced_and_other_sessions_end(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    auth = (await client(supabase_server)).auth
    await auth.reset_password_for_email(user.email)
    mail = supabase_server.mail(user.email)
    assert mail.kind == "recovery"
    recovered = await auth.verify_otp({"type": "recovery", "token_hash": mail.token_hash})
    assert recovered.session
    await auth.update_user({"password": "a brand new horse"})
    fresh = (await client(supabase_server)).auth
    old = fresh.sign_in_with_password(credentials(user.email, user.password))
    assert await refusal(old) == "invalid_credentials"
    assert await refusal(fresh.refresh_session(user.refresh_token))
    assert (await fresh.sign_in_with_password(credentials(user.email, "a brand new horse"))).user


async def test_changed_password_ends_the_other_sessions_and_not_this_one(supabase_server: SupabaseServer) -> None:
    phone = supabase_server.sign_up()
    auth = (await client(supabase_server)).auth
    await auth.sign_in_with_password(credentials(phone.email, phone.password))
    await auth.reauthenticate()
    assert supabase_server.mail(phone.email).kind == "reauthentication"
    await auth.update_user({"password": "a brand new horse"})
    assert (await auth.refresh_session()).session
    assert await refusal(auth.refresh_session(phone.refresh_token))


async def test_signing_out_everywhere_ends_every_session(supabase_server: SupabaseServer) -> None:
    phone = supabase_server.sign_up()
    laptop = supabase_server.sign_in(phone)
    auth = (await client(supabase_server)).auth
    await auth.admin.sign_out(laptop.access_token, "global")
    assert await refusal(auth.get_user(phone.access_token)) == "session_not_found"
    assert await refusal(auth.refresh_session(phone.refresh_token))
    assert await refusal(auth.refresh_session(laptop.refresh_token))


async def test_signing_out_here_leaves_the_other_session(supabase_server: SupabaseServer) -> None:
    phone = supabase_server.sign_up()
    laptop = supabase_server.sign_in(phone)
    auth = (await client(supabase_server)).auth
    await auth.admin.sign_out(laptop.access_token, "local")
    assert await refusal(auth.refresh_session(laptop.refresh_token))
    assert (await auth.refresh_session(phone.refresh_token)).session


async def test_operator_deletes_a_user_and_nobody_else_can(supabase_server: SupabaseServer) -> None:
    user = supabase_server.sign_up()
    assert await refusal((await client(supabase_server)).auth.admin.delete_user(user.id)) == "not_admin"
    assert await refusal((await client(supabase_server, user.access_token)).auth.admin.delete_user(user.id))
    operator = (await client(supabase_server, key=supabase_server.secret_key)).auth
    await operator.admin.delete_user(user.id)
    assert await refusal(operator.admin.delete_user(user.id)) == "user_not_found"
    gone = operator.sign_in_with_password(credentials(user.email, user.password))
    assert await refusal(gone) == "invalid_credentials"
    assert supabase_server.sql("select from auth.sessions where user_id = %s", user.id) == []
