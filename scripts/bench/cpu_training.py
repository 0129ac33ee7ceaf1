"""Train a model until the process has spent so much processor time on it; a benchmark's part, run in its own process.

    python scripts/bench/cpu_training.py REQUEST SECONDS

REQUEST is a train request as JSON, SECONDS the limit or inf. What is counted is this process's user and system time
from its first step on: starting Python and reading facesets is not, and other programs on the machine add only what
they make its steps dearer. The end by the limit is a stop that was asked for, so the model goes on from there exactly.
"""

import contextlib
import json
import os
import sys
import time

os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")  # threads that wait must not count; read when torch is loaded

from ml_backend.errors import Cancelled
from ml_backend.progress import SilentReporter
from ml_backend.requests import TrainRequest
from ml_backend.training.models.checkpoints import list_checkpoints
from ml_backend.training.train import run_train


class CpuLimit(SilentReporter):
    """Asks the training to stop once its steps have taken `limit` seconds of processor time.

    The loop asks after every step; the first one's own time is taken to be that of the others.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self._first = self._last = 0.0
        self._wall_first = self._wall_last = 0.0
        self.steps = 0

    def stop_requested(self) -> bool:
        self._last, self._wall_last = time.process_time(), time.monotonic()
        self.steps += 1
        if self.steps == 1:
            self._first, self._wall_first = self._last, self._wall_last
        return self.seconds >= self._limit

    @property
    def seconds(self) -> float:
        return self._whole(self._last - self._first)

    @property
    def wall_seconds(self) -> float:
        return self._whole(self._wall_last - self._wall_first)

    def _whole(self, without_first: float) -> float:
        return without_first * self.steps / max(self.steps - 1, 1)


def main() -> None:
    request, limit = TrainRequest.model_validate_json(sys.argv[1]), CpuLimit(float(sys.argv[2]))
    with contextlib.suppress(Cancelled):
        run_train(request, limit)
    iterations = int(list_checkpoints(request.model)[-1].name)
    figures = {"iterations": iterations, "steps": limit.steps}
    print(json.dumps(figures | {"cpu_seconds": limit.seconds, "wall_seconds": limit.wall_seconds}))


if __name__ == "__main__":
    main()
