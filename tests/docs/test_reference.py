"""The pages of reference/ are what the programs say about themselves now."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

from .pages import DOCS, ROOT

SCRIPT = ROOT / "scripts" / "docs" / "reference.py"


def test_reference_is_up_to_date(tmp_path: Path) -> None:
    """Where this fails, `python scripts/docs/reference.py` writes the pages anew."""
    command = [sys.executable, str(SCRIPT), "--out", str(tmp_path)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    made = {file.name: file.read_text("utf-8") for file in tmp_path.iterdir()}
    kept = {file.name: file.read_text("utf-8") for file in (DOCS / "reference").iterdir()}
    assert sorted(made) == sorted(kept)
    for name, text in made.items():
        same = calls(text) == calls(kept[name]) if name == "openapi.json" else text == kept[name]
        assert same, f"docs/reference/{name} is old: run python scripts/docs/reference.py"


def calls(text: str) -> dict[str, Any]:
    """What the service decides of its description: the rest is worded by the version of FastAPI."""
    description = json.loads(text)
    schemas = description["components"]["schemas"]
    return {
        "paths": {path: sorted(methods) for path, methods in description["paths"].items()},
        "schemas": {name: sorted(schema.get("properties", {})) for name, schema in schemas.items()},
    }
