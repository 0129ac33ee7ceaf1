"""Server-sent events: lines of bytes in, events out."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Event:
    """One event of a job. `data` is its JSON object; `name` is progress, message, log, preview or state, or another
    that a newer backend may send."""

    id: int
    name: str
    data: dict[str, Any]


def parse(lines: Iterable[bytes]) -> Iterator[Event]:
    """Yield the events in `lines`. Comments (keep-alives) and an unfinished last event are left out."""
    identifier, name = 0, "message"
    data: list[str] = []
    for raw in lines:
        line = raw.decode("utf-8").rstrip("\r\n")
        if not line:
            if data:
                yield Event(identifier, name, json.loads("\n".join(data)))
            name, data = "message", []
            continue
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            identifier = int(value)
        elif field == "event":
            name = value
        elif field == "data":
            data.append(value)
