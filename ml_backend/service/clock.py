"""The present moment, spelled as everywhere in the service."""

from datetime import UTC, datetime


def now() -> str:
    """UTC in ISO 8601 to the millisecond, such as 2026-11-24T05:55:26.123Z."""
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
