"""Which devices this machine trains on, asked in a process of its own: the service itself never loads torch."""

import asyncio
import logging
import sys
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from ml_backend.service.protocol import Device

logger = logging.getLogger(__name__)

PROBE: tuple[str, ...] = (sys.executable, "-m", "ml_backend.doctor.devices")
SECONDS = 120.0
_devices = TypeAdapter(list[Device])


async def find_devices(probe: Sequence[str | Path]) -> list[Device] | None:
    """The devices that `probe` prints, the best first; None where it fails. Cancelled, it ends the process."""
    process = await asyncio.create_subprocess_exec(*map(str, probe), stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    try:
        out, errors = await asyncio.wait_for(process.communicate(), SECONDS)
        try:
            return _devices.validate_json(out.strip().splitlines()[-1])
        except (IndexError, ValidationError):
            logger.warning("The devices are not known: %s", errors.decode(errors="replace")[-1000:])
    except TimeoutError:
        logger.warning("The devices are not known: the search took more than %d s", SECONDS)
    finally:
        if process.returncode is None:
            process.kill()
    return None
