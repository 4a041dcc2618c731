"""Sign-in, sessions, and what a user may spend."""
