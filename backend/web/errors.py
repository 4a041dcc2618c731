"""Errors as JSON: `{"error": {"code", "message"}}`, and for a limit what `limit_details` tells."""

import logging
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, ConfigDict
from starlette.exceptions import HTTPException
from starlette.responses import JSONResponse

from backend.domain import Busy, CodeFlowError, InvalidInput, LimitReached, NotFound, NotSignedIn, Unavailable
from backend.web.upgrade import limit_details

log = logging.getLogger(__name__)

STATUS: dict[type[CodeFlowError], tuple[int, str]] = {
    InvalidInput: (422, "invalid_input"),
    NotFound: (404, "not_found"),
    NotSignedIn: (401, "not_signed_in"),
    Busy: (409, "busy"),
    LimitReached: (429, "limit_reached"),
    Unavailable: (503, "unavailable"),
}


class ErrorBody(BaseModel):
    model_config = ConfigDict(extra="allow")
    code: str
    message: str


class ErrorAnswer(BaseModel):
    """What every refused request is answered with."""

    error: ErrorBody


ANSWERS: dict[int | str, dict[str, Any]] = {
    status: {"model": ErrorAnswer} for status in (400, 401, 403, 404, 409, 413, 422, 429, 503)
}
"""For `APIRouter(responses=…)`."""


def answer(status: int, code: str, message: str, **details: Any) -> JSONResponse:
    return JSONResponse({"error": {"code": code, "message": message, **details}}, status)


def add_error_answers(api: FastAPI, upgrade_url: str | None = None) -> None:
    """`upgrade_url`: where more is bought when a limit is reached."""

    async def told(request: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, CodeFlowError)
        status, code = status_of(error)
        details: dict[str, Any] = {}
        if isinstance(error, LimitReached):
            details = limit_details(error, getattr(request.state, "user", None), upgrade_url)
        return answer(status, code, error.message, **details)

    api.add_exception_handler(CodeFlowError, told)
    api.add_exception_handler(RequestValidationError, _malformed)
    api.add_exception_handler(HTTPException, _http)
    api.add_exception_handler(Exception, _unexpected)


def status_of(error: CodeFlowError) -> tuple[int, str]:
    """The HTTP status and the code for programs."""
    return next((told for kind, told in STATUS.items() if isinstance(error, kind)), (503, "unavailable"))


async def _malformed(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    first = error.errors()[0]
    where = ".".join(str(part) for part in first["loc"] if part != "body")
    said = f"{where}: {first['msg']}" if where else first["msg"]
    return answer(422, "invalid_input", f"The request cannot be understood ({said}). Reload the page and try again.")


async def _http(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    code = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}.get(error.status_code, "refused")
    return answer(error.status_code, code, str(error.detail))


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    # The route, not the address: that of a share is a secret.
    route = getattr(request.scope.get("route"), "path", "(no route)")
    log.error("%s %s failed", request.method, route, exc_info=error)
    return answer(500, "internal", "CodeFlow itself went wrong. Try again; the server's log has the details.")
