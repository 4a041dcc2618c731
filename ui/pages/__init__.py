"""The pages that stand outside Gradio: sign-in, the confirmation of a link from an e-mail, and what a share's link opens."""

from ui.pages.routes import page_routes

__all__ = ["page_routes"]
