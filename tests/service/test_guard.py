"""Who may speak to the service."""

import base64
import http.client
import json
from contextlib import suppress

import pytest

from ml_backend.service.protocol import PROTOCOL

PATHS = [("GET", "/status"), ("GET", "/jobs"), ("POST", "/jobs"), ("GET", "/docs"), ("GET", "/openapi.json"),
         ("GET", "/nothing"), ("POST", "/shutdown"), ("GET", "/jobs/x/events")]  # fmt: skip


@pytest.mark.parametrize(
    "token", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic {}", "bearer {}", "Bearer {}x", "{}"]
)
def test_nothing_answers_without_the_token(shared, token: str | None) -> None:
    for method, path in PATHS:
        connection = shared.connect()
        headers = {} if token is None else {"Authorization": token.format(shared.endpoint.token)}
        connection.request(method, path, headers=headers)
        assert connection.getresponse().status == 401, path
        connection.close()
    assert shared.call("GET", "/status")[0] == 200


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:{}", 200), ("127.0.0.1:{}", 200), ("LOCALHOST:{}", 200), ("evil.example:{}", 403), ("127.0.0.1", 403),
     ("localhost:1", 403), ("127.0.0.1.evil.example:{}", 403), ("", 403), ("[::1]:{}", 403)],
)  # fmt: skip
def test_only_its_own_host_names(shared, host: str, status: int) -> None:
    port = shared.endpoint.url.rpartition(":")[2]
    answered, body = shared.call("GET", "/status", headers={"Host": host.format(port)})
    assert answered == status
    if status == 403:
        assert body["error"]["code"] == "foreign_host"


def test_two_host_headers_are_refused(shared) -> None:
    connection: http.client.HTTPConnection = shared.connect()
    connection.putrequest("GET", "/status", skip_host=True)
    connection.putheader("Host", shared.endpoint.url.removeprefix("http://"))
    connection.putheader("Host", "evil.example")
    connection.putheader("Authorization", f"Bearer {shared.endpoint.token}")
    connection.endheaders()
    assert connection.getresponse().status in (400, 403)
    connection.close()


def test_no_page_of_another_origin_may_read(shared) -> None:
    connection = shared.connect()
    token = {"Authorization": f"Bearer {shared.endpoint.token}", "Origin": "https://evil.example"}
    connection.request("GET", "/status", headers=token)
    answer = connection.getresponse()
    assert "Access-Control-Allow-Origin" not in answer.headers
    connection.close()


@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_has_a_limit(shared, chunked: bool) -> None:
    body = b'{"kind": "' + b"x" * (1 << 20) + b'"}'
    connection = shared.connect()
    headers = {"Authorization": f"Bearer {shared.endpoint.token}", "Content-Type": "application/json"}
    parts = (body[start : start + 65536] for start in range(0, len(body), 65536))
    with suppress(BrokenPipeError):  # it may be refused before all of it is sent
        connection.request("POST", "/jobs", parts if chunked else body, headers, encode_chunked=chunked)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["error"]["code"]) == (413, "too_large")
    connection.close()
    just = b'{"kind": "' + b"x" * ((1 << 20) - 12) + b'"}'
    assert shared.call("POST", "/jobs", just)[1]["error"]["code"] == "invalid"


def test_a_length_that_lies_is_refused_before_it_is_sent(shared) -> None:
    connection = shared.connect()
    connection.putrequest("POST", "/jobs")
    connection.putheader("Authorization", f"Bearer {shared.endpoint.token}")
    connection.putheader("Content-Length", str(10**15))
    connection.endheaders()
    assert connection.getresponse().status == 413
    connection.close()


@pytest.mark.parametrize(
    ("theirs", "older"), [("1", "extension"), ("99", "backend"), ("ä", "backend"), ("9" * 5000, "backend")]
)
def test_another_protocol_is_told_which_side_is_older(shared, theirs: str, older: str) -> None:
    status, body = shared.call("GET", "/status", headers={"Deepfake-Protocol": theirs})
    assert (status, body["error"]["code"]) == (409, "protocol_mismatch")
    assert f"protocol {PROTOCOL}" in body["error"]["message"]
    assert f"Update the {older}" in body["error"]["fix"]
    assert shared.call("GET", "/status", headers={"Deepfake-Protocol": str(PROTOCOL)})[0] == 200


def test_a_browser_reads_the_description_with_the_token_as_its_password_and_nothing_else(shared) -> None:
    def get(path: str, password: str, method: str = "GET") -> tuple[int, str, str]:
        connection = shared.connect()
        basic = base64.b64encode(f"anybody:{password}".encode()).decode()
        connection.request(method, path, headers={"Authorization": f"Basic {basic}"})
        answer = connection.getresponse()
        content = answer.status, answer.headers.get("WWW-Authenticate", ""), answer.read().decode()
        connection.close()
        return content

    token = shared.endpoint.token
    for path in ("/docs", "/openapi.json", "/docs/swagger-ui.js", "/docs/swagger-ui.css"):
        assert get(path, token)[0] == 200, path
        status, ask, _ = get(path, "wrong")
        assert (status, ask.startswith("Basic realm=")) == (401, True)
    page = get("/docs", token)[2]
    assert "swagger-ui.js" in page
    assert "cdn" not in page.lower(), "nothing comes from the internet"
    for method, path in (
        ("GET", "/jobs"),
        ("GET", "/status"),
        ("POST", "/shutdown"),
        ("POST", "/docs"),
        ("GET", "/docsx"),
    ):
        status, ask, _ = get(path, token, method)
        assert (status, ask) == (401, ""), path
    for nonsense in ("Basic", "Basic ", "Basic !!!", "Basic eA==", "Basic äö"):
        assert shared.call("GET", "/docs", headers={"Authorization": nonsense})[0] == 401
