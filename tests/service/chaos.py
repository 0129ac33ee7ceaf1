"""What can happen to a service and its workspace, and the checks that it got over it."""

import contextlib
import http.client
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import struct
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from chaos_kinds import TWICE, intact
from service_process import PATIENCE, ROOT, DidNotStart, Running, wait_for

from ml_backend.atomic import write_json
from ml_backend.service.endpoint import Endpoint

HERE = Path(__file__).parent
FINAL = frozenset({"done", "failed", "refused", "cancelled"})
EXPECTED = frozenset({200, 201, 202, 404, 409, 503, 507})
"""Answers to calls that fit: done, unknown, wrong state, stopping, disk full."""
DISK_MB = 16
STORE_FILES = ("jobs.sqlite", "jobs.sqlite-wal")
OTHER_FILES = ("roots.json", "endpoint.json", "service.log")
JOB_FILES = ("job.json", "events.jsonl", "outcome.json", "log.txt")
KEPT_JOBS = 10
FOLDERS = ("out a", "out b", "out ç", "out d")


@dataclass
class Disk:
    """A disk of DISK_MB, or where none may be mounted (`small` is False) a plain folder that is never filled."""

    folder: Path
    small: bool
    full: bool = False

    def fill(self) -> None:
        """Leave no room; some of it may be taken again at once by who deletes something."""
        self.full = True
        with contextlib.suppress(OSError), (self.folder / "filler").open("ab", buffering=0) as file:
            for size in (1 << 20, 1 << 16, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        file.write(bytes(size))

    def free(self) -> None:
        (self.folder / "filler").unlink(missing_ok=True)
        self.full = False


@contextlib.contextmanager
def small_disk(folder: Path) -> Iterator[Disk]:
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MB}m,mode=700", "tmpfs", str(folder)]
    try:
        mounted = subprocess.run(mount, capture_output=True, check=False).returncode == 0
    except OSError:
        mounted = False
    try:
        yield Disk(folder, mounted)
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(folder)], check=True)


def command(workspace: Path, root: Path) -> list[str]:
    return [sys.executable, str(HERE / "chaos_kinds.py"), "serve", str(workspace), str(root)]


class Service(Running):
    """A service whose endpoint is remembered: its file may be damaged."""

    def __init__(self, workspace: Path, root: Path) -> None:
        super().__init__(workspace, command=command(workspace, root))
        endpoint = super().endpoint
        self._endpoint = endpoint

    @property
    def endpoint(self) -> Endpoint:
        return self._endpoint


class World:
    """One workspace on a small disk, the services that come and go on it, and what a client may rely on.

    `jobs` are the ids and marks of the jobs that were acknowledged and not removed; `doubtful` those whose removal was
    asked for and not answered; `unanswered` the bodies that were sent without an answer, by their keys; `damaged` the
    jobs whose files were cut.
    """

    def __init__(self, base: Path, disk: Disk) -> None:
        self.base = base
        self.disk = disk
        self.workspace = disk.folder / "wörk space"
        self.evidence = base / "evidence"
        self.evidence.mkdir()
        self.random = random.Random(0)
        self.journal: list[str] = []
        self.service: Service | None = None
        self.jobs: dict[str, str] = {}
        self.doubtful: set[str] = set()
        self.unanswered: dict[str, dict[str, Any]] = {}
        self.damaged: set[str] = set()
        self.states: dict[str, str] = {}
        self.happened: Counter[str] = Counter()
        self.deaths = 0
        self._cut_store = False
        self._cut_roots = False
        self._cut_job_file = False
        self._marks = 0
        self._sockets: list[socket.socket] = []
        self._readers: list[subprocess.Popen[bytes]] = []
        self._timers: list[threading.Timer] = []

    # --- what happens

    def note(self, text: str) -> None:
        self.journal.append(text)

    def start(self) -> None:
        """Start the service; on a full disk it may say that it cannot, and then starts when there is room."""
        assert self.service is None
        if self.random.random() < 0.15:
            self._start_in_vain()
        refusal = self._try_to_start()
        if refusal:
            assert self.disk.full, f"the service did not start: {refusal}"
            assert "Traceback" not in refusal, f"no word for people: {refusal}"
            self.note(f"it does not start on the full disk: {refusal.strip()}")
            self.disk.free()
            refusal = self._try_to_start()
            assert not refusal, f"there is room, and the service did not start: {refusal}"
        self.note("start")
        aside = list(self.workspace.glob("jobs.sqlite.damaged-*"))
        assert self._cut_store or not aside, "a store that nobody damaged was set aside"
        for file in aside:
            file.unlink()
        known = self.check_known()
        if not self._cut_store:
            was = {id: state for id, state in self.states.items() if id in self.jobs and id not in self.damaged}
            now = {job["id"]: job["state"] for job in known}
            assert {id: now[id] for id in was} == was, "states changed while no service ran"
        self.states = {}
        self._cut_store = False
        self._cut_job_file &= self.disk.full

    def _start_in_vain(self) -> None:
        """A service that is killed while it starts, about when it takes up its jobs."""
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        process = subprocess.Popen(
            command(self.workspace, self.base), env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(self.random.uniform(0.3, 0.6))
        process.kill()
        process.wait(PATIENCE)
        self.happened["start killed"] += 1
        self.note("start, and kill at once")

    def _try_to_start(self) -> str:
        """Start the service; returns what it says where it does not start."""
        try:
            self.service = Service(self.workspace, self.base)
        except DidNotStart as refusal:
            return str(refusal) or "nothing"
        return ""

    def write_roots(self) -> None:
        """As the user would mend it."""
        write_json(self.workspace / "roots.json", {"roots": [str(self.base)]}, 0o600)
        self._cut_roots = False

    def call(self, method: str, path: str, body: Any = None) -> tuple[int, dict[str, Any]] | None:
        """The answer; None where the service was killed before it gave one."""
        if self.service is None:
            return None
        broken = ""
        try:
            status, answer = self.service.call(method, path, body)
        except (OSError, http.client.HTTPException) as error:
            broken = repr(error)
        if broken:
            assert self._timers, f"{method} {path} was broken off, and nobody killed the service: {broken}"
            self.bury()
            return None
        expected = status in EXPECTED or (self._cut_roots and status == 403)
        assert expected, f"{method} {path} was answered with {status}: {answer}"
        return status, answer

    def submit(self) -> None:
        choose = self.random
        self._marks += 1
        mark = f"m{self._marks:04}"
        how = choose.choices(["done", "failed", "refused", "bug", "crash", "exit", "stubborn"], [10, 2, 1, 1, 1, 1, 2])[
            0
        ]
        request = {
            "mark": mark,
            "evidence": str(self.evidence),
            "out": str(self.disk.folder / choose.choice(FOLDERS)),
            "pieces": choose.randrange(1, 4),
            "pause": choose.choice([0.0, 0.02, 0.08]),
            "how": how,
            "child": choose.random() < 0.2,
        }
        key = f"key-{choose.getrandbits(64):x}"
        self.send(key, {"kind": choose.choice(["heavy", "heavy", "light"]), "request": request, "key": key})

    def send(self, key: str, body: dict[str, Any]) -> None:
        """Send a job, perhaps not for the first time."""
        self.unanswered[key] = body
        answer = self.call("POST", "/jobs", body)
        mark = body["request"]["mark"]
        if answer and answer[0] in (200, 201):
            del self.unanswered[key]
            self.jobs[answer[1]["id"]] = mark
        self.note(f"send {mark} {body['kind']} {body['request']['how']}: {answer and answer[0]}")

    def ask(self) -> None:
        """Pause, resume, cancel … some job."""
        if not self.jobs:
            return
        id = self.random.choice(list(self.jobs))
        verb = self.random.choices(["pause", "resume", "cancel", "retry", "move", "remove"], [4, 3, 3, 3, 2, 1])[0]
        if verb == "remove":
            self.remove(id)
            return
        other = self.random.choice([None, *self.jobs])
        answer = self.call("POST", f"/jobs/{id}/{verb}", {"before": other} if verb == "move" else None)
        self.note(f"{verb} {self.jobs[id]}: {answer and answer[0]}")

    def remove(self, id: str) -> None:
        answer = self.call("DELETE", f"/jobs/{id}")
        self.note(f"remove {self.jobs[id]}: {answer and answer[0]}")
        if answer and answer[0] == 200:
            mark = self.jobs.pop(id)
            for folder in FOLDERS:
                for file in (self.disk.folder / folder).glob(f"{mark}-*.png"):
                    file.unlink()
                shutil.rmtree(self.disk.folder / folder / f"{mark}-folder", ignore_errors=True)
        elif answer is None:
            self.doubtful.add(id)

    def read_and_vanish(self) -> None:
        """A client that reads events: one in a process, to be killed, or one whose line drops or that never reads."""
        if self.service is None or not self.jobs:
            return
        ids = self.random.choices(list(self.jobs), k=3)
        endpoint = self.service.endpoint
        if self.random.random() < 0.2:
            words = [sys.executable, "-S", str(HERE / "chaos_reader.py"), endpoint.url, endpoint.token, *ids]
            self._readers.append(subprocess.Popen(words, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL))
            self.note("reader starts")
            return
        port = int(endpoint.url.rpartition(":")[2])
        with contextlib.suppress(OSError):
            client = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
            client.sendall(
                f"GET /jobs/{ids[0]}/events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\n"
                f"Authorization: Bearer {endpoint.token}\r\n\r\n".encode()
            )
            self._sockets.append(client)
            if self.random.random() < 0.5:
                client.recv(100)
            self.note("socket reads")

    def drop_readers(self) -> None:
        for reader in self._readers:
            reader.kill()
            reader.wait(PATIENCE)
        for client in self._sockets:
            if self.random.random() < 0.5:  # a reset in place of a goodbye
                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            client.close()
        self._readers, self._sockets = [], []

    def kill_worker(self) -> None:
        until = time.monotonic() + 0.2
        while time.monotonic() < until:
            for lock in self._shuffled(self.workspace.glob("jobs/*/worker.lock")):
                with contextlib.suppress(OSError, ValueError):
                    pid = int(lock.read_text())
                    if str(lock.parent).encode() in Path(f"/proc/{pid}/cmdline").read_bytes():
                        os.kill(pid, signal.SIGKILL)
                        self.happened["worker killed"] += 1
                        self.note(f"kill the process of {self.jobs.get(lock.parent.name, lock.parent.name)}")
                        return
            time.sleep(0.02)

    def kill_service(self) -> None:
        """Now, or in the middle of what comes next."""
        if self.service is None or self._timers:
            return
        process, delay = self.service.process, self.random.choice([0.0, 0.0, 0.01, 0.05, 0.15])
        timer = threading.Timer(delay, process.kill)
        timer.start()
        self._timers.append(timer)
        self.happened["service killed"] += 1
        self.note(f"kill the service in {delay} s")
        if not delay:
            self.bury()

    def end_service(self) -> None:
        """Kindly, while jobs run: they are paused."""
        if self.service is None or self._timers:
            return
        self.note("end the service")
        self.happened["service ended"] += 1
        self.service.process.terminate()
        code = self.service.process.wait(PATIENCE)
        assert code == 0, f"the service ended with {code}"
        self._gone()

    def bury(self) -> None:
        """The service is being killed: wait for its end, and perhaps damage a file before the next one comes."""
        for timer in self._timers:
            timer.join()
        self._timers = []
        if self.service:
            self.service.process.wait(PATIENCE)
            self._gone()

    def _gone(self) -> None:
        """No service runs: the moment for worse things."""
        assert self.service
        self.service.close()
        self.service = None
        self.deaths += 1
        self.random.choices([self.cut_at_rest, self.fill_disk, lambda: None], [5, 1, 3])[0]()

    def fill_disk(self) -> None:
        if self.disk.small:
            self.disk.fill()
            self.happened["disk filled"] += 1
            self.note("the disk is full")

    def free_disk(self) -> None:
        self.disk.free()
        self.note("the disk has room")

    def cut_at_rest(self) -> None:
        """Truncate a file while no service runs; never two that hold the same job in one go."""
        names = (*OTHER_FILES, *(() if self._cut_job_file else STORE_FILES * 2))
        self._cut([*(self.workspace / name for name in names), *self._some_job_files()])

    def cut_alive(self) -> None:
        """Truncate a file of a job while the service runs."""
        if not self._cut_store:
            self._cut(self._some_job_files())

    def _some_job_files(self) -> list[Path]:
        folders = self._shuffled(self.workspace.glob("jobs/[!.]*"))[:1]
        return [folder / name for folder in folders for name in JOB_FILES]

    def _cut(self, candidates: list[Path]) -> None:
        files = [file for file in candidates if file.is_file() and file.stat().st_size]
        if not files:
            return
        file = self.random.choice(files)
        size = file.stat().st_size
        length = self.random.choice([0, self.random.randrange(size), size - 1])
        os.truncate(file, length)
        self._cut_store |= file.name in STORE_FILES
        self._cut_roots |= file.name == "roots.json"
        self._cut_job_file |= file.name == "job.json"
        if file.name in JOB_FILES:
            self.damaged.add(file.parent.name)
        self.happened[f"{file.name} cut"] += 1
        self.note(f"cut {file.parent.name}/{file.name} from {size} to {length}")

    def _shuffled(self, paths: Iterator[Path]) -> list[Path]:
        found = sorted(paths)
        self.random.shuffle(found)
        return found

    # --- a round

    def storm(self) -> None:
        """Some jobs, and whatever happens to them."""
        self.deaths = 0
        self.states = {}
        for _ in range(self.random.randrange(1, 3)):
            self.submit()
        acts: dict[Callable[[], None], int] = {
            self.submit: 2,
            self.ask: 7,
            self.read_and_vanish: 3,
            self.drop_readers: 1,
            self.kill_worker: 2,
            self.kill_service: 2,
            self.end_service: 1,
            self.fill_disk: 1,
            self.free_disk: 1,
            self.cut_alive: 2,
        }
        for act in self.random.choices(list(acts), list(acts.values()), k=self.random.randrange(3, 7)):
            if self.service is None:
                self.start()
            act()
            time.sleep(self.random.choice([0.0, 0.0, 0.02, 0.1]))

    def settle(self) -> None:
        """Let room and a service come back, and wait until each job has ended or is paused."""
        self.drop_readers()
        if self._timers:
            self.bury()
        if self.service is None:
            self.start()
        self.free_disk()
        self.write_roots()
        for key, body in list(self.unanswered.items()):
            self.send(key, body)
        assert not self.unanswered, "there is room, and the job was not taken"
        known = self.check_known()
        for job in known:
            if job["state"] == "paused" and self.random.random() < 0.7:
                self.note(f"resume {job['request']['mark']}")
                self.call("POST", f"/jobs/{job['id']}/resume")
        wait_for(self._at_rest, "the end of all jobs")

    def _at_rest(self) -> bool:
        answer = self.call("GET", "/jobs")
        assert answer
        active = [job for job in answer[1]["jobs"] if job["state"] not in FINAL and job["state"] != "paused"]
        for job in active:
            if job["state"] == "running" and job["request"]["how"] == "stubborn" and job["asked"] is None:
                self.call("POST", f"/jobs/{job['id']}/cancel")
        if active:
            time.sleep(0.03)
        return not active

    def tidy(self) -> None:
        """Remove all but the latest jobs, so that the disk stays as it is."""
        answer = self.call("GET", "/jobs")
        assert answer
        ended = [job["id"] for job in answer[1]["jobs"] if job["state"] in FINAL]
        for id in ended[:-KEPT_JOBS]:
            self.jobs.setdefault(id, "one that was removed before")
            self.remove(id)

    def stop(self) -> None:
        """End the service, kindly or not; nothing of it may be left over."""
        assert self.service
        how = self.random.choice(["signal", "call", "kill", "kill"])
        self.note(f"stop by {how}")
        process = self.service.process
        if how == "call":
            self.call("POST", "/shutdown")
        else:
            process.send_signal(signal.SIGTERM if how == "signal" else signal.SIGKILL)
        code = process.wait(PATIENCE)
        assert code == (-signal.SIGKILL if how == "kill" else 0), f"the service ended with {code}"
        wait_for(lambda: not processes_of(self.base), f"the end of {processes_of(self.base)}")
        self._gone()

    # --- checks

    def check_known(self) -> list[dict[str, Any]]:
        """Every acknowledged job is there, once. Returns all jobs."""
        answer = self.call("GET", "/jobs")
        assert answer
        jobs: list[dict[str, Any]] = answer[1]["jobs"]
        ids = {job["id"] for job in jobs}
        lost = {id: mark for id, mark in self.jobs.items() if id not in ids and id not in self.doubtful}
        assert not lost, f"lost: {lost}"
        self.jobs = {id: mark for id, mark in self.jobs.items() if id in ids}
        self.doubtful &= ids
        marks = Counter(job["request"]["mark"] for job in jobs)
        doubled = [mark for mark, count in marks.items() if count > 1]
        assert not doubled, f"sent again with its key, and made twice: {doubled}"
        return jobs

    def check_evidence(self) -> None:
        """No job ran twice at once, and what has a final name is whole."""
        for trace in self.evidence.glob("*.trace"):
            assert TWICE not in trace.read_text(), f"{trace.stem} ran twice at once: {trace.read_text()}"
            trace.unlink()
        for file in self._finished_files():
            assert intact(file.read_bytes()), f"{file} is half-written"
        answer = self.call("GET", "/jobs")
        assert answer
        for job in answer[1]["jobs"]:
            request = job["request"]
            folder = Path(request["out"])
            if job["state"] == "done" and job["id"] in self.jobs:
                pieces = [folder / f"{request['mark']}-{number}.png" for number in range(request["pieces"])]
                assert all(piece.exists() for piece in pieces), f"{request['mark']} is done and pieces are missing"

    def _finished_files(self) -> Iterator[Path]:
        for name in FOLDERS:
            for path in (self.disk.folder / name).glob("[!.]*"):
                yield from [path / "a", path / "b"] if path.is_dir() else [path]
        yield from self.workspace.glob("jobs/*/previews/[!.]*")

    def check_a_stream(self) -> None:
        """The events of an ended job: their ids rise, and the end is the job's."""
        answer = self.call("GET", "/jobs")
        assert answer
        assert self.service
        ended = [job for job in answer[1]["jobs"] if job["state"] in FINAL]
        if ended:
            job = self.random.choice(ended)
            events = list(self.service.events(job["id"]))
            assert events[-1]["data"]["state"] == job["state"]
            ids = [event["id"] for event in events[:-1]]
            assert ids == sorted(set(ids)), f"ids of {job['id']} do not rise: {ids}"
            assert ids[-1:] <= [events[-1]["id"]]

    def check_idle(self) -> None:
        """While nothing is to be done: the store is sound, files are whole, and nothing half-made or lost is about."""
        assert self.service
        own = str(self.service.process.pid)
        wait_for(lambda: len(processes_of(self.base)) == 1, f"the end of all but {own} of {processes_of(self.base)}")
        with contextlib.closing(sqlite3.connect(self.workspace / "jobs.sqlite")) as store:
            assert store.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        for file in self.workspace.glob("jobs/[!.]*/*.json"):
            if file.parent.name not in self.damaged:
                json.loads(file.read_bytes())
        parts = list(self.workspace.rglob(".*.part"))
        assert not parts, f"left over: {parts}"
        answer = self.call("GET", "/jobs")
        assert answer
        self.states = {job["id"]: job["state"] for job in answer[1]["jobs"]}


def processes_of(base: Path) -> list[str]:
    """The command lines of all processes that have `base` in their command or their environment."""
    mark, found = str(base).encode(), []
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        with contextlib.suppress(OSError):
            command = (folder / "cmdline").read_bytes()
            if mark in command or mark in (folder / "environ").read_bytes():
                found.append(f"{folder.name}: {command.replace(bytes(1), b' ').decode(errors='replace')}")
    return found
