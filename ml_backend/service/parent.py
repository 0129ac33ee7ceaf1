"""Notices the end of the process that the service was started for."""

import os
import stat
import threading
import time
from collections.abc import Callable

from ml_backend.service.processes import alive

POLL = 0.5


def watch_parent(pid: int | None, gone: Callable[[], None]) -> None:
    """Call `gone`, from another thread, once when `pid` does not run any more or our standard input ends.

    The input is watched where it is a pipe or a socket, as it is when a program starts us; a terminal is left alone.
    Without a pid, as in a container, whose processes are numbered differently, only the input is watched.
    """
    once = threading.Lock()

    def tell() -> None:
        if once.acquire(blocking=False):
            gone()

    def watch_process(process: int) -> None:
        while alive(process):
            time.sleep(POLL)
        tell()

    def watch_input() -> None:
        while os.read(0, 4096):
            pass
        tell()

    if pid is not None:
        threading.Thread(target=watch_process, args=(pid,), daemon=True).start()
    if _input_is_pipe():
        threading.Thread(target=watch_input, daemon=True).start()


def _input_is_pipe() -> bool:
    try:
        mode = os.fstat(0).st_mode
    except OSError:
        return False
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)
