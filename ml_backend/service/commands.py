"""`ml-backend serve`."""

import argparse
import json
from pathlib import Path
from typing import Any

from ml_backend.provenance.home import home_folder
from ml_backend.service.cleanup import DEFAULT_KEEP_MB
from ml_backend.service.endpoint import Endpoint, endpoint_path


def add_serve_parser(subparsers: Any) -> None:
    """Add `serve` to `subparsers` (of an argparse parser); it sets `handler`."""
    text = "take jobs over HTTP on this machine until stopped"
    parser = subparsers.add_parser("serve", help=text, description=text)
    parser.add_argument("--workspace", type=Path, metavar="DIR", help="where jobs are kept (default: the user's own)")
    parser.add_argument(
        "--root",
        type=Path,
        action="append",
        default=[],
        metavar="DIR",
        help="let jobs use this folder too; roots.json in the workspace lists the others (without it: your home)",
    )
    parser.add_argument(
        "--keep-mb",
        type=_at_least_one,
        default=DEFAULT_KEEP_MB,
        metavar="N",
        help=f"delete old logs and previews of jobs beyond N MB ({DEFAULT_KEEP_MB})",
    )
    parser.add_argument(
        "--parent-pid", type=_at_least_one, metavar="PID", help="end with this process and with standard input"
    )
    parser.add_argument("--watch-stdin", action="store_true", help="end with standard input, as in a container")
    parser.add_argument("--json", action="store_true", help="print where it listens as one JSON object")
    parser.set_defaults(handler=_serve)


def _at_least_one(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is no number from 1")
    return int(text)


def _serve(args: argparse.Namespace) -> int:
    from ml_backend.service.server import Terms, serve  # what speaks HTTP takes longer to load than all else

    workspace: Path = (args.workspace or home_folder() / "workspace").absolute()

    def announce(endpoint: Endpoint) -> None:
        file = endpoint_path(workspace)
        where = {"url": endpoint.url, "pid": endpoint.pid, "endpoint": str(file)}
        text = f"Listening on {endpoint.url}, the token is in {file}. Ctrl-C stops."
        print(json.dumps(where) if args.json else text, flush=True)

    terms = Terms(args.parent_pid, args.watch_stdin, tuple(root.absolute() for root in args.root), args.keep_mb)
    serve(workspace, terms, announce)
    return 0
