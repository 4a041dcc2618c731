"""The HTTP application: every route but the page itself."""

from fastapi import FastAPI
from starlette.middleware import Middleware

from backend.web.errors import add_error_answers
from backend.web.files import file_routes
from backend.web.projects import project_routes
from backend.web.security import Security, allowed_hosts
from backend.web.services import Services
from backend.web.session import LocalSession
from backend.web.status import status_routes


def create_api(services: Services) -> FastAPI:
    """Opening and closing `services` is the caller's."""
    hosts = allowed_hosts(services.settings.host)
    api = FastAPI(
        title="CodeFlow",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        middleware=[Middleware(Security, hosts=hosts), Middleware(LocalSession)],
    )
    add_error_answers(api)
    for routes in (status_routes(services), project_routes(services), file_routes(services)):
        api.include_router(routes)
    return api
