"""What to say about movies that are broken: which frame, and which frames are still good."""

from pathlib import Path

from ml_backend.errors import BackendError


def damaged_frame(path: Path, number: int, resume: int | None = None) -> BackendError:
    """Frame `number` does not decode; from frame `resume` on (None: not known) the next ones may."""
    ways = [f"--frames 1-{number - 1}"] if number > 1 else []
    ways += [f"--frames {resume}-"] if resume else []
    fix = "Copy or export the file again"
    return BackendError(
        f"Frame {number} of {path} is damaged, or builds on pictures that are not in the file.",
        fix + (f", or leave it out with {' or '.join(ways)}." if ways else "."),
    )


def cut_off(path: Path, readable: int, promised: int) -> BackendError:
    """The file ends early: `readable` of `promised` frames (0: not known how many) are there."""
    of = f"{readable} of its {promised} frames" if promised else f"only its first {readable} frames"
    choice = f", or choose frames among --frames 1-{readable}" if readable else ""
    return BackendError(f"{path} is cut off or damaged: {of} can be read.", f"Copy or export it again{choice}.")
