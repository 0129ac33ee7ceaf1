"""Where a job of the queue goes when it is moved up or down."""

from collections.abc import Sequence


def before_after_move(queue: Sequence[str], job_id: str, up: bool) -> str | None:
    """The job before which `job_id` shall stand, None for the end. ValueError where it cannot move further."""
    place = queue.index(job_id)
    if (place == 0) if up else (place == len(queue) - 1):
        raise ValueError(f"{job_id} is at the end of the queue already")
    if up:
        return queue[place - 1]
    return queue[place + 2] if place + 2 < len(queue) else None
