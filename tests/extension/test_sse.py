"""Server-sent events survive being cut anywhere."""

import json

from hypothesis import given
from hypothesis import strategies as st

from blender_deepfake.core.sse import Event, parse

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["progress", "message", "preview", "state"]), st.dictionaries(st.text(), st.text(), max_size=3)
    )
)


def encode(events: list[tuple[str, dict[str, str]]]) -> bytes:
    parts = [f"id: {n}\nevent: {name}\ndata: {json.dumps(data)}\n\n" for n, (name, data) in enumerate(events, 1)]
    return ": keep-alive\n\n".join(["", *parts, ""]).encode()


@given(EVENTS)
def test_what_was_written_is_read(events: list[tuple[str, dict[str, str]]]) -> None:
    read = list(parse(encode(events).splitlines(keepends=True)))
    assert read == [Event(n, name, data) for n, (name, data) in enumerate(events, 1)]


@given(EVENTS, st.integers(0, 500))
def test_a_cut_stream_gives_whole_events_only(events: list[tuple[str, dict[str, str]]], cut: int) -> None:
    whole = list(parse(encode(events).splitlines(keepends=True)))
    data = encode(events)[:cut]
    lines = data[: data.rfind(b"\n") + 1].splitlines(keepends=True)
    read = list(parse(lines))
    assert read == whole[: len(read)]


def test_data_of_several_lines_and_carriage_returns() -> None:
    lines = [b'data: {"a":\r\n', b"data: 1}\r\n", b"id: 7\r\n", b"\r\n"]
    assert list(parse(lines)) == [Event(7, "message", {"a": 1})]
