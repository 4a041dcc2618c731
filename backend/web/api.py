"""The HTTP application: every route but the page itself."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from backend.web.account import account_routes
from backend.web.billing import billing_routes
from backend.web.errors import add_error_answers
from backend.web.files import file_routes
from backend.web.followups import followup_routes
from backend.web.health import health_routes
from backend.web.projects import project_routes
from backend.web.security import Security, allowed_hosts, preview_sources
from backend.web.services import Services
from backend.web.session import AccountSession, LocalSession
from backend.web.settings import settings_routes
from backend.web.shares import share_routes
from backend.web.status import status_routes

ROOMS = (
    health_routes,
    status_routes,
    project_routes,
    followup_routes,
    file_routes,
    settings_routes,
    share_routes,
    account_routes,
    billing_routes,
)


def create_api(services: Services) -> FastAPI:
    """Opening and closing `services` is the caller's."""
    settings, accounts = services.settings, services.accounts
    session = Middleware(AccountSession, accounts=accounts) if accounts else Middleware(LocalSession)
    api = FastAPI(
        title="CodeFlow",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[
            Middleware(Security, hosts=allowed_hosts(settings.host), frames=preview_sources(settings)),
            session,
        ],
    )
    add_error_answers(api, settings.upgrade_url)
    for routes in ROOMS:
        api.include_router(routes(services))
    if accounts:
        # Brings the `supabase` package with it, which an installation without accounts never loads.
        from backend.web.auth import auth_routes

        api.include_router(auth_routes(accounts, settings, services.limits))
    return api
