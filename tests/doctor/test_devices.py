"""What can compute here, asked as the service asks it: a program that prints one line."""

import json
import os
import subprocess
import sys
from pathlib import Path

import psutil
import torch

from ml_backend.doctor.devices import find_devices


def ask(**environment: str) -> list[dict[str, object]]:
    command = [sys.executable, "-m", "ml_backend.doctor.devices"]
    done = subprocess.run(command, env=os.environ | environment, capture_output=True, text=True, check=True)
    (line,) = done.stdout.splitlines()
    return json.loads(line)


def test_the_program_lists_the_processor_last():
    devices = ask()
    assert all(set(device) == {"name", "label", "memory_mb"} for device in devices)
    assert devices[-1]["name"] == "cpu"
    assert devices[-1]["label"]
    assert 0 < devices[-1]["memory_mb"] <= psutil.virtual_memory().total // 2**20
    assert [d["name"] for d in devices[:-1] if d["name"] != "mps"] == [
        f"cuda:{n}" for n in range(torch.cuda.device_count())
    ]


def test_the_processor_stays_where_torch_is_broken(broken_torch: Path):
    assert [device["name"] for device in ask(PYTHONPATH=str(broken_torch))] == ["cpu"]


def test_the_function_gives_what_the_program_prints():
    assert [device.name for device in find_devices()] == [device["name"] for device in ask()]
