"""Work ahead: the next frames are decoded in a thread of their own while the last one is still being looked at."""

import queue
import threading
from collections.abc import Generator, Iterable
from typing import Generic, TypeVar

T = TypeVar("T")

DEPTH = 4  # frames that wait at most: enough to even out slow ones, and 400 MB at 8K
_POLL = 0.05  # seconds after which a waiting thread looks whether it is still wanted


class _End(Generic[T]):
    def __init__(self, error: BaseException | None) -> None:
        self.error = error


def ahead(items: Iterable[T], depth: int = DEPTH) -> Generator[T, None, None]:
    """The same items in the same order, up to `depth` of them made before they are asked for.

    An error of `items` is raised where the item would have come. When the iterator is closed or dropped, the thread
    ends after the item that it is making.
    """
    ready: queue.Queue[T | _End[T]] = queue.Queue(depth)
    unwanted = threading.Event()
    thread = threading.Thread(target=_fill, args=(items, ready, unwanted), daemon=True, name="ahead")
    thread.start()
    try:
        while True:
            item = ready.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item
    finally:
        unwanted.set()
        thread.join()


def _fill(items: Iterable[T], ready: "queue.Queue[T | _End[T]]", unwanted: threading.Event) -> None:
    iterator = iter(items)
    try:
        for item in iterator:
            if not _put(ready, item, unwanted):
                return
        _put(ready, _End(None), unwanted)
    except BaseException as error:
        _put(ready, _End(error), unwanted)
    finally:
        close = getattr(iterator, "close", None)
        if close is not None:
            close()


def _put(ready: "queue.Queue[T | _End[T]]", item: "T | _End[T]", unwanted: threading.Event) -> bool:
    """Wait for a place; False where nobody wants the item any more."""
    while not unwanted.is_set():
        try:
            ready.put(item, timeout=_POLL)
        except queue.Full:
            continue
        return True
    return False
