"""Who may speak to the service."""

import http.client

import pytest

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
