"""Where the user's own records, keys and workspace live."""

import os
from pathlib import Path

from platformdirs import user_data_path

from ml_backend.errors import BackendError


def home_folder() -> Path:
    """The folder named by ML_BACKEND_HOME, else the user's data folder of this system. It need not exist yet.

    BackendError where the system knows no home of the user, as in a container that runs for a bare number.
    """
    named = os.environ.get("ML_BACKEND_HOME")
    try:
        return Path(named).expanduser().absolute() if named else user_data_path("ml-backend", appauthor=False)
    except RuntimeError as error:
        raise BackendError(
            f"The home folder {named or 'of this user'} is not known, where keys, records and the audit are kept.",
            "Set ML_BACKEND_HOME to a folder that can be written.",
        ) from error


def consent_folder() -> Path:
    return home_folder() / "consent"


def keys_folder() -> Path:
    return home_folder() / "keys"


def references_folder() -> Path:
    return home_folder() / "references"


def audit_file() -> Path:
    """The file named by ML_BACKEND_AUDIT, such as one on a studio's share, else the user's own."""
    named = os.environ.get("ML_BACKEND_AUDIT")
    return Path(named).expanduser().absolute() if named else home_folder() / "audit" / "audit.jsonl"


def is_shared_audit() -> bool:
    """Is the audit one that ML_BACKEND_AUDIT names? Then the umask decides whether the group may write it."""
    return bool(os.environ.get("ML_BACKEND_AUDIT"))
