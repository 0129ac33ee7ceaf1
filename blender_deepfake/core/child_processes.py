"""How the backend's programs are started from within Blender, and ended."""

import contextlib
import os
import signal
import subprocess
import sys
from typing import Any


def environment() -> dict[str, str]:
    """Blender's own Python variables would lead the backend's Python to the wrong modules."""
    return {key: value for key, value in os.environ.items() if key not in ("PYTHONPATH", "PYTHONHOME")}


def own_group() -> dict[str, Any]:
    """Arguments of Popen. Ctrl-C in a terminal must reach Blender alone: it then ends the backend in order."""
    if sys.platform == "win32":
        return {"creationflags": subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW}
    return {"start_new_session": True}


def kill(process: "subprocess.Popen[bytes]") -> None:
    """End a process that was started in its own group, and where the system knows groups, all its children."""
    if sys.platform == "win32":
        process.kill()
    else:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    process.wait()
