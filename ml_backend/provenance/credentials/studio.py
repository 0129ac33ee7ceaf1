"""A studio's own certificate: where it is named, and which files that is."""

import os
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ml_backend.errors import BackendError
from ml_backend.provenance.home import home_folder

_FIX = 'Write certificate = "chain.pem", key = "key.pem" and, if wanted, anchors and time_stamp.'
_NAMES = {"certificate", "key", "anchors", "time_stamp"}


@dataclass(frozen=True)
class Studio:
    """certificate: the chain, the signer's first. anchors: who vouches for it; the chain itself where no file is named.
    time_stamp: URL of an RFC 3161 authority, or None."""

    certificate: Path
    key: Path
    anchors: Path
    time_stamp: str | None


def settings_file() -> Path:
    """Where a studio names its certificate: HOME/credentials.toml, or the file that ML_BACKEND_CREDENTIALS names."""
    named = os.environ.get("ML_BACKEND_CREDENTIALS")
    return Path(named).expanduser() if named else home_folder() / "credentials.toml"


def find_studio() -> Studio | None:
    """None where no studio's certificate is named. Raises BackendError for settings that cannot be read."""
    file = settings_file()
    if not file.exists() and not os.environ.get("ML_BACKEND_CREDENTIALS"):
        return None
    try:
        settings: dict[str, Any] = tomllib.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise BackendError(f"The credentials' settings {file} cannot be read: {error}.", _FIX) from error
    wrong = [name for name, value in settings.items() if not isinstance(value, str)]
    if settings.keys() - _NAMES or wrong or not {"certificate", "key"} <= settings.keys():
        raise BackendError(f"{file} must have certificate and key, and texts only: {sorted(settings)}.", _FIX)
    certificate, key = (file.parent / Path(settings[name]).expanduser() for name in ("certificate", "key"))
    anchors = file.parent / Path(settings["anchors"]).expanduser() if "anchors" in settings else certificate
    return Studio(certificate, key, anchors, _url(file, settings.get("time_stamp")))


def _url(file: Path, text: str | None) -> str | None:
    if text is not None:
        parts = urlsplit(text)
        if parts.scheme not in ("http", "https") or not parts.netloc:
            raise BackendError(f"time_stamp in {file} is no address: {text!r}.", "Such as https://tsa.example.com")
    return text
