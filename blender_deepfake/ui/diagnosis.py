"""Shows what the backend found when it examined itself."""

from typing import Any

from ..core import wording
from ..core.doctor import Check, Diagnosis
from ..core.errors import DeepfakeError
from .sidebar import paragraph

_ICONS = {"ok": "CHECKMARK", "warning": "INFO", "failed": "ERROR"}


def draw_diagnosis(
    layout: Any, context: Any, found: Diagnosis | DeepfakeError, *, devices: bool = True, whole: bool = False
) -> None:
    """A summary and what is wrong; with `devices` what it computes with; where `whole`, all that was looked at."""
    if isinstance(found, DeepfakeError):
        paragraph(layout, context, str(found), "ERROR")
        return
    layout.label(text=f"{found.summary}. Backend {found.version}".rstrip(), icon="CHECKMARK" if found.ok else "ERROR")
    column = layout.column(align=True)
    column.scale_y = 0.8
    for device in found.devices if devices else ():
        column.label(text=f"{device.label}{_memory(device.memory_mb)}", icon="BLANK1")
    for line in found.speed:
        column.label(text=line, icon="BLANK1")
    for check in found.wrong:
        column = layout.column(align=True)
        paragraph(column, context, f"{check.name}: {check.value}", _ICONS[check.state])
        paragraph(column, context, check.fix, "BLANK1")
    if whole:
        _draw_all(layout, context, [check for check in found.checks if check.state == "ok"])


def _draw_all(layout: Any, context: Any, checks: list[Check]) -> None:
    layout.separator()
    table = layout.column(align=True)
    for check in checks:
        row = table.split(factor=0.3)
        paragraph(row, context, check.name, _ICONS[check.state], share=0.3)
        paragraph(row, context, check.value, share=0.7)


def _memory(memory_mb: float) -> str:
    return f", {wording.memory(memory_mb)}" if memory_mb else ""
