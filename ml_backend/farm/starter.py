"""A step that `farm run` has started ends with it, also where that is killed."""

import os
import signal
import threading
import time

PATIENCE = 30.0  # seconds for a process to stop at a safe point before it is ended


def end_with_input() -> None:
    """From now on, stop as at SIGTERM once standard input ends, and end for good if that takes too long."""
    threading.Thread(target=_watch, daemon=True).start()


def _watch() -> None:
    while os.read(0, 4096):
        pass
    signal.raise_signal(signal.SIGTERM)
    time.sleep(PATIENCE)
    os._exit(1)
