"""`ml-backend serve`."""

import argparse
import json
from pathlib import Path
from typing import Any

from ml_backend.provenance.home import home_folder
from ml_backend.service.endpoint import Endpoint, endpoint_path
from ml_backend.service.server import serve


def add_serve_parser(subparsers: Any) -> None:
    """Add `serve` to `subparsers` (of an argparse parser); it sets `handler`."""
    text = "take jobs over HTTP on this machine until stopped"
    parser = subparsers.add_parser("serve", help=text, description=text)
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="where jobs are kept (default: the user's own)")
    parser.add_argument("--parent-pid", type=_pid, metavar="PID", help="end with this process and with standard input")
    parser.add_argument("--json", action="store_true", help="print where it listens as one JSON object")
    parser.set_defaults(handler=_serve)


def _pid(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no process id")
    return int(text)


def _serve(args: argparse.Namespace) -> int:
    workspace: Path = (args.workspace or home_folder() / "workspace").absolute()

    def announce(endpoint: Endpoint) -> None:
        file = endpoint_path(workspace)
        where = {"url": endpoint.url, "pid": endpoint.pid, "endpoint": str(file)}
        text = f"Listening on {endpoint.url}, the token is in {file}. Ctrl-C stops."
        print(json.dumps(where) if args.json else text, flush=True)

    serve(workspace, args.parent_pid, announce)
    return 0
