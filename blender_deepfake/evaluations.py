"""What the backend is asked for to measure a swap, and where the report on it lies."""

from pathlib import Path
from typing import Any

from . import project
from .core import swap_folders
from .core.errors import UsageError
from .core.job_labels import label
from .core.runner import JobSpec
from .properties import DeepfakeSettings

_REPORT = "report.html"


def plate_of(swap: Path) -> str:
    """The footage that the swap in the folder `swap` was made from. Raises UsageError where that is not known."""
    source = (swap_folders.read(swap).get("plate") or {}).get("source")
    if source is None:
        raise UsageError(f"{swap} is not a finished swap: it has no manifest.json.", "Run the swap to its end.")
    return str(source)


def spec(swap: Path, settings: DeepfakeSettings) -> JobSpec:
    """Measure all frames of `swap`; how like the people it is, where there are faces of them."""
    request: dict[str, Any] = {"swap": str(swap), "plate": plate_of(swap)}
    for role in ("identity", "performer"):
        name = getattr(settings, role)
        folder = project.faceset(name, getattr(settings, f"{role}_faceset")) if name else None
        if folder is not None and (folder / "index.sqlite").is_file():
            request[f"{role}_faceset"] = str(folder)
    return JobSpec("evaluate", request, label("evaluate", request))


def report_of(swap: Path) -> Path | None:
    """The report on what lies in `swap` now; None where there is none, or only one on an earlier state."""
    report = swap / _REPORT
    try:
        fresh = report.stat().st_mtime_ns >= (swap / "manifest.json").stat().st_mtime_ns
    except OSError:
        return None
    return report if fresh else None
