"""What workers and pages need where containers come and go and share no disk, such as on Modal."""

from pydantic import SecretStr

from backend.config import Settings
from backend.domain import Unavailable

WORKER = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "SUPABASE_WORKER_TOKEN", "E2B_API_KEY")
PAGE = ("SUPABASE_URL", "SUPABASE_PUBLISHABLE_KEY", "CODEFLOW_SESSION_SECRET", "E2B_API_KEY")


def require(settings: Settings, variables: tuple[str, ...]) -> None:
    """Raises `Unavailable` that names those of the environment variables that are not set."""
    if missing := [variable for variable in variables if not value(settings, variable)]:
        raise Unavailable(
            f"CodeFlow cannot work here: {', '.join(missing)} missing. Its containers share no disk, so accounts and "
            "projects must be on Supabase and sandboxes on E2B. Put what is missing into .env and run "
            "`codeflow deploy modal` again: it keeps Modal's secret `codeflow`."
        )


def value(settings: Settings, variable: str) -> str:
    """What an environment variable is set to, secrets too; empty when it is not, or is its field's default."""
    name = next(name for name, field in Settings.model_fields.items() if field.alias == variable)
    if name not in settings.model_fields_set:
        return ""
    found = getattr(settings, name)
    return found.get_secret_value() if isinstance(found, SecretStr) else str(found or "")
