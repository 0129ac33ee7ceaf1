"""Lets through only requests that name this service as their host, carry its token, and are not too large."""

import base64
import binascii
import hmac
from collections.abc import MutableMapping
from typing import Any

from starlette.types import ASGIApp, Receive, Scope, Send

from ml_backend import __version__
from ml_backend.service.endpoint import Endpoint
from ml_backend.service.protocol import PROTOCOL
from ml_backend.service.web.answers import HttpProblem, answer

MOST_BYTES = 1 << 20
"""Bytes that a request's body may have: requests name files, they do not hold them."""


class Guard:
    """ASGI middleware. The Host check stops web pages that reach this socket by DNS rebinding."""

    def __init__(self, app: ASGIApp, endpoint: Endpoint) -> None:
        self._app = app
        port = endpoint.url.rpartition(":")[2]
        self._token = endpoint.token.encode()
        self._hosts = (f"127.0.0.1:{port}".encode(), f"localhost:{port}".encode())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        try:
            headers = _Headers(scope["headers"])
            self._check_host(headers)
            self._check_token(headers, scope)
            _check_protocol(headers)
            receive = await _whole_body(headers, receive)
        except HttpProblem as error:
            made = answer(error)
            if error.status == 401 and _is_page(scope):
                made.headers["WWW-Authenticate"] = (
                    'Basic realm="token of endpoint.json as the password", charset="UTF-8"'
                )
            if error.status == 413:
                made.headers["Connection"] = "close"
            await made(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _check_host(self, headers: "_Headers") -> None:
        hosts = headers.all(b"host")
        if len(hosts) != 1 or hosts[0].lower() not in self._hosts:
            fix = "Use the url of the endpoint file as it is."
            raise HttpProblem(403, "foreign_host", "This service answers on the loopback address only.", fix)

    def _check_token(self, headers: "_Headers", scope: Scope) -> None:
        values = headers.all(b"authorization")
        if len(values) == 1:
            scheme, _, token = values[0].partition(b" ")
            if scheme == b"Basic" and _is_page(scope):
                token = _password(token)
            elif scheme != b"Bearer":
                token = b""
            if hmac.compare_digest(token, self._token):
                return
        fix = "Send the header `Authorization: Bearer TOKEN` with the token of endpoint.json in the workspace."
        raise HttpProblem(401, "unauthorized", "The token is missing or wrong.", fix)


class _Headers:
    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        self._pairs = pairs

    def all(self, name: bytes) -> list[bytes]:
        return [value for key, value in self._pairs if key == name]


def _is_page(scope: Scope) -> bool:
    """The description of the protocol, which a person reads in a browser, and browsers ask for a password only.

    A browser sends that along wherever a page leads it: so it opens nothing but these, which hold no secrets.
    """
    path = str(scope["path"])
    return scope["method"] == "GET" and (path in ("/docs", "/openapi.json") or path.startswith("/docs/"))


def _password(text: bytes) -> bytes:
    try:
        return base64.b64decode(text, validate=True).partition(b":")[2]
    except binascii.Error:
        return b""


def _check_protocol(headers: _Headers) -> None:
    for value in headers.all(b"deepfake-protocol"):
        if value != str(PROTOCOL).encode():
            theirs = value.decode("latin-1")
            older = "extension" if theirs.isdecimal() and int(theirs[:9]) < PROTOCOL else "backend"
            message = f"The backend ({__version__}) speaks protocol {PROTOCOL}, the extension {theirs}."
            raise HttpProblem(409, "protocol_mismatch", message, f"Update the {older}: both must be of one release.")


async def _whole_body(headers: _Headers, receive: Receive) -> Receive:
    """Read the body, if it is not too large; what follows, such as the end of the connection, stays to be read."""
    lengths = headers.all(b"content-length")
    if not lengths and not headers.all(b"transfer-encoding"):
        return receive
    if any(value.isdigit() and int(value[:20]) > MOST_BYTES for value in lengths):
        raise _too_large()
    body, more = b"", True
    while more:
        message = await receive()
        if message["type"] != "http.request":
            break
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > MOST_BYTES:
            raise _too_large()
    waiting: list[MutableMapping[str, Any]] = [{"type": "http.request", "body": body, "more_body": False}]

    async def replay() -> MutableMapping[str, Any]:
        return waiting.pop() if waiting else await receive()

    return replay


def _too_large() -> HttpProblem:
    return HttpProblem(
        413, "too_large", f"The body is larger than {MOST_BYTES} bytes.", "Name files by their paths; do not send them."
    )
