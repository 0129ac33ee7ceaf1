"""Runs a script until it has read its arguments: `parse_only.py SCRIPT ARGUMENT…`; exit 0 where they fit."""

import argparse
import runpy
import sys
from pathlib import Path
from typing import Any, NoReturn

_parse = argparse.ArgumentParser.parse_args


def _parse_and_stop(self: argparse.ArgumentParser, args: Any = None, namespace: Any = None) -> NoReturn:
    _parse(self, args, namespace)
    sys.exit(0)


script = Path(sys.argv[1])
if "argparse" not in script.read_text("utf-8"):
    sys.exit(f"{script} reads no arguments by argparse, so that it would do its work here.")
argparse.ArgumentParser.parse_args = _parse_and_stop  # type: ignore[method-assign,assignment]
sys.argv = sys.argv[1:]
sys.path[0] = str(script.parent)
runpy.run_path(str(script), run_name="__main__")
sys.exit(f"{script} ended without a look at its arguments.")
