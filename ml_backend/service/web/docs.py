"""/docs: the protocol as a page, without anything from the internet."""

from fastapi import FastAPI
from fastapi_swagger import patch_fastapi


def add_docs(app: FastAPI) -> None:
    """Serve the description of `app` at /docs. The page forgets the token that a person types into it."""
    patch_fastapi(
        app,
        "/docs",
        redirect_from_root_to_docs=False,
        swagger_js_url="/docs/swagger-ui.js",
        swagger_css_url="/docs/swagger-ui.css",
        swagger_favicon_url="/docs/favicon.png",
        swagger_ui_parameters={"persistAuthorization": False},
    )
