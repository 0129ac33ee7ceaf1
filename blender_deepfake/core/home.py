"""Where the backend keeps its files: the same places that the backend itself chooses."""

import os
import sys
from collections.abc import Mapping
from pathlib import Path

APP = "ml-backend"


def home_folder(environ: Mapping[str, str] = os.environ, platform: str = sys.platform) -> Path:
    """`ML_BACKEND_HOME`, else the user's data folder, as platformdirs' `user_data_path("ml-backend")` gives it."""
    if environ.get("ML_BACKEND_HOME"):
        return Path(environ["ML_BACKEND_HOME"])
    if platform == "win32":
        local = environ.get("LOCALAPPDATA") or str(Path.home() / "AppData" / "Local")
        return Path(local) / APP / APP
    if platform == "darwin":
        return Path.home() / "Library" / "Application Support" / APP
    return Path(environ.get("XDG_DATA_HOME", "").strip() or Path.home() / ".local" / "share") / APP


def default_workspace() -> Path:
    return home_folder() / "workspace"
