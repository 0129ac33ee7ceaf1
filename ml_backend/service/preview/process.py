"""The preview process: `python -m ml_backend.service.preview.process [--no-gpu]`.

Reads a line for each frame from its standard input, and answers each with a line on its standard output when the
pictures are written. What libraries print goes to its standard error. It ends when its input does.
"""

import argparse
import faulthandler
import os
import queue
import signal
import sys
import threading
import time
import traceback
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from ml_backend.errors import BackendError, RefusedError, UsageError, is_full_disk
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.requests import PreviewRequest
from ml_backend.service import roots
from ml_backend.service.preview.lines import Asked, PreviewAnswer, Said, Word
from ml_backend.service.protocol import Problem

ORPHAN_SECONDS = 2.0
"""How long a frame may still take when the service is gone."""


Render = Callable[[PreviewRequest], dict[str, Any]]
"""Makes one frame and says what a PreviewAnswer holds."""


def main(open_renderer: Callable[[], Render]) -> int:
    """Answer until the input ends."""
    faulthandler.enable()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the service's to hear
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    asked = _read_ahead()  # before the heavy imports: the service may go away during them
    render = open_renderer()
    while line := asked.get():
        answers.write(_answer(render, line).model_dump_json().encode() + b"\n")
        answers.flush()
    return 0


def _read_ahead() -> "queue.SimpleQueue[bytes]":
    """The lines of the input as they come, and b"" at its end; soon after that this process is over."""
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()

    def read() -> None:
        for line in sys.stdin.buffer:
            lines.put(line)
        lines.put(b"")
        time.sleep(ORPHAN_SECONDS)
        os._exit(1)

    threading.Thread(target=read, daemon=True).start()
    return lines


def open_previewer(gpu: bool) -> Render:
    """The product's renderer."""
    if not gpu:
        os.environ["CUDA_VISIBLE_DEVICES"] = ""  # torch and ONNX Runtime both obey it, if it is set before they load
    import torch

    from ml_backend.swapping.previews.previewer import Previewer
    from ml_backend.training.device import best_device

    return Previewer(best_device() if gpu else torch.device("cpu")).render


def _answer(render: Render, line: bytes) -> Said:
    try:
        asked = Asked.model_validate_json(line)
        roots.check(asked.request, [Path(root) for root in asked.roots])
        return Said(answer=PreviewAnswer.model_validate(render(asked.request)))
    except roots.OutsideRoots as error:
        return _problem("outside_roots", error.message, error.fix)
    except BackendError as error:
        word: Word = (
            "refused" if isinstance(error, RefusedError) else "usage" if isinstance(error, UsageError) else "failed"
        )
        reason = error.reason if isinstance(error, ConsentRefused) else None
        return _problem(word, error.message, error.fix, reason)
    except ValidationError as error:
        return _problem("usage", f"The request does not fit: {error}", "")
    except Exception as error:  # whatever happened, the artist gets a line and the log gets the trace
        traceback.print_exc()
        text = f"{type(error).__name__}: {error}".strip().splitlines()[0][:500]
        if is_full_disk(error):
            return _problem("disk_full", text, "Free some space on that disk, then ask again.")
        return _problem("internal", text, "The log tells more: preview.log in the workspace.")


def _problem(word: Word, message: str, fix: str, reason: str | None = None) -> Said:
    return Said(problem=Problem(code=word, message=message, fix=fix, reason=reason))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--no-gpu", action="store_true", help="leave the GPU to the jobs")
    gpu = not parser.parse_args().no_gpu
    code = main(lambda: open_previewer(gpu))
    sys.stderr.flush()
    os._exit(code)  # nothing is left to be done, and taking down torch takes a while
