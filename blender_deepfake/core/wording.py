"""Numbers as people read them."""


def duration(seconds: float) -> str:
    """ "45 s", "3 min", "2 h 05 min"."""
    if seconds < 60:
        return f"{seconds:.0f} s"
    if seconds < 3600:
        return f"{seconds / 60:.0f} min"
    return f"{int(seconds // 3600)} h {int(seconds % 3600 // 60):02d} min"


def progress(stage: str, done: float, total: float, seconds_left: float | None) -> str:
    """ "extract 120/3000, 4 min left"; "train 42 %, 4 min left" where the total is 1; "queued"."""
    if total == 1:
        count = f" {done:.0%}".replace("%", " %")
    else:
        count = f" {done:g}/{total:g}" if total > 0 else f" {done:g}" if done else ""
    left = f", {duration(seconds_left)} left" if seconds_left is not None else ""
    return f"{stage}{count}{left}".strip()


def memory(mebibytes: float) -> str:
    """ "512 MB", "24 GB"."""
    return f"{mebibytes:.0f} MB" if mebibytes < 1000 else f"{mebibytes / 1024:.0f} GB"
