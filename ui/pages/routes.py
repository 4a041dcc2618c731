"""The pages outside Gradio as routes: what a share's link opens, and where there are accounts, the way into them."""

from typing import TYPE_CHECKING

from fastapi import APIRouter, Request
from starlette.responses import HTMLResponse

from backend.domain import CodeFlowError
from backend.web.address import Address
from backend.web.rates import count_request
from ui.pages.document import NOBODY, OUR_FRAMES, READ, Documents
from ui.pages.share import refusal, shared_values

if TYPE_CHECKING:
    from backend.web.services import Services


def page_routes(services: "Services", assets: str) -> APIRouter:
    """To be included after the JSON routes and before Gradio is mounted; `assets` is what `mount_assets` returned."""
    settings = services.settings
    documents = Documents(assets, settings)
    router = APIRouter(include_in_schema=False)
    address = Address(settings)

    def lost(status: int, heading: str, message: str) -> HTMLResponse:
        return documents.page("lost.html", {"heading": heading, "message": message}, ancestors=NOBODY, status=status)

    @router.api_route("/s/{token}", methods=READ)
    async def shared(request: Request, token: str) -> HTMLResponse:
        try:
            count_request(services, "look", request)
            version = await services.store.open_share(token)
        except CodeFlowError as error:
            return lost(*refusal(error))
        values = shared_values(version, token, address.of(request))
        return documents.page("share.html", values, ancestors=OUR_FRAMES, previews=True)

    @router.api_route("/s/{rest:path}", methods=READ)
    async def unknown(rest: str) -> HTMLResponse:
        return lost(
            404, "This link leads nowhere", "Part of it is missing. Ask whoever sent it to you for the whole link."
        )

    if settings.multi_user:
        # Brings the `supabase` package with it, which an installation without accounts never loads.
        from ui.pages.signin import sign_in_routes

        router.include_router(sign_in_routes(documents, settings))
        return router

    @router.api_route("/signin", methods=READ)
    @router.api_route("/auth/confirm", methods=READ)
    async def no_accounts() -> HTMLResponse:
        return lost(404, "No sign-in here", "This CodeFlow runs for one person, who needs no account.")

    return router
