"""Refusals in the shape the SDK reads."""

from typing import Any

from starlette.responses import JSONResponse

from .channel import GuestError

STATUS = {
    "canceled": 499,
    "invalid_argument": 400,
    "deadline_exceeded": 504,
    "not_found": 404,
    "already_exists": 409,
    "permission_denied": 403,
    "resource_exhausted": 429,
    "failed_precondition": 400,
    "unimplemented": 501,
    "unavailable": 502,
    "unauthenticated": 401,
}
"""HTTP statuses of Connect's error codes; others are 500."""


def refusal(status: int, message: str, **more: Any) -> JSONResponse:
    return JSONResponse({"code": status, "message": message, **more}, status)


def guest_refusal(error: GuestError) -> JSONResponse:
    """A Connect error."""
    return JSONResponse({"code": error.code, "message": error.message}, STATUS.get(error.code, 500))


def file_refusal(error: GuestError) -> JSONResponse:
    """A refusal of `/files`; a full disk is 507 there."""
    status = 507 if error.code == "resource_exhausted" else STATUS.get(error.code, 500)
    return refusal(status, error.message)
