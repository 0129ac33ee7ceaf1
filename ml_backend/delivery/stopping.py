"""Between two pictures: stop where somebody asked to, and say how far it is."""

from collections.abc import Callable

from ml_backend.errors import Cancelled
from ml_backend.progress import Reporter


def stop_or_tell(stage: str, reporter: Reporter) -> Callable[[int, int], None]:
    """What is called with the number of pictures that are done and of all; raises Cancelled."""

    def told(done: int, count: int) -> None:
        if reporter.stop_requested():
            raise Cancelled
        reporter.progress(stage, done, count)

    return told
