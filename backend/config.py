"""Settings: every environment variable CodeFlow reads, typed, in one place.

Read once at start from the environment and a `.env` file. Secrets are `SecretStr`: they print as stars.
"""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

import platformdirs
from pydantic import AfterValidator, Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: `prompts/`, `template/` and `ui/` stand here."""

_DOMAIN = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)*(:\d{1,5})?")

ProviderName = Literal["openai", "gemini", "compatible", "ollama", "demo"]


def _origin(value: str) -> str:
    """`https://previews.example.com` of a domain with or without its scheme."""
    parts = urlsplit(value if "://" in value else f"https://{value}")
    name = parts.netloc.lower().strip(".")
    if parts.scheme not in ("http", "https") or not _DOMAIN.fullmatch(name) or parts.path.strip("/"):
        raise ValueError(
            "say a domain, such as previews.example.com or http://previews.lan:3900, without a * or a path"
        )
    return f"{parts.scheme}://{name}"


PreviewDomain = Annotated[str, AfterValidator(_origin)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(env_file=".env", env_file_encoding="utf-8", extra="ignore", frozen=True)

    data_dir: Path = Field(default_factory=lambda: platformdirs.user_data_path("codeflow"), alias="CODEFLOW_DATA_DIR")
    """All state: the database and running sandboxes. Default: the platform's data directory."""
    cache_dir: Path = Field(
        default_factory=lambda: platformdirs.user_cache_path("codeflow"), alias="CODEFLOW_CACHE_DIR"
    )
    """Downloads shared by all: npm packages, the template's compiled cache, a browser."""

    host: str = Field(default="127.0.0.1", alias="CODEFLOW_HOST")
    port: int = Field(default=7860, alias="CODEFLOW_PORT")

    log_format: Literal["text", "json"] = Field(default="text", alias="CODEFLOW_LOG")
    """`text`: lines for people, warnings and worse. `json`: an object a line for programs, with each run's milestones."""
    metrics_token: SecretStr | None = Field(default=None, alias="CODEFLOW_METRICS_TOKEN")
    """Opens `/metrics` as a bearer token. Missing: only this machine may ask; with Supabase, nobody."""

    ai_provider: ProviderName | None = Field(default=None, alias="AI_PROVIDER")
    """Missing: the first of openai, gemini, compatible that has its variables, then a local Ollama that answers, then demo."""
    ai_model: str | None = Field(default=None, alias="AI_MODEL")
    """The coder's model; missing: the provider's default."""
    ai_model_small: str | None = Field(default=None, alias="AI_MODEL_SMALL")
    """The namer's model."""
    openai_api_key: SecretStr | None = Field(default=None, alias="OPENAI_API_KEY")
    openai_base_url: str | None = Field(default=None, alias="OPENAI_BASE_URL")
    """Any server that speaks OpenAI's chat API; sets the provider to `compatible`."""
    compatible_api_key: SecretStr | None = Field(default=None, alias="COMPATIBLE_API_KEY")
    """The key of the server at OPENAI_BASE_URL. Missing: OPENAI_API_KEY is, and OpenAI does not see it."""
    gemini_api_key: SecretStr | None = Field(default=None, alias="GEMINI_API_KEY")
    ai_fallback: str = Field(default="", alias="AI_FALLBACK")
    """Who is asked when the model does not answer, in order: `gemini,compatible:qwen3-coder,openai:gpt-6-luna`. Missing:
    every other provider with a key; `none`: nobody."""
    ai_models: str = Field(default="", alias="AI_MODELS")
    """What projects may choose from beside the models in force, written alike: `openai:gpt-6-luna,gemini`."""
    ai_critic: bool = Field(default=True, alias="AI_CRITIC")
    """Whether a model that sees looks at pictures of what was built, and has the coder repair what it finds."""
    ai_price_input: float = Field(default=4.0, gt=0, alias="AI_PRICE_INPUT")
    """Dollars for a million input tokens of a model that no public price list names."""
    ai_price_output: float = Field(default=18.0, gt=0, alias="AI_PRICE_OUTPUT")
    """The same for output tokens."""
    ollama_host: str = Field(default="http://127.0.0.1:11434", alias="OLLAMA_HOST")
    run_budget_micros: int = Field(default=3_000_000, alias="CODEFLOW_RUN_BUDGET_MICROS")
    """Hard cap of one run's model spend, in millionths of a US dollar."""
    run_max_steps: int = Field(default=80, alias="CODEFLOW_RUN_MAX_STEPS")
    """Hard cap of model calls in one run."""
    run_max_s: float = Field(default=3600, alias="CODEFLOW_RUN_MAX_S")
    """Hard cap of one run's seconds of work, over all workers that had it; 0: none."""
    demo_pace: float = Field(default=1.0, alias="CODEFLOW_DEMO_PACE")
    """How slowly the demo model types: 1 is like a fast model, 0 as fast as possible."""

    e2b_api_key: SecretStr | None = Field(default=None, alias="E2B_API_KEY")
    """Set: sandboxes on E2B. Missing: the embedded sandbox host."""
    e2b_api_url: str | None = Field(default=None, alias="E2B_API_URL")
    """With `E2B_API_KEY`: another host that speaks E2B's API, such as `codeflow sandboxes` on a larger machine."""
    e2b_domain: str | None = Field(default=None, alias="E2B_DOMAIN")
    """That host's domain, which sandboxes' addresses end in."""
    e2b_template: str = Field(default="codeflow-nextjs", alias="CODEFLOW_E2B_TEMPLATE")
    sandbox_timeout_s: int = Field(default=300, ge=120, alias="CODEFLOW_SANDBOX_TIMEOUT")
    """A sandbox is paused so many seconds after no run works in it and no page shows its project any more; it wakes when
    its preview is opened. E2B bills the seconds in which it is not."""
    sandbox_keep_s: int = Field(default=604_800, gt=0, alias="CODEFLOW_SANDBOX_KEEP")
    """A paused sandbox that nobody came back to for so many seconds is ended; its project's files are in the store."""
    sandbox_pool: int = Field(default=1, alias="CODEFLOW_SANDBOX_POOL")
    """Booted sandboxes the embedded host keeps ready."""
    sandbox_egress: str = Field(default="", alias="CODEFLOW_SANDBOX_EGRESS")
    """Hosts that code in the embedded host's sandboxes may reach besides the npm registry, with commas between:
    `api.example.com`, `.example.com` for all under it, `10.0.0.5:8080` or `api.internal:443` for what is not on the public
    internet."""
    unsafe_local: bool = Field(default=False, alias="CODEFLOW_UNSAFE_LOCAL")
    """Run sandboxes as plain processes, with NO isolation. Only where bubblewrap cannot work, and only for code you trust."""
    chromium: Path | None = Field(default=None, alias="CODEFLOW_CHROMIUM")
    """The browser the checks open pages in; missing: the system's Chromium, else one from the npm registry."""

    supabase_url: str | None = Field(default=None, alias="SUPABASE_URL")
    """`https://<project>.supabase.co`. With the publishable key: many users, who sign in. Missing: SQLite, one user."""
    supabase_publishable_key: str | None = Field(default=None, alias="SUPABASE_PUBLISHABLE_KEY")
    supabase_worker_token: SecretStr | None = Field(default=None, alias="SUPABASE_WORKER_TOKEN")
    """A JWT of the role `codeflow_worker`: this process works on runs. Missing, with Supabase: workers run elsewhere."""
    supabase_secret_key: SecretStr | None = Field(default=None, alias="SUPABASE_SECRET_KEY")
    """For the operator's commands (`codeflow tier`, `codeflow secret`) only; keep it off servers."""
    sign_in_with: str = Field(default="", alias="CODEFLOW_SIGN_IN_WITH")
    """OAuth providers switched on in the Supabase project, of `github,google`."""
    session_secret: SecretStr | None = Field(default=None, alias="CODEFLOW_SESSION_SECRET")
    """Seals the session cookie: 32 characters or more, the same in every web process. Missing: kept in the data
    directory, so sign-ins end when that is lost."""
    secrets_key: SecretStr | None = Field(default=None, alias="CODEFLOW_SECRETS_KEY")
    """Seals the values of apps' variables: 32 characters or more, the same in every web process and worker. Missing: kept
    in the data directory, so the values are lost with that."""
    public_url: str | None = Field(default=None, alias="CODEFLOW_PUBLIC_URL")
    """Where people reach the page, `https://codeflow.example.com`: for links in e-mails and shares. Missing: the address
    of the request."""
    upgrade_url: str | None = Field(default=None, alias="CODEFLOW_UPGRADE_URL")
    """Where Pro is bought, for example a Stripe payment link; `client_reference_id` is added."""

    preview_domain: PreviewDomain | None = Field(default=None, alias="CODEFLOW_PREVIEW_DOMAIN")
    """Every name under it leads to this machine's sandboxes, so that other machines can open their previews:
    `previews.example.com` behind a proxy that ends TLS, or `http://previews.lan:3900`. Kept as an origin. Missing:
    `*.localhost`, for this machine alone."""
    preview_port: int = Field(default=0, alias="CODEFLOW_PREVIEW_PORT")
    """Where the embedded sandbox host listens, for the proxy to know; 0: any free port."""
    preview_bind: str = Field(default="127.0.0.1", alias="CODEFLOW_PREVIEW_BIND")
    """On which address; `0.0.0.0` lets other machines come without a proxy. They get previews, never the host's API."""
    preview_origins: str = Field(default="", alias="CODEFLOW_PREVIEW_ORIGINS")
    """Where the sandboxes' previews are served from, when it is neither this machine nor E2B's own domain: sources of a
    Content-Security-Policy, `https://*.sandboxes.example.com`, with spaces between."""

    workers: int = Field(default=2, alias="CODEFLOW_WORKERS")
    """Runs worked on at once in this process; 0 when workers run elsewhere."""
    lease_s: float = Field(default=15.0, alias="CODEFLOW_LEASE")
    """A worker silent for so many seconds has lost its run."""
    dispatch_url: str | None = Field(default=None, alias="CODEFLOW_DISPATCH_URL")
    """Address of the `dispatch` function on Modal: it is told of queued runs, and this process works on none."""
    dispatch_key: SecretStr | None = Field(default=None, alias="CODEFLOW_DISPATCH_KEY")
    """A Modal proxy token's id, `wk-…`."""
    dispatch_secret: SecretStr | None = Field(default=None, alias="CODEFLOW_DISPATCH_SECRET")
    """The proxy token's secret, `ws-…`."""

    @property
    def sandbox_egress_hosts(self) -> list[str]:
        return [host.strip() for host in self.sandbox_egress.split(",") if host.strip()]

    @property
    def sign_in_providers(self) -> set[str]:
        """What `sign_in_with` names, which need not exist."""
        return {name.strip().lower() for name in self.sign_in_with.split(",")} - {""}

    @property
    def multi_user(self) -> bool:
        return bool(self.supabase_url and self.supabase_publishable_key)

    @cached_property
    def database(self) -> Path:
        return self.data_dir / "codeflow.db"
