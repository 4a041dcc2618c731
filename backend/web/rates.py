"""Limits on how often a route may be used, by whoever asks."""

from typing import Any

from fastapi import Depends, Request

from backend.domain import User
from backend.web.limits import Limit, caller
from backend.web.services import Services
from backend.web.session import LOCAL_USER


def rate(services: Services, name: Limit) -> Any:
    """A dependency of a route: counts each request for its user, or for the address it comes from without one.

    Raises `LimitReached`.
    """

    def count(request: Request) -> None:
        count_request(services, name, request)

    return Depends(count)


def count_request(services: Services, name: Limit, request: Request) -> None:
    """For its user, or for the address it comes from. Raises `LimitReached`."""
    user = getattr(request.state, "user", None)
    if isinstance(user, User):
        count_for(services, name, user)
    else:
        services.limits.hit(name, caller(request))


def count_for(services: Services, name: Limit, user: User) -> None:
    """The one user of an installation without sign-in is never too quick. Raises `LimitReached`."""
    if user != LOCAL_USER:
        services.limits.hit(name, user.id)
