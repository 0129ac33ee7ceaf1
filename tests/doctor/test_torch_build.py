"""Machines with a card that torch does not use: nvidia-smi is a script here that answers as beside a card."""

import os
from pathlib import Path

import pytest
import torch

from ml_backend.doctor.torch_build import ask_nvidia, check_acceleration, check_precision

pytestmark = pytest.mark.skipif(
    os.name == "nt" or bool(torch.version.cuda or torch.version.hip) or torch.backends.mps.is_available(),
    reason="this torch is a build for graphics cards, or there is no shell",
)


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    def write(script: str) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)

    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    return write


def test_a_card_beside_a_torch_for_the_cpu(nvidia_smi):
    nvidia_smi("echo 'NVIDIA RTX 4090, 24564 MiB, 560.35'")
    found = check_acceleration()
    assert found.state == "warning"
    assert "NVIDIA RTX 4090" in found.value
    assert "a build for the CPU" in found.value
    assert "pytorch.org" in found.fix


@pytest.mark.parametrize("script", ["echo 'the driver is not loaded' >&2; exit 9", "exit 0"])
def test_a_driver_that_does_not_answer(nvidia_smi, script):
    nvidia_smi(script)
    found = check_acceleration()
    assert (found.state, bool(found.fix)) == ("warning", True)
    assert "does not answer" in found.value


def test_no_card(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert ask_nvidia() is None
    assert check_acceleration().state == "ok"


def test_the_precision_is_named():
    assert check_precision().value.split()[0] in ("float32", "bfloat16")
