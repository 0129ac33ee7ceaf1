"""Notices the end of the process that the service was started for."""

import os
import stat
import threading
import time
from collections.abc import Callable

from ml_backend.service.processes import alive

POLL = 0.5


def watch_parent(pid: int, gone: Callable[[], None]) -> None:
    """Call `gone`, from another thread, once when `pid` does not run any more or our standard input ends.

    The input is watched where it is a pipe or a socket, as it is when a program starts us; a terminal is left alone.
    """
    once = threading.Lock()

    def tell() -> None:
        if once.acquire(blocking=False):
            gone()

    def watch_process() -> None:
        while alive(pid):
            time.sleep(POLL)
        tell()

    def watch_input() -> None:
        while os.read(0, 4096):
            pass
        tell()

    watches = [watch_process, watch_input] if _input_is_pipe() else [watch_process]
    for watch in watches:
        threading.Thread(target=watch, daemon=True).start()


def _input_is_pipe() -> bool:
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
