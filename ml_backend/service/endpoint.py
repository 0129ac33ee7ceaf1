"""Where a running service is found: a file that only its user can read, with the address and the token."""

import json
import os
import urllib.request
from dataclasses import asdict, dataclass
from pathlib import Path

from ml_backend.atomic import write_json
from ml_backend.errors import BackendError, UsageError

STORE_NAME = "jobs.sqlite"


@dataclass(frozen=True)
class Endpoint:
    url: str
    token: str
    pid: int
    protocol: int
    version: str


def endpoint_path(workspace: Path) -> Path:
    return workspace / "endpoint.json"


def publish(workspace: Path, endpoint: Endpoint) -> None:
    """Write the endpoint file of `workspace`, mode 0600."""
    write_json(endpoint_path(workspace), asdict(endpoint), mode=0o600)


def read_endpoint(workspace: Path) -> Endpoint | None:
    """The endpoint written last in `workspace`, whether it still answers or not."""
    try:
        return Endpoint(**json.loads(endpoint_path(workspace).read_bytes()))
    except (OSError, ValueError, TypeError):
        return None


def answers(endpoint: Endpoint, seconds: float = 3.0) -> bool:
    """Does a service with this token answer there? Its process number may be one of a container and tells nothing."""
    request = urllib.request.Request(f"{endpoint.url}/status", headers={"Authorization": f"Bearer {endpoint.token}"})
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(request, timeout=seconds) as answer:
            return bool(json.load(answer)["pid"] == endpoint.pid)
    except (OSError, ValueError, KeyError, TypeError):
        return False


def private_workspace(workspace: Path) -> None:
    """Make the folder, or close it to others; a folder that holds something else is left alone with a UsageError."""
    try:
        workspace.mkdir(parents=True, exist_ok=True, mode=0o700)
        open_to_others = os.name != "nt" and workspace.stat().st_mode & 0o077
        if not open_to_others:
            return
        if not (workspace / STORE_NAME).exists() and any(workspace.iterdir()):
            raise UsageError(
                f"{workspace} is no workspace, and others can read it.",
                f'Choose another folder, or close it to others: chmod 700 "{workspace}"',
            )
        workspace.chmod(0o700)
    except OSError as error:
        raise BackendError(
            f"The workspace {workspace} cannot be used: {error.strerror}.", "Choose another with --workspace."
        ) from error
