"""Does command lines of ml-backend in one process, so that all that they need is loaded once.

The standard input is a JSON list of [arguments, exit code that is wanted, what to call it]. Ends with 1 at the first
that ends otherwise.
"""

import json
import sys

from ml_backend.cli import main


def code_of(arguments: list[str]) -> int:
    try:
        return main(arguments)
    except SystemExit as stop:  # arguments that do not fit
        return int(stop.code or 0)


for arguments, wanted, name in json.load(sys.stdin):
    code = code_of(arguments)
    if code != wanted:
        sys.exit(f"{name}: exit code {code} in place of {wanted}")
