"""What can compute on this machine. As a program it prints the list as one line of JSON."""

import json
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from ml_backend.memory import total_mb


@dataclass(frozen=True)
class Device:
    """name: as torch calls it (cuda:0, mps, cpu). memory_mb: what it has in all, in MiB; the CPU's is the RAM."""

    name: str
    label: str
    memory_mb: int


def find_devices() -> list[Device]:
    """Every device that torch can use, the best first; the CPU is always there, with torch or without. Never raises.

    Loads torch, which takes seconds.
    """
    cpu = processor()
    try:
        return [*_accelerators(cpu), cpu]
    except Exception:  # a torch that is missing or broken must not hide the CPU; the doctor says what is wrong with it
        return [cpu]


def processor() -> Device:
    """The CPU, without loading torch. memory_mb is 0 where psutil is missing."""
    try:
        memory = total_mb()
    except ImportError:
        memory = 0
    return Device("cpu", processor_name(), memory)


def _accelerators(cpu: Device) -> list[Device]:
    import torch

    if torch.cuda.is_available():
        cards = [torch.cuda.get_device_properties(number) for number in range(torch.cuda.device_count())]
        return [Device(f"cuda:{n}", card.name, card.total_memory // 2**20) for n, card in enumerate(cards)]
    if torch.backends.mps.is_available():
        memory = torch.mps.recommended_max_memory() // 2**20
        return [Device("mps", cpu.label, memory)]
    return []


def processor_name() -> str:
    """The processor as its maker calls it, else its kind, such as x86_64."""
    try:
        name = _maker_name().strip()
    except (OSError, subprocess.SubprocessError):
        name = ""
    return name or platform.processor() or platform.machine() or "processor"


def _maker_name() -> str:
    if sys.platform == "win32":
        import winreg

        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, r"HARDWARE\DESCRIPTION\System\CentralProcessor\0") as key:
            return str(winreg.QueryValueEx(key, "ProcessorNameString")[0])
    if sys.platform == "darwin":
        command = ["/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines():
        key, _, value = line.partition(":")
        if key.strip() in ("model name", "Model"):  # ARM boards have the latter
            return value
    return ""


if __name__ == "__main__":
    print(json.dumps([asdict(device) for device in find_devices()]))
