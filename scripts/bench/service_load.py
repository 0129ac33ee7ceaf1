"""What it costs when 200 clients read events, and how late events come, measured on the real service.

    python scripts/bench/service_load.py [--readers 200] [--pairs 8] [--window 20] [--memory-seconds 240] [--json]

Run in the backend's environment, with the machine otherwise idle; about twelve minutes. A service is started as
`ml-backend serve` does it, with one more kind of job that tells an event now and then. Then, in this order:

latency    from the time stamp that the job's process puts into an event to its arrival at a client, a few hundred
           events, with the machine idle and while a job trains (which takes all cores)
training   one long training, in windows without and with readers in turn (A B A B …). Its speed comes from the
           iterations and times of its own progress events, read from the file, not over HTTP. The readers are one
           process with 200 sockets; what it and the service compute is part of what the training loses.
memory     the service's resident memory while 200 readers follow a job that prints 20 long lines a second, a tenth of
           them never reading

Quote the ratio of the training's speed (median of the pairs, and their range), the medians of the latency, and the
memory at the start, in the middle and at the end.
"""

import argparse
import contextlib
import http.client
import json
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import psutil
from pydantic import BaseModel

from ml_backend.errors import Cancelled
from ml_backend.jobs import JOB_KINDS, JobKind
from ml_backend.progress import Reporter
from ml_backend.service.endpoint import Endpoint, read_endpoint
from ml_backend.service.job.folder import JobFolder

ROOT = Path(__file__).resolve().parents[2]
FOOTAGE = ROOT / "demo" / "footage"
TAKES = {"performer_A": "plate_A.mp4", "identity_B": "identity_B_take1.mp4"}
SETTLE = 3.0
"""Seconds after a change before a window begins."""


class Tick(BaseModel):
    """Tells `count` messages, or prints lines of `letters` where that is not 0, one each `pause` seconds."""

    count: int
    pause: float
    letters: int = 0


def tick(request: Tick, reporter: Reporter) -> dict[str, Any]:
    for number in range(request.count):
        if reporter.stop_requested():
            raise Cancelled
        if request.letters:
            print("x" * request.letters)
        else:
            reporter.message(str(number))
        time.sleep(request.pause)
    return {}


KINDS = {**JOB_KINDS, "tick": JobKind("tick", Tick, tick, heavy=False)}


class Service:
    """A running service in `folder`, and what is asked of it."""

    def __init__(self, folder: Path) -> None:
        self.workspace = folder / "workspace"
        self.process = subprocess.Popen(
            [sys.executable, __file__, "serve", str(self.workspace), str(folder)], stdout=subprocess.PIPE
        )
        assert self.process.stdout
        self.process.stdout.readline()
        endpoint = read_endpoint(self.workspace)
        assert endpoint
        self.endpoint: Endpoint = endpoint
        self.watched = psutil.Process(self.process.pid)

    def call(self, method: str, path: str, body: Any = None) -> dict[str, Any]:
        connection = http.client.HTTPConnection(self.endpoint.url.removeprefix("http://"), timeout=60)
        token = {"Authorization": f"Bearer {self.endpoint.token}", "Content-Type": "application/json"}
        with contextlib.closing(connection):
            connection.request(method, path, body and json.dumps(body), token)
            answer = connection.getresponse()
            content: dict[str, Any] = json.loads(answer.read())
            if answer.status >= 400:
                raise SystemExit(f"{method} {path}: {content}")
            return content

    def submit(self, kind: str, **request: Any) -> str:
        return str(self.call("POST", "/jobs", {"kind": kind, "request": request})["id"])

    def events(self, id: str) -> Iterator[tuple[str, dict[str, Any]]]:
        """Names and data of the job's events, each as soon as its last line is here."""
        connection = http.client.HTTPConnection(self.endpoint.url.removeprefix("http://"), timeout=60)
        with contextlib.closing(connection):
            connection.request("GET", f"/jobs/{id}/events", headers={"Authorization": f"Bearer {self.endpoint.token}"})
            name = ""
            for line in connection.getresponse():
                field, _, value = line.decode().rstrip("\n").partition(": ")
                if field == "event":
                    name = value
                elif field == "data":
                    yield name, json.loads(value)

    def file_of_events(self, id: str) -> Path:
        return JobFolder(self.workspace / "jobs" / id).events

    def memory_mb(self) -> float:
        return float(self.watched.memory_info().rss) / 2**20

    def stop(self) -> None:
        self.process.terminate()
        self.process.wait(90)


class Readers:
    """A process that holds `count` streams of a job, of which `never` are not read."""

    def __init__(self, service: Service, id: str, count: int, never: int = 0) -> None:
        words = [service.endpoint.url, service.endpoint.token, id, str(count), str(never)]
        self.process = subprocess.Popen(
            [sys.executable, __file__, "read", *words], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        self.process.stdout.readline()
        self.watched = psutil.Process(self.process.pid)

    def close(self) -> int:
        """Hang up; returns how many bytes were read."""
        return int(self.process.communicate()[0])


def read(url: str, token: str, id: str, count: int, never: int) -> None:
    """The readers' process: reads until its standard input ends."""
    address = url.removeprefix("http://")
    port = int(address.rpartition(":")[2])
    request = f"GET /jobs/{id}/events HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()
    selector = selectors.DefaultSelector()
    selector.register(sys.stdin, selectors.EVENT_READ)
    kept, received = [], 0
    for number in range(count):
        client = socket.socket()
        if number < never:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", port))
        client.sendall(request)
        kept.append(client)
        if number >= never:
            selector.register(client, selectors.EVENT_READ)
    print("connected", flush=True)
    while True:
        for key, _ in selector.select():
            if key.fileobj is sys.stdin:
                print(received)
                return
            assert isinstance(key.fileobj, socket.socket)
            block = key.fileobj.recv(1 << 18)
            received += len(block)
            if not block:
                selector.unregister(key.fileobj)


def cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    return float(times.user + times.system)


@dataclass(frozen=True)
class Latency:
    """Milliseconds."""

    events: int
    median: float
    p95: float
    most: float


def latency(service: Service, count: int) -> Latency:
    id = service.submit("tick", count=count, pause=0.05)
    late: list[float] = []
    for name, data in service.events(id):
        arrived, told = time.time(), datetime.fromisoformat(data["time"]).timestamp()
        if not late and arrived - told > 1:
            continue  # it was there before this client
        if name == "message":
            late.append((arrived - told) * 1000)
    late.sort()
    return Latency(len(late), statistics.median(late), late[int(len(late) * 0.95)], late[-1])


@dataclass(frozen=True)
class Window:
    """Iterations a second, and the parts of one core that the service and the readers took."""

    speed: float
    service: float
    readers: float


def progress(file: Path) -> list[tuple[float, float]]:
    """(seconds, iteration) of the training's progress events."""
    found = []
    for line in file.read_bytes().splitlines():
        event = json.loads(line)
        if event["event"] == "progress" and event["data"]["stage"] == "train":
            moment = datetime.fromisoformat(event["data"]["time"]).timestamp()
            found.append((moment, float(event["data"]["figures"]["iteration"])))
    return found


def window(service: Service, training: str, seconds: float, readers: Readers | None) -> Window:
    time.sleep(SETTLE)
    watched = [service.watched, *([readers.watched] if readers else [])]
    before, began = [cpu_seconds(process) for process in watched], time.time()
    time.sleep(seconds)
    ended, after = time.time(), [cpu_seconds(process) for process in watched]
    points = [point for point in progress(service.file_of_events(training)) if began <= point[0] <= ended]
    if len(points) < 2:
        raise SystemExit("The training tells too little progress for a window: take a longer one.")
    (first, start), (last, end) = points[0], points[-1]
    shares = [(late - early) / (ended - began) for early, late in zip(before, after, strict=True)]
    return Window((end - start) / (last - first), shares[0], shares[1] if readers else 0.0)


def train(service: Service, folder: Path, preset: str) -> str:
    """Start a training that will not end by itself; returns when it is under way."""
    facesets = {}
    for name, file in TAKES.items():
        words = ["extract", str(FOOTAGE / file), "--faceset", str(folder / name), "--frames", "1-60"]
        subprocess.run([sys.executable, "-m", "ml_backend", *words], check=True, capture_output=True)
        facesets[name] = str(folder / name)
    id = service.submit(
        "train",
        model=str(folder / "model"),
        facesets=facesets,
        preset=preset,
        iterations=10**7,
        settings={"checkpoint_minutes": "1000", "preview_minutes": "1000"},  # they would fall into some windows only
        consent=str(ROOT / "demo" / "consent"),
        project="demo",
    )
    for name, data in service.events(id):
        if name == "progress" and data["figures"].get("iteration", 0) >= 30:
            return id
    raise SystemExit(f"The training did not start: {service.call('GET', f'/jobs/{id}')['error']}")


def pairs(service: Service, training: str, options: argparse.Namespace) -> list[tuple[Window, Window]]:
    """Windows without and with readers, in turn."""
    found = []
    for number in range(options.pairs):
        alone = window(service, training, options.window, None)
        readers = Readers(service, training, options.readers)
        crowded = window(service, training, options.window, readers)
        readers.close()
        found.append((alone, crowded))
        tell(f"pair {number + 1}: {alone.speed:.3f} and {crowded.speed:.3f} iterations/s")
    return found


def memory(service: Service, options: argparse.Namespace) -> tuple[list[float], float]:
    """MB before the readers come, then 24 times while they are there; and the MB that all of them read."""
    id = service.submit("tick", count=10**9, pause=0.05, letters=1500)
    found = [service.memory_mb()]
    readers = Readers(service, id, options.readers, options.readers // 10)
    for _ in range(24):
        time.sleep(options.memory_seconds / 24)
        found.append(service.memory_mb())
    read_bytes = readers.close()
    service.call("POST", f"/jobs/{id}/cancel")
    return found, read_bytes / 2**20


def tell(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


@dataclass(frozen=True)
class Measured:
    """`ratios` are the training's speed with readers, as a part of its speed alone, sorted; `memory_mb` is that of the
    service, first without readers; `read_mb` is what the readers read meanwhile."""

    windows: list[tuple[Window, Window]]
    ratio: float
    ratios: list[float]
    latency_idle: Latency
    latency_training: Latency
    memory_mb: list[float]
    read_mb: float


def measure(options: argparse.Namespace) -> Measured:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        service = Service(folder)
        try:
            time.sleep(10)  # it looks for devices first
            idle = latency(service, options.events)
            training = train(service, folder, options.preset)
            busy = latency(service, options.events)
            windows = pairs(service, training, options)
            service.call("POST", f"/jobs/{training}/cancel")
            resident, read_mb = memory(service, options)
        finally:
            service.stop()
    ratios = sorted(crowded.speed / alone.speed for alone, crowded in windows)
    return Measured(windows, statistics.median(ratios), ratios, idle, busy, resident, read_mb)


def table(measured: Measured, options: argparse.Namespace) -> Iterator[str]:
    alone = statistics.mean(one.speed for one, _ in measured.windows)
    crowded = statistics.mean(other.speed for _, other in measured.windows)
    service = statistics.mean(other.service for _, other in measured.windows)
    readers = statistics.mean(other.readers for _, other in measured.windows)
    yield f"training {options.preset}, {len(measured.windows)} pairs of windows of {options.window:g} s"
    yield f"  alone                  {alone:8.3f} iterations/s"
    yield f"  with {options.readers} readers       {crowded:8.3f} iterations/s"
    yield f"  ratio, median of pairs {measured.ratio:8.3f} ({measured.ratios[0]:.3f} to {measured.ratios[-1]:.3f})"
    yield f"  of one core            {service:8.1%} service, {readers:.1%} readers"
    yield "latency of events, ms       median     95 %     most   events"
    for name, late in (("machine idle", measured.latency_idle), ("a job trains", measured.latency_training)):
        yield f"  {name:<24}{late.median:8.1f} {late.p95:8.1f} {late.most:8.1f} {late.events:8}"
    resident = measured.memory_mb
    yield f"memory of the service, MB (a tenth of the readers never reads, the others read {measured.read_mb:.0f} MB)"
    yield f"  without readers        {resident[0]:8.1f}"
    yield f"  with them, at first    {resident[1]:8.1f}"
    yield f"  in the middle          {resident[len(resident) // 2]:8.1f}"
    yield f"  after {options.memory_seconds:5.0f} s          {resident[-1]:8.1f}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--readers", type=int, default=200)
    parser.add_argument("--pairs", type=int, default=8)
    parser.add_argument("--window", type=float, default=20.0, metavar="SECONDS")
    parser.add_argument("--memory-seconds", type=float, default=240.0)
    parser.add_argument("--events", type=int, default=400, help="for each measurement of the latency")
    parser.add_argument("--preset", default="quick64")
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object")
    options = parser.parse_args()
    measured = measure(options)
    if options.json:
        print(json.dumps(asdict(measured) | {"readers": options.readers, "preset": options.preset}))
    else:
        print("\n".join(table(measured, options)))


def serve_here(workspace: Path, folder: Path) -> None:
    from ml_backend.service.server import Machinery, Terms, serve

    roots = (folder, ROOT / "demo")
    machinery = Machinery(KINDS, (sys.executable, __file__, "work"))
    serve(workspace, Terms(roots=roots), lambda endpoint: print(endpoint.url, flush=True), machinery)


def dispatch(words: list[str]) -> int:
    match words:
        case ["serve", workspace, folder]:
            serve_here(Path(workspace), Path(folder))
        case ["work", folder]:
            from ml_backend.service.job.worker import main as work

            return work(JobFolder(Path(folder)), KINDS)
        case ["read", url, token, id, count, never]:
            read(url, token, id, int(count), int(never))
        case _:
            main()
    return 0


if __name__ == "__main__":
    sys.exit(dispatch(sys.argv[1:]))
