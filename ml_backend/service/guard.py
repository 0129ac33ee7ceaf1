"""Lets through only requests that name this service as their host and carry its token."""

import hmac

from starlette.types import ASGIApp, Receive, Scope, Send

from ml_backend.service.answers import problem
from ml_backend.service.endpoint import Endpoint


class Guard:
    """ASGI middleware. The Host check stops web pages that reach this socket by DNS rebinding."""

    def __init__(self, app: ASGIApp, endpoint: Endpoint) -> None:
        self._app = app
        port = endpoint.url.rpartition(":")[2]
        self._expected = f"Bearer {endpoint.token}".encode()
        self._hosts = (f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        hosts = [value.lower() for name, value in headers if name == b"host"]
        tokens = [value for name, value in headers if name == b"authorization"]
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            fix = "Use the url of the endpoint file as it is."
            answer = problem(403, "foreign_host", "This service answers on the loopback address only.", fix)
        elif len(tokens) != 1 or not hmac.compare_digest(tokens[0], self._expected):
            fix = "Send the header `Authorization: Bearer TOKEN` with the token of endpoint.json in the workspace."
            answer = problem(401, "unauthorized", "The token is missing or wrong.", fix)
        else:
            await self._app(scope, receive, send)
            return
        await answer(scope, receive, send)
