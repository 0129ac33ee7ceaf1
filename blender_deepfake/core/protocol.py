"""The protocol that this extension speaks, and what to say to a backend that speaks another."""

import tomllib
from pathlib import Path

from .errors import ProtocolMismatchError

PROTOCOL = 2
HEADER = "Deepfake-Protocol"

_MANIFEST = Path(__file__).parents[1] / "blender_manifest.toml"


def extension_version() -> str:
    """The version in the manifest that the built extension carries; empty where it runs from its source."""
    try:
        return str(tomllib.loads(_MANIFEST.read_text("utf-8"))["version"])
    except (OSError, ValueError, KeyError):
        return ""


def check(protocol: object, version: str = "") -> None:
    """Raise ProtocolMismatchError unless the backend of this protocol and version can be talked to."""
    if protocol == PROTOCOL:
        return
    ours = f"this extension{_spelled(extension_version())} speaks {PROTOCOL}"
    message = f"The backend{_spelled(version)} speaks protocol {protocol}, {ours}."
    if isinstance(protocol, int) and protocol > PROTOCOL:
        raise ProtocolMismatchError(message, "Update the extension.")
    raise ProtocolMismatchError(message, "Update the backend, and stop the old one that still runs.")


def _spelled(version: str) -> str:
    return f" {version}" if version else ""
