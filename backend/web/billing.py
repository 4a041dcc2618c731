"""Where the payment provider tells of subscriptions. Its signature is its right to be here; the store checks it."""

from typing import Annotated

from fastapi import APIRouter, Header, Request

from backend.domain import InvalidInput
from backend.web.errors import ANSWERS
from backend.web.services import Services

MAX_EVENT_BYTES = 1_000_000


def billing_routes(services: Services) -> APIRouter:
    routes = APIRouter(responses=ANSWERS, prefix="/billing")

    @routes.post("/stripe")
    async def stripe(request: Request, stripe_signature: Annotated[str, Header(max_length=2000)]) -> dict[str, bool]:
        await services.store.billing_event(await _text(request), stripe_signature)
        return {"ok": True}

    return routes


async def _text(request: Request) -> str:
    """The body as it came: the signature is of its very bytes."""
    body = b""
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_EVENT_BYTES:
            raise InvalidInput("The event is larger than any the payment provider sends.")
    try:
        return body.decode()
    except UnicodeDecodeError:
        raise InvalidInput("The event is not UTF-8 text.") from None
