"""Clients that follow jobs: late, slow, many, and gone again."""

import socket
import threading
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml_backend.service.job.events import Event
from ml_backend.service.lanes import make_lanes
from ml_backend.service.protocol import Device
from ml_backend.service.web.stream import chunk


@given(ids=st.lists(st.integers(1, 100), unique=True).map(sorted), after=st.integers(0, 101))
def test_a_chunk_is_cut_where_the_client_stands(ids: list[int], after: int) -> None:
    news = chunk([Event(id, "message", {"text": "x"}) for id in ids])
    text = news.after(after).decode()
    assert [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")] == [id for id in ids if id > after]


def test_many_clients_that_come_and_go_see_the_same(service, tmp_path: Path) -> None:
    id = service.submit("count", file=str(tmp_path / "count"), total=80, pause=0.02)
    seen: list[list] = [[] for _ in range(20)]

    def follow(number: int) -> None:
        time.sleep(number * 0.1)
        after = 0
        while not seen[number] or seen[number][-1]["data"].get("state") != "done":
            for event in service.events(id, after):
                seen[number].append(event)
                after = event["id"]
                if number % 3 == 0 and len(seen[number]) % 7 == 0:
                    break  # hangs up and comes again

    threads = [threading.Thread(target=follow, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert all(events == seen[0] for events in seen)
    assert [event["data"]["done"] for event in seen[0] if event["event"] == "progress"][-1] == 80


def test_one_who_does_not_read_holds_up_nobody_and_misses_nothing(service, tmp_path: Path) -> None:
    id = service.submit("babbler", lines=400, size=4000)
    port = int(service.endpoint.url.rpartition(":")[2])
    slow = socket.socket()
    slow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    slow.connect(("127.0.0.1", port))
    token = f"Authorization: Bearer {service.endpoint.token}"
    head = f"GET /jobs/{id}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n{token}\r\n"
    slow.sendall(f"{head}Connection: close\r\n\r\n".encode())
    quick = [event["data"]["text"] for event in service.events(id) if event["event"] == "message"]
    assert [int(text.split()[0]) for text in quick] == list(range(400))
    assert service.ended(id)["state"] == "done"
    received = b""
    slow.settimeout(60)
    while part := slow.recv(65536):
        received += part
    slow.close()
    told = [int(text.split()[0]) for text in received.decode().split('"text": "')[1:]]
    assert told == list(range(400))
    assert b'"state": "done"' in received


@pytest.mark.parametrize(
    ("names", "visible", "lanes"),
    [
        (None, None, [("heavy 0", None, {})]),
        (["cpu"], None, [("heavy 0", "cpu", {})]),
        (["cuda:0", "cpu"], None, [("heavy 0", "cuda:0", {})]),
        (
            ["cuda:0", "cuda:1", "cpu"],
            None,
            [
                ("heavy 0", "cuda:0", {"CUDA_VISIBLE_DEVICES": "0"}),
                ("heavy 1", "cuda:1", {"CUDA_VISIBLE_DEVICES": "1"}),
            ],
        ),
        (
            ["cuda:0", "cuda:1", "cpu"],
            "5,7",
            [
                ("heavy 0", "cuda:0", {"CUDA_VISIBLE_DEVICES": "5"}),
                ("heavy 1", "cuda:1", {"CUDA_VISIBLE_DEVICES": "7"}),
            ],
        ),
    ],
)
def test_a_lane_for_each_card(monkeypatch, names, visible, lanes) -> None:
    from ml_backend.jobs import JOB_KINDS

    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    devices = names and [Device(name=name, label=name, memory_mb=1) for name in names]
    *heavy, light = make_lanes(JOB_KINDS, devices)
    assert [(lane.name, lane.device, dict(lane.environment)) for lane in heavy] == lanes
    assert (light.name, light.kinds, light.environment) == ("light", ("evaluate",), {})


def test_two_cards_work_at_once(start, tmp_path: Path, monkeypatch, wait) -> None:
    monkeypatch.setenv(
        "DEVICES", '[{"name":"cuda:0","label":"A","memory_mb":1},{"name":"cuda:1","label":"B","memory_mb":1}]'
    )
    service = start()
    wait(lambda: service.call("GET", "/status")[1]["devices"], "the devices")
    assert service.call("GET", "/status")[1]["device"] == "cuda"
    ids = [service.submit("count", file=str(tmp_path / name), total=10**6) for name in "abc"]
    wait(lambda: [service.job(id)["state"] for id in ids] == ["running", "running", "queued"], "two runs")
    assert [service.job(id)["device"] for id in ids] == ["cuda:0", "cuda:1", None]
    for id in ids:
        service.progressing(id)
        service.call("POST", f"/jobs/{id}/cancel")
    ends = [service.ended(id) for id in ids]
    assert [job["state"] for job in ends] == ["cancelled"] * 3
    assert ends[2]["device"] in ("cuda:0", "cuda:1")


def test_devices_that_cannot_be_found_are_not_known(start, monkeypatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DEVICES", "nonsense")
    service = start()
    assert service.ended(service.submit("count", file=str(tmp_path / "a")))["state"] == "done"
    assert service.call("GET", "/status")[1]["devices"] is None
