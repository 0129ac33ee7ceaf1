"""One training by several processes of this machine, one for each device.

torchrun starts them and starts them anew when one dies; they go on from the newest checkpoint. What they tell goes
through a folder: events.jsonl, outcome.json, and a file `stop` that asks them to end.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_backend.errors import BackendError, Cancelled, RefusedError, UsageError
from ml_backend.progress import Reporter
from ml_backend.requests import TrainRequest

RANK = "ml_backend.training.parallel.rank"
RESTARTS = 3
PATIENCE = 0.2  # seconds between two looks at what they tell
GRACE = 15.0  # seconds
LAST_WORDS = 1500  # characters of torchrun's log that go into an error


def launch(request: TrainRequest, reporter: Reporter) -> dict[str, Any]:
    """Train with `request.devices` processes; returns, and raises, what the leading one does."""
    with tempfile.TemporaryDirectory(prefix="ml-backend-train-") as name:
        folder = Path(name)
        (folder / "request.json").write_text(request.model_dump_json(), encoding="utf-8")
        with (folder / "log.txt").open("wb") as log:
            command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--max-restarts={RESTARTS}"]
            command += [f"--nproc-per-node={request.devices}", "-m", RANK, name, str(os.getpid())]
            # a session of their own: Ctrl-C is for this process, which asks them to stop in good order
            torchrun = subprocess.Popen(
                command, stdout=log, stderr=subprocess.STDOUT, env=_environment(), start_new_session=True
            )
            try:
                _relay(torchrun, folder, reporter)
            finally:
                _end(torchrun)
        return _outcome(folder, torchrun.returncode)


def _end(torchrun: "subprocess.Popen[bytes]") -> None:
    """Let them end by themselves for a while, and then not."""
    try:
        torchrun.wait(GRACE)
    except subprocess.TimeoutExpired:
        torchrun.terminate()
        torchrun.wait()


def _environment() -> dict[str, str]:
    # a shared rendezvous store is lost with the process that holds it, and then nobody can be started anew
    return os.environ | {"TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}


def _relay(torchrun: "subprocess.Popen[bytes]", folder: Path, reporter: Reporter) -> None:
    """Pass on what is told until they have ended."""
    events = _new_lines(folder / "events.jsonl")
    while True:
        ended = torchrun.poll() is not None
        for line in next(events):
            event = json.loads(line)
            if event["kind"] == "progress":
                reporter.progress(event["stage"], event["done"], event["total"], event["figures"])
            elif event["kind"] == "preview":
                reporter.preview(Path(event["path"]))
            elif event["kind"] == "detail":
                reporter.detail(event["text"])
            else:
                reporter.message(event["text"])
        if ended:
            return
        if (folder / "outcome.json").exists():  # what followers do without the one that led is of no interest
            _end(torchrun)
            continue
        if reporter.stop_requested():
            (folder / "stop").touch()
        time.sleep(PATIENCE)


def _new_lines(file: Path) -> Iterator[list[bytes]]:
    """The whole lines that were added since the last time."""
    place = 0
    while True:
        lines: list[bytes] = []
        if file.exists():
            with file.open("rb") as stream:
                stream.seek(place)
                text = stream.read()
            whole = text.rfind(b"\n") + 1
            place += whole
            lines = text[:whole].splitlines()
        yield lines


def _reason(log: Path) -> str:
    """The errors that the processes ended with, or the end of what they said."""
    text = log.read_text(encoding="utf-8", errors="replace")
    errors = dict.fromkeys(re.findall(r"^\[rank\d+\]: (\w[\w.]*(?:Error|Exception).*)$", text, re.MULTILINE))
    return "; ".join(errors) or text[-LAST_WORDS:].strip()


def _outcome(folder: Path, code: int | None) -> dict[str, Any]:
    file = folder / "outcome.json"
    if not file.exists():
        raise BackendError(
            f"The processes of the training ended ({code}) without a result: {_reason(folder / 'log.txt')}",
            "Run the same command again: it goes on from the last checkpoint.",
        )
    outcome: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    if outcome["kind"] == "result":
        result: dict[str, Any] = outcome["result"]
        return result
    if outcome["kind"] == "cancelled":
        raise Cancelled
    kinds = {kind.exit_code: kind for kind in (BackendError, UsageError, RefusedError)}
    raise kinds[outcome["code"]](outcome["message"], outcome["fix"])
