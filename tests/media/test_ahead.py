import threading
from collections.abc import Iterator

import pytest

from ml_backend.media.ahead import ahead


def test_gives_everything_in_order() -> None:
    assert list(ahead(range(1000), depth=3)) == list(range(1000))


def test_works_ahead_but_no_further_than_its_depth() -> None:
    made: list[int] = []
    third = threading.Event()

    def numbers() -> Iterator[int]:
        for number in range(50):
            made.append(number)
            if number == 3:
                third.set()
            yield number

    items = ahead(numbers(), depth=3)
    assert next(items) == 0
    assert third.wait(10), "nothing is made ahead"
    assert not threading.Event().wait(0.2)
    assert len(made) <= 5  # the one taken, three that wait, one in the maker's hand
    assert list(items) == list(range(1, 50))


def test_raises_an_error_where_the_item_would_have_come() -> None:
    def numbers() -> Iterator[int]:
        yield 1
        yield 2
        raise ValueError("the third is broken")

    items = ahead(numbers())
    assert [next(items), next(items)] == [1, 2]
    with pytest.raises(ValueError, match="the third is broken"):
        next(items)


def test_closing_ends_the_thread_and_closes_the_items() -> None:
    closed = threading.Event()

    def numbers() -> Iterator[int]:
        try:
            number = 0
            while True:
                yield number
                number += 1
        finally:
            closed.set()

    items = ahead(numbers(), depth=2)
    assert next(items) == 0
    items.close()
    assert closed.is_set()
    assert not [thread for thread in threading.enumerate() if thread.name == "ahead"]
