"""The jobs of a backend by operator, blocking and as in a window. Arguments: folder, the backend's program.

No timer fires without a window, so the second half calls what the timer calls.
"""

import json
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

import blender_deepfake
from blender_deepfake import commands, session
from blender_deepfake.backend_place import backend_place
from blender_deepfake.core.errors import OutsideRootsError
from blender_deepfake.core.runner import JobSpec

folder = Path(sys.argv[1])
blender_deepfake.register()
workspace = backend_place().workspace
operators: Any = bpy.ops.deepfake


def until(condition: Callable[[], object], step: Callable[[], object] = lambda: None) -> None:
    deadline = time.monotonic() + 120
    while not condition():
        assert time.monotonic() < deadline
        step()
        time.sleep(0.02)


def blocking() -> dict[str, Any]:
    checked = operators.check_backend()
    assert operators.start_backend() == {"FINISHED"}
    current = session.current()
    client = current.client
    assert client is not None
    jobs = [client.submit("quick", {"steps": 2000}, f"key-{n}")["id"] for n in range(3)]

    def state(number: int) -> str:
        return str(client.job(jobs[number])["state"])

    until(lambda: state(0) == "running")
    moved = operators.move_job(job=jobs[2], direction="UP")
    places = [client.job(job)["place"] for job in jobs]
    seen = []
    for name, number, wanted in (
        ("pause_job", 1, "paused"),
        ("resume_job", 1, "queued"),
        ("cancel_job", 0, "cancelled"),
        ("retry_job", 0, "queued"),
        ("cancel_job", 0, "cancelled"),
        ("remove_job", 0, ""),
    ):
        getattr(operators, name)(job=jobs[number])
        until(lambda number=number, wanted=wanted: not wanted or state(number) == wanted)
        seen.append([name, [job["id"] == jobs[number] for job in client.jobs()].count(True)])
    codes = [
        commands.main(arguments)
        for arguments in (
            ["status", "--json"],
            ["job", "pause", jobs[1]],
            ["job", "resume", jobs[1], "--json"],
            ["job", "pause", "nothing"],
            ["job", "dance", jobs[1]],
        )
    ]
    unknown = list(operators.pause_job(job="nothing"))
    allowed = operators.allow_folder(folder=str(folder / "footage"))
    roots = json.loads((workspace / "roots.json").read_text())["roots"]
    operators.stop_backend()
    return {
        "checked": list(checked),
        "summary": current.diagnosis.summary,
        "moved": [list(moved), places],
        "seen": seen,
        "commands": codes,
        "unknown": unknown,
        "allowed": [list(allowed), roots[-1], len(roots)],
        "stopped": not (workspace / "endpoint.json").exists(),
    }


def as_in_a_window() -> dict[str, Any]:
    """Every call returns at once: how long the slowest took is told, and 98 of 100."""
    session.close()
    current = session.current()
    current.blocking = False
    durations: list[float] = []

    def at_once(call: Callable[[], object]) -> None:
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)

    def tick() -> None:
        at_once(current._tick)

    at_once(current.look)
    until(lambda: current.left_over, tick)
    left_over = current.left_over
    at_once(operators.start_backend)
    until(lambda: len(current.board.entries) == 2 and not current._refreshing, tick)
    picked_up = sorted((entry.spec.label, entry.state) for entry in current.board.entries)
    for entry in list(current.board.entries):
        at_once(lambda entry=entry: operators.cancel_job(key=entry.key))
    until(lambda: all(entry.ended for entry in current.board.entries) and not current._refreshing, tick)
    finished: list[str] = []
    out = folder / "out side" / "out"
    entry = current.submit(
        JobSpec("quick", {"out": str(out)}, "Outside"), lambda entry: not finished.append(entry.state)
    )
    asked = {"out": str(out), "consent": str(folder / "records")}
    both = current.submit(JobSpec("quick", asked, "Both"), lambda entry: not finished.append("both"))
    until(lambda: entry.ended and both.ended and not current._refreshing, tick)
    assert isinstance(entry.error, OutsideRootsError)
    assert isinstance(both.error, OutsideRootsError)
    asks = [len(both.error.folders)]
    at_once(lambda: operators.allow_folder(folder=str(entry.error.folders[0]), key=entry.key))
    until(lambda: finished, tick)
    again = current.board.entries[-1]
    asks.append(len(both.error.folders))
    at_once(lambda: operators.allow_folder(folder=str(both.error.folders[0]), key=both.key))
    until(lambda: len(finished) == 2, tick)
    second = current.submit(JobSpec("quick", {"steps": 20000}, "Paused"))
    until(lambda: second.done >= 2, tick)
    at_once(lambda: operators.pause_job(key=second.key))
    until(lambda: second.state == "paused" and not current._refreshing, tick)
    at_once(lambda: operators.resume_job(key=second.key))
    until(lambda: second.state == "running" and not current._refreshing and not current.pending, tick)
    at_once(operators.stop_backend)
    until(lambda: not current.pending and second.state == "paused", tick)
    until(lambda: current._tick() is None)
    at_once(lambda: operators.resume_job(key=second.key))  # starts the backend again: the user asked for it
    until(lambda: second.state == "running", tick)
    session.close()
    at_rest = [thread.name for thread in threading.enumerate() if thread.name == "deepfake backend"]
    return {
        "left_over": left_over,
        "picked_up": picked_up,
        "finished": finished,
        "asks": asks,
        "again": [again.state, again.spec.label],
        "gone": entry not in current.board.entries,
        "slowest": max(durations),
        "usual": sorted(durations)[len(durations) * 98 // 100],
        "at_rest": at_rest,
        "failure": current.failure,
    }


answer = {"blocking": blocking(), "window": as_in_a_window()}
blender_deepfake.unregister()
print(json.dumps(answer))
