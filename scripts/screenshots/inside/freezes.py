"""How long Blender's main thread is held: by each of the extension's functions, and between the beats of a timer.

The beats also contain what Blender itself does, such as drawing, which is slow without a graphics card.
"""

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import bpy

_BEAT = 0.005
EXTENSION = "bl_ext.user_default.deepfake_sequencer"


@dataclass
class _Measured:
    phase: str = "start"
    beat: float = 0.0
    beats: dict[str, list[float]] = field(default_factory=dict)
    calls: dict[tuple[str, str], list[tuple[float, float]]] = field(default_factory=dict)


_measured = _Measured()


def phase(name: str) -> None:
    _measured.phase, _measured.beat = name, 0.0


def pardon() -> None:
    """What this script itself did since the last beat does not count."""
    _measured.beat = 0.0


@contextmanager
def _measure(name: str) -> Iterator[None]:
    started, worked = time.perf_counter(), time.thread_time()
    try:
        yield
    finally:
        times = time.perf_counter() - started, time.thread_time() - worked
        _measured.calls.setdefault((_measured.phase, name), []).append(times)


def _timed(name: str, function: Callable[..., Any], arguments: int) -> Callable[..., Any]:
    """Blender counts the arguments that are written down, and gives as many."""

    def timer() -> Any:
        with _measure(name):
            return function()

    def method(self: Any, context: Any) -> Any:
        with _measure(name):
            return function(self, context)

    def handler(self: Any, context: Any, event: Any) -> Any:
        with _measure(name):
            return function(self, context, event)

    return {0: timer, 2: method, 3: handler}[arguments]


def watch() -> None:
    """Measure every operator and panel of the extension and its timers, from now on."""
    modules = [module for name, module in sys.modules.items() if name.startswith(EXTENSION)]
    classes = {
        c for module in modules for c in vars(module).values() if isinstance(c, type) and hasattr(c, "bl_idname")
    }
    for cls in classes:
        for method, arguments in (("execute", 2), ("invoke", 3), ("modal", 3), ("draw", 2)):
            if callable(getattr(cls, method, None)) and cls.__module__.startswith(EXTENSION):
                setattr(cls, method, _timed(f"{cls.__name__}.{method}", getattr(cls, method), arguments))
    session = sys.modules[f"{EXTENSION}.session"].current()
    session._timer = _timed("session tick", session._tick, 0)
    view = sys.modules[f"{EXTENSION}.training_view"]
    view._tick = _timed("training view tick", view._tick, 0)
    bpy.app.timers.register(_heart, persistent=True)


def _heart() -> float:
    now = time.perf_counter()
    if _measured.beat:
        _measured.beats.setdefault(_measured.phase, []).append(now - _measured.beat)
    _measured.beat = now
    return _BEAT


def report() -> None:
    for name, beats in _measured.beats.items():
        beats.sort()
        middle, high = beats[len(beats) // 2], beats[int(len(beats) * 0.99)]
        print(
            f"FREEZE {name}: between beats median {middle * 1000:.0f}, 99 % {high * 1000:.0f}, longest "
            f"{beats[-1] * 1000:.0f} ms of {len(beats)}"
        )
        calls = [(max(times), name_, len(times)) for (in_, name_), times in _measured.calls.items() if in_ == name]
        for (longest, worked), call, count in sorted(calls, reverse=True)[:5]:
            print(f"FREEZE   {call}: longest {longest * 1000:.1f} ms ({worked * 1000:.1f} of work) of {count}")
    sys.stdout.flush()
