"""Sign-in, sessions, and what a user may spend.

`Accounts` is what the web asks. Supabase Auth keeps the accounts; a session's tokens live in one sealed cookie of the
browser, are checked here on every request without asking anybody, and renewed once for all requests that come together.
"""
