"""Drop a file on a window, as a file manager does (XDND 5): python3 drop_file.py FILE X Y.

For a machine without a file manager: the screen is that of DISPLAY, X and Y are on it. Tells what the window answered.
"""

import ctypes
import sys
import time
from ctypes import POINTER, Structure, Union, byref, c_char_p, c_int, c_long, c_ubyte, c_ulong, c_void_p
from pathlib import Path
from typing import Any

_VERSION, _SECONDS = 5, 20
_CLIENT_MESSAGE, _SELECTION_REQUEST, _SELECTION_NOTIFY = 33, 30, 31


class _Client(Structure):
    _fields_ = (
        *(("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p), ("window", c_ulong)),
        *(("message_type", c_ulong), ("format", c_int), ("data", c_long * 5)),
    )


class _Request(Structure):
    _fields_ = (
        *(("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p), ("owner", c_ulong)),
        *(
            ("requestor", c_ulong),
            ("selection", c_ulong),
            ("target", c_ulong),
            ("property", c_ulong),
            ("time", c_ulong),
        ),
    )


class _Notify(Structure):
    _fields_ = (
        *(("type", c_int), ("serial", c_ulong), ("send_event", c_int), ("display", c_void_p), ("requestor", c_ulong)),
        *(("selection", c_ulong), ("target", c_ulong), ("property", c_ulong), ("time", c_ulong)),
    )


class _Event(Union):
    _fields_ = (("type", c_int), ("client", _Client), ("request", _Request), ("notify", _Notify), ("pad", c_long * 24))


class Source:
    """A window of ours that the file is dragged from."""

    def __init__(self, file: Path) -> None:
        self._x = _library()
        self._display = self._x.XOpenDisplay(None)
        self._root = self._x.XDefaultRootWindow(self._display)
        self._window = self._x.XCreateSimpleWindow(self._display, self._root, 0, 0, 1, 1, 0, 0, 0)
        self._uri = f"{file.resolve().as_uri()}\r\n".encode()
        self._list = self._atom("text/uri-list")
        self._x.XSetSelectionOwner(self._display, self._atom("XdndSelection"), self._window, 0)

    def drop(self, x: int, y: int) -> str:
        target = self._aware(x, y)
        self._send(target, "XdndEnter", _VERSION << 24, self._list, 0, 0)
        for _ in range(4):
            self._send(target, "XdndPosition", 0, x << 16 | y, 0, self._atom("XdndActionCopy"))
            self._answer("XdndStatus", 0.4)
        self._send(target, "XdndDrop", 0, 0, 0, 0)
        return self._answer("XdndFinished", _SECONDS)

    def _aware(self, x: int, y: int) -> int:
        """The window under the point that takes dropped things."""
        at, child = self._root, c_ulong()
        while True:
            ours = (byref(c_int()), byref(c_int()))
            self._x.XTranslateCoordinates(self._display, self._root, at, x, y, *ours, byref(child))
            if not child.value:
                return int(at)
            at = child.value

    def _send(self, target: int, name: str, *data: int) -> None:
        event = _Event()
        message = (self._window, *data)
        event.client = _Client(
            _CLIENT_MESSAGE, 0, 1, self._display, target, self._atom(name), 32, (c_long * 5)(*message)
        )
        self._x.XSendEvent(self._display, target, 0, 0, byref(event))
        self._x.XFlush(self._display)

    def _answer(self, name: str, seconds: float) -> str:
        """Hand out the file's address until the window says `name`, for at most so long."""
        event, deadline = _Event(), time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not self._x.XPending(self._display):
                time.sleep(0.02)
                continue
            self._x.XNextEvent(self._display, byref(event))
            if event.type == _SELECTION_REQUEST:
                self._hand_out(event.request)
            elif event.type == _CLIENT_MESSAGE and event.client.message_type == self._atom(name):
                return f"{name}: {'accepted' if event.client.data[1] & 1 else 'not accepted'}"
        return f"{name}: no answer"

    def _hand_out(self, asked: _Request) -> None:
        content = (c_ubyte * len(self._uri))(*self._uri)
        self._x.XChangeProperty(
            self._display, asked.requestor, asked.property, self._list, 8, 0, content, len(self._uri)
        )
        event = _Event()
        told = (asked.requestor, asked.selection, asked.target, asked.property, asked.time)
        event.notify = _Notify(_SELECTION_NOTIFY, 0, 1, self._display, *told)
        self._x.XSendEvent(self._display, asked.requestor, 0, 0, byref(event))
        self._x.XFlush(self._display)

    def _atom(self, name: str) -> int:
        return int(self._x.XInternAtom(self._display, name.encode(), 0))


def _library() -> Any:
    x = ctypes.CDLL("libX11.so.6")
    x.XOpenDisplay.restype, x.XOpenDisplay.argtypes = c_void_p, (c_char_p,)
    x.XDefaultRootWindow.restype, x.XDefaultRootWindow.argtypes = c_ulong, (c_void_p,)
    x.XCreateSimpleWindow.restype = c_ulong
    x.XCreateSimpleWindow.argtypes = (c_void_p, c_ulong, *[c_int] * 5, c_ulong, c_ulong)
    x.XInternAtom.restype, x.XInternAtom.argtypes = c_ulong, (c_void_p, c_char_p, c_int)
    x.XSetSelectionOwner.argtypes = (c_void_p, c_ulong, c_ulong, c_ulong)
    x.XTranslateCoordinates.argtypes = (c_void_p, c_ulong, c_ulong, c_int, c_int, *[c_void_p] * 3)
    x.XSendEvent.argtypes = (c_void_p, c_ulong, c_int, c_long, c_void_p)
    x.XChangeProperty.argtypes = (c_void_p, c_ulong, c_ulong, c_ulong, c_int, c_int, POINTER(c_ubyte), c_int)
    x.XNextEvent.argtypes = (c_void_p, c_void_p)
    x.XPending.argtypes = x.XFlush.argtypes = (c_void_p,)
    return x


if __name__ == "__main__":
    print(Source(Path(sys.argv[1])).drop(int(sys.argv[2]), int(sys.argv[3])), flush=True)
