"""The jobs: what runs, the queue, what is paused, and the last that ended."""

from pathlib import Path
from typing import Any

import bpy

from .. import session
from ..core import wording
from ..core.board import Board
from ..core.entry import Entry
from ..core.errors import OutsideRootsError
from .sidebar import SidebarPanel, paragraph

_SHOWN_ENDED = 5
_ICONS = {
    "done": "CHECKMARK",
    "failed": "ERROR",
    "refused": "LOCKED",
    "cancelled": "CANCEL",
    "paused": "PAUSE",
    "queued": "TIME",
    "interrupted": "UNLINKED",
}
_ASKED = {"pause": "pausing", "cancel": "stopping"}


class DEEPFAKE_PT_jobs(SidebarPanel):
    bl_idname = "DEEPFAKE_PT_jobs"
    bl_label = "Jobs"

    def fill(self, layout: Any, context: bpy.types.Context) -> None:
        current = session.current()
        current.look()
        entries = _in_order(current.board)
        if not entries:
            layout.label(text="No jobs yet")
        last = len(current.board.queue)
        for entry in entries:
            _draw_entry(layout.box(), context, entry, last)


def _in_order(board: Board) -> list[Entry]:
    """What runs, the queue in its order, what is paused, and the last that ended, the newest first."""
    queue = board.queue
    running = [entry for entry in board.entries if entry.active and entry not in queue]
    resting = [entry for entry in board.entries if entry.state in ("paused", "interrupted")]
    return [*running, *queue, *resting, *board.ended[:_SHOWN_ENDED]]


def _draw_entry(box: Any, context: bpy.types.Context, entry: Entry, last: int) -> None:
    row = box.row()
    row.label(text=entry.spec.label, icon=_ICONS.get(entry.state, "RADIOBUT_ON"))
    _draw_buttons(row.row(align=True), entry, last)
    if entry.active:
        _draw_progress(box, context, entry)
    elif entry.state == "paused":
        text = wording.progress(entry.stage or "paused", entry.done, entry.total, None)
        box.label(text=f"Paused at {text}" if entry.stage else "Paused", icon="BLANK1")
    elif isinstance(entry.error, OutsideRootsError):
        _draw_question(box, context, entry, entry.error)
    elif entry.error is not None and entry.state != "cancelled":
        paragraph(box, context, f"{entry.error.message} {entry.error.fix}".strip())  # the log has its button
        if entry.state == "refused":
            paragraph(box, context, "Records are made and attached, and the project is named, under People.", "INFO")
        _draw_people(box, context, entry)
    for said in entry.texts:
        paragraph(box, context, said, "INFO")


def _draw_buttons(row: Any, entry: Entry, last: int) -> None:
    def button(name: str, icon: str, **properties: Any) -> None:
        made = row.operator(f"deepfake.{name}", text="", icon=icon, emboss=False)
        for key, value in properties.items():
            setattr(made, key, value)

    key = entry.key
    if entry.state == "queued" and entry.place and last > 1:
        if entry.place > 1:
            button("move_job", "TRIA_UP", key=key, direction="UP")
        if entry.place < last:
            button("move_job", "TRIA_DOWN", key=key, direction="DOWN")
    if report := (entry.result or {}).get("report"):
        button("open_report", "DOCUMENTS", path=str(report))
    if entry.log and entry.state != "queued":
        button("open_log", "TEXT", path=entry.log)
    if entry.job_id and entry.state in ("running", "queued") and not entry.asked:
        button("pause_job", "PAUSE", key=key)
    if entry.state == "paused":
        button("resume_job", "PLAY", key=key)
    if entry.job_id and entry.state in ("failed", "refused", "cancelled"):
        button("retry_job", "FILE_REFRESH", key=key)
    if entry.ended:
        button("remove_job", "TRASH", key=key)
    elif entry.asked != "cancel":
        button("cancel_job", "X", key=key)


def _draw_progress(box: Any, context: bpy.types.Context, entry: Entry) -> None:
    if entry.state == "queued":
        place = "Next in the queue" if entry.place == 1 else f"Place {entry.place} in the queue"
        box.label(text=place if entry.place else "In the queue", icon="BLANK1")
        return
    stage = _ASKED.get(entry.asked or "") or entry.stage or entry.state
    text = wording.progress(stage, entry.done, entry.total, entry.seconds_left)
    box.progress(factor=entry.fraction, text=text if entry.total and not entry.asked else f"{stage}…")
    if entry.figures:
        shown = list(entry.figures.items())[:3]
        box.label(text="   ".join(f"{name.replace('_', ' ')} {value:.4g}" for name, value in shown))
    if entry.spec.note:
        paragraph(box, context, entry.spec.note)


def _draw_people(box: Any, context: bpy.types.Context, entry: Entry) -> None:
    """Where an extraction asks which of several people is meant: the picture that shows their numbers."""
    picture = Path(str(entry.spec.request.get("faceset") or "")) / "people.png"
    if entry.spec.kind == "extract" and picture.is_file():
        paragraph(box, context, "Who it is can be chosen under People.", "COMMUNITY")
        box.operator("deepfake.show_people", icon="IMAGE_DATA").path = str(picture)


def _draw_question(box: Any, context: bpy.types.Context, entry: Entry, error: OutsideRootsError) -> None:
    paragraph(box, context, "The backend may not use this job's folders yet. Allow what you trust:", "LOCKED")
    for folder in error.folders:
        operator = box.operator("deepfake.allow_folder", text=f"Allow {folder}", icon="FILE_FOLDER")
        operator.folder, operator.key = str(folder), entry.key
