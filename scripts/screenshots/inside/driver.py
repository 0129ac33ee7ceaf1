"""Plays a story: a generator that does something, yields what to wait for, and goes on. Blender stays live meanwhile.

A story yields seconds, or `until(...)`.
"""

import os
import sys
import time
import traceback
from collections.abc import Callable
from typing import Any

import bpy
import freezes
import screen
from waits import Story, Until, say

_TICK = 0.1


def play(story: Callable[[], Story]) -> None:
    preferences = bpy.context.preferences.view
    preferences.show_splash = False
    preferences.show_tooltips = False
    preferences.ui_scale = float(os.environ["SHOTS_SCALE"])
    telling = story()
    state: dict[str, Any] = {"wait": None, "since": time.monotonic()}

    def tick() -> float | None:
        wait, waited = state["wait"], time.monotonic() - state["since"]
        try:
            if isinstance(wait, Until):
                if not wait.test():
                    if int(waited * 10) % 10 == 0:
                        screen.redraw()
                    if waited > wait.seconds:
                        raise TimeoutError(f"not in {wait.seconds:g} s: {wait.what}")
                    return _TICK
                say(f"{wait.what}: after {waited:.1f} s")
            state["wait"], state["since"] = next(telling), time.monotonic()
        except StopIteration:
            freezes.report()
            screen.restore()
            say("the end")
            bpy.ops.wm.quit_blender()
            return None
        except BaseException:
            traceback.print_exc()
            sys.stderr.flush()
            freezes.report()
            _end_badly()
        wait = state["wait"]
        return float(wait) if isinstance(wait, int | float) else _TICK

    bpy.app.timers.register(tick, first_interval=1.0, persistent=True)


def _end_badly() -> None:
    """Pictures show where it went wrong; the backend is let go of, which quitting alone would do too late."""
    screen.shoot("failed", docs=False)
    session = sys.modules["bl_ext.user_default.deepfake_sequencer.session"]
    session.close()
    os._exit(3)
