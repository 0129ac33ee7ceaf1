"""Calls made up from the service's own description: whatever comes, it answers as described and never fails."""

import itertools
from collections import Counter
from pathlib import Path

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.result import Ok

pytestmark = pytest.mark.slow
LEAST = 2000
EACH = 130
QUIET = settings(
    max_examples=EACH, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)


def operations(service) -> list:
    """All operations of the service's description.

    The token is left out of it: otherwise a good part of the cases would differ from others by a bad token only.
    """
    headers = {"Authorization": f"Bearer {service.endpoint.token}"}
    description = requests.get(f"{service.endpoint.url}/openapi.json", headers=headers, timeout=30).json()
    for methods in description["paths"].values():
        for operation in methods.values():
            assert operation.pop("security") == [{"HTTPBearer": []}]
    schema = schemathesis.openapi.from_dict(description)
    schema.config.update(base_url=service.endpoint.url)
    found = [result.ok() for result in schema.get_all_operations() if isinstance(result, Ok)]
    assert len(found) == len(list(schema.get_all_operations()))
    return found


def test_all_calls_that_the_description_allows_and_many_that_it_does_not(start, tmp_path: Path) -> None:
    service = start()
    file = str(tmp_path / "counted")
    counted: Counter[str] = Counter()
    answers: Counter[int] = Counter()
    session = requests.Session()
    token = {"Authorization": f"Bearer {service.endpoint.token}"}
    endless = service.submit("count", file=file, total=10**9, pause=1)

    def call(case, real: bool, fitting: bool) -> None:
        if real and "id" in (case.path_parameters or {}):
            case.path_parameters["id"] = next(ids)
        if fitting and case.path == "/jobs" and case.method == "POST":
            case.body = {"kind": "count", "request": {"file": file, "total": 1}}
        counted[case.operation.label] += 1
        refused = {"Authorization": ""}, {"Authorization": "Bearer wrong"}, {**token, "Host": "evil.example"}
        for headers, status in zip(refused, (401, 401, 403), strict=True):
            answer = case.call(headers=headers, session=session, timeout=30)
            assert answer.status_code == status, (case.operation.label, headers)
        answer = case.call(headers=token, session=session, timeout=30)
        assert answer.status_code != 401, case.operation.label
        answers[answer.status_code] += 1
        assert answer.status_code < 500, (case.operation.label, answer.text)
        case.validate_response(answer, checks=[
            schemathesis.checks.CHECKS.get_one(name)
            for name in ("not_a_server_error", "status_code_conformance", "content_type_conformance",
                         "response_schema_conformance")
        ])  # fmt: skip

    chosen = [operation for operation in operations(service) if operation.path != "/shutdown"]
    for operation, mode in itertools.product(chosen, MODES):
        ended = service.submit("light", file=file)
        service.ended(ended)
        waiting = service.submit("count", file=file, total=1)
        ids = itertools.cycle(
            [ended, "nobody" if operation.path.endswith("/events") else waiting]
        )  # streams would last
        try:
            cases = operation.as_strategy(generation_mode=mode)
            QUIET(given(cases, st.booleans(), st.booleans())(call))()
        except Exception as error:
            if "Cannot generate" not in str(error) and "Unsatisfiable" not in type(error).__name__:
                raise
    assert sum(counted.values()) >= LEAST, counted
    assert set(counted) == {operation.label for operation in chosen}
    assert {200, 201, 404, 409, 422} <= set(answers), answers
    print(f"{sum(counted.values())} cases: {dict(counted)}; answers {dict(answers)}")
    service.call("POST", f"/jobs/{endless}/cancel")
    assert service.call("GET", "/status")[0] == 200


def test_shutdown_as_described(start) -> None:
    service = start()
    (operation,) = [operation for operation in operations(service) if operation.path == "/shutdown"]

    @settings(QUIET, max_examples=50)
    @given(operation.as_strategy())
    def refused(case) -> None:
        assert case.call(headers={"Authorization": "Bearer wrong"}).status_code == 401

    refused()
    case = operation.Case()
    answer = case.call(headers={"Authorization": f"Bearer {service.endpoint.token}"})
    case.validate_response(answer)
    assert service.process.wait(60) == 0


@pytest.mark.parametrize(
    "body",
    [
        b"[" * 100_000,
        b'{"kind": "count", "request": {"file": ' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b'{"kind": "count", "request": {"file": "/x", "total": ' + b"9" * 5000 + b"}}",
        b'{"kind": "count", "request": {"file": "/x", "total": 1e999}}',
        b'{"kind": "count", "request": {"file": "/x", "pause": -Infinity}}',
        b'{"kind": "count", "request": {"file": "/a\\u0000b"}}',
        b'{"kind": "count", "request": {"file": "/' + b"x" * 100_000 + b'"}}',
        b'{"kind": "count", "request": {"file": "\\ud800"}}',
        b'{"kind": "count", "kind": "end", "request": {}}',
        b"\xff\xfe\x00",
        b"",
        b"null",
        b'"text"',
    ],
)
def test_nasty_bodies(shared, body: bytes) -> None:
    status, answer = shared.call("POST", "/jobs", body)
    assert status in (400, 403, 422), answer
    assert set(answer["error"]) == {"code", "message", "fix", "reason"}


def test_other_methods_and_types(shared) -> None:
    for method in ("HEAD", "OPTIONS", "TRACE", "PUT", "PATCH", "CONNECT", "BREW"):
        answer = requests.request(
            method,
            f"{shared.endpoint.url}/jobs",
            headers={"Authorization": f"Bearer {shared.endpoint.token}"},
            timeout=30,
        )
        assert 400 <= answer.status_code < 500, method
    for kind in ("text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"):
        assert shared.call("POST", "/jobs", b"{}", {"Content-Type": kind})[0] == 422


ODD_IDS = ("%00", "..", "..%2f..%2fetc", "%ed%a0%80", "%ff", "x" * 7000, "%0d%0aX:1", "%F0%9F%98%80", "*", "%25s", "-1")
CALLS = (
    ("GET", ""),
    ("DELETE", ""),
    *(("POST", f"/{verb}") for verb in ("cancel", "pause", "resume", "retry", "move")),
    *(("GET", f"/previews/{number}") for number in ("1", "9" * 30, "%00", "*", "-1")),
    *(("GET", f"/events?after={number}") for number in ("1", "-1", "9e9", "9" * 30, "1&after=2")),
)


@pytest.mark.parametrize("id", ODD_IDS)
def test_nasty_ids(shared, id: str) -> None:
    for method, path in CALLS:
        status, answer = shared.call(method, f"/jobs/{id}{path}", b"{}" if path == "/move" else None)
        assert status in (404, 405, 422), (method, path, answer)
        assert set(answer["error"]) == {"code", "message", "fix", "reason"}


@pytest.mark.parametrize(
    "before", [r'"\ud800"', r'"\u0000"', '""', "1", "[]", '"nobody"', "NaN", '"' + "x" * 10**5 + '"']
)
def test_nasty_moves(shared, before: str) -> None:
    id = shared.submit("end", how="done")
    shared.ended(id)
    status, answer = shared.call("POST", f"/jobs/{id}/move", b'{"before": %s}' % before.encode())
    assert status in (400, 404, 422), answer
    assert set(answer["error"]) == {"code", "message", "fix", "reason"}
