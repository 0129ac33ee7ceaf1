"""torchrun started by hand, on one machine and on two, comes to what one process does; so does a new leader."""

import json
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest
import torch

from ml_backend.training.models.checkpoints import list_checkpoints

from .test_parallel import SETTINGS, STEPS, assert_near, end_of, ranks, ranks_left, result_of

pytestmark = pytest.mark.slow
IMAGES = STEPS * 5 * 2  # of a training without interruption: five faces of each of two people in a step
TORCHRUN = ("-m", "torch.distributed.run")
Start = Callable[..., "subprocess.Popen[str]"]
Tensors = dict[str, torch.Tensor]


@pytest.fixture(scope="module")
def start(facesets: dict[str, Path], consent: Path, backend_environment: dict[str, str]) -> Start:
    """Start `ml_backend train` with a python command before it, further words after it, and variables around it."""
    quiet = {"OMP_NUM_THREADS": "1", "TORCH_DISABLE_SHARE_RDZV_TCP_STORE": "1"}

    def start(
        model: Path, before: Sequence[str] = (), after: Sequence[str] = (), **variables: str
    ) -> "subprocess.Popen[str]":
        command = [sys.executable, *before, "-m", "ml_backend", "train", "--model", str(model), "--preset", "tiny"]
        command += ["--json", "--iterations", str(STEPS), "--consent", str(consent), *after]
        command += [text for name, folder in facesets.items() for text in ("--faceset", f"{name}={folder}")]
        command += [text for pair in SETTINGS.items() for text in ("--set", "=".join(pair))]
        return subprocess.Popen(
            command,
            env=backend_environment | quiet | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    return start


@pytest.fixture(scope="module")
def alone(start: Start, tmp_path_factory: pytest.TempPathFactory) -> Tensors:
    """What one process comes to."""
    model = tmp_path_factory.mktemp("alone") / "model"
    assert result_of(start(model))["devices"] == 1
    return end_of(model)


@pytest.fixture(scope="module")
def together(start: Start, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A model that torchrun trained with two processes of one machine, and what they wrote to standard output."""
    model = tmp_path_factory.mktemp("together") / "model"
    process = start(model, [*TORCHRUN, "--standalone", "--nproc-per-node=2"])
    out, err = process.communicate(timeout=300)
    assert process.returncode == 0, err
    return model, out


def results(processes: Sequence["subprocess.Popen[str]"]) -> list[dict[str, Any]]:
    """What each of several agents told; an agent whose process does not lead tells nothing."""
    said = [process.communicate(timeout=300) for process in processes]
    assert [process.returncode for process in processes] == [0] * len(processes), said
    return [json.loads(line) for out, _ in said for line in out.splitlines()]


def free_port() -> int:
    """One that no outgoing connection of another test is given before the agents meet there."""
    for port in random.sample(range(15_000, 30_000), 100):
        with socket.socket() as meeting, suppress(OSError):
            meeting.bind(("localhost", port))
            return port
    raise RuntimeError("no port is free")


def test_two_processes_of_one_machine(together: tuple[Path, str], alone: Tensors) -> None:
    model, out = together
    (line,) = out.splitlines()
    result = json.loads(line)
    assert (result["devices"], result["iterations"], result["images"]) == (2, STEPS, IMAGES)
    assert_near(end_of(model), alone)


def test_two_machines_that_share_a_folder(start: Start, alone: Tensors, tmp_path: Path) -> None:
    """The command of docs/training.md."""
    meeting = ["--rdzv-backend=c10d", f"--rdzv-endpoint=localhost:{free_port()}"]
    agent = [*TORCHRUN, "--nnodes=2", "--nproc-per-node=1", "--max-restarts=3", *meeting]
    (result,) = results([start(tmp_path / "model", agent) for _ in range(2)])
    assert (result["devices"], result["iterations"], result["images"]) == (2, STEPS, IMAGES)
    assert_near(end_of(tmp_path / "model"), alone)


def test_only_the_leader_writes(start: Start, alone: Tensors, tmp_path: Path) -> None:
    """The second machine has a disk of its own, and nothing of the training is on it at the end."""
    agent = [*TORCHRUN, "--nnodes=2", "--nproc-per-node=1", "--master-addr=localhost", f"--master-port={free_port()}"]
    disks = [tmp_path / "first", tmp_path / "second"]
    for disk in disks:
        disk.mkdir()
    (result,) = results(
        [
            start(disk / "model", [*agent, f"--node-rank={rank}"], ML_BACKEND_HOME=str(disk / "home"))
            for rank, disk in enumerate(disks)
        ]
    )
    assert result["model"] == str(disks[0] / "model")
    assert_near(end_of(disks[0] / "model"), alone)
    assert (disks[0] / "home" / "audit" / "audit.jsonl").is_file()
    assert [file for file in disks[1].rglob("*") if file.is_file()] == []
    assert not (disks[1] / "model").exists()


def test_a_killed_leader_is_replaced(start: Start, together: tuple[Path, str], tmp_path: Path) -> None:
    model = tmp_path / "model"
    process = start(model, after=["--devices", "2"])
    deadline = time.monotonic() + 120
    while not list_checkpoints(model):
        assert process.poll() is None, process.communicate()[1]
        assert time.monotonic() < deadline
        time.sleep(0.01)
    leader_of(process).send_signal(signal.SIGKILL)
    assert int(list_checkpoints(model)[-1].name) < STEPS, "the kill came too late"
    result = result_of(process)
    assert result["iterations"] == STEPS
    assert result["images"] < IMAGES, "of the processes after the kill"
    calm, end = end_of(together[0]), end_of(model)
    assert calm.keys() == end.keys()
    assert [name for name in calm if not torch.equal(calm[name], end[name])] == []
    assert not ranks_left(model)
    assert not list(model.rglob(".*")), "nothing half-written is left"


def leader_of(process: "subprocess.Popen[str]") -> psutil.Process:
    """The training process that writes and talks."""
    (leader,) = [rank for rank in ranks(process) if rank.environ()["RANK"] == "0"]
    return leader
