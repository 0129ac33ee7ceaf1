"""Builds the extension: `python addon_manifest/build.py`, with a Python that has bpy, or with --tool.

Puts blender_deepfake and the manifest together, lets Blender's own tool build and validate
dist/deepfake_sequencer-VERSION.zip, and prints its path.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
import tomllib
from importlib.util import find_spec
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import checks
import code_checks

ROOT = Path(__file__).resolve().parent.parent
_TOOL = "scripts/addons_core/bl_pkg/cli/blender_ext.py"
_TAGS = "scripts/modules/_bpy_internal/extensions/tags.py"


def build(tool: Path, output: Path) -> Path:
    """Build, check and validate; return the zip's path. Raises SystemExit with what is wrong."""
    manifest_file = ROOT / "addon_manifest" / "blender_manifest.toml"
    manifest = tomllib.loads(manifest_file.read_text("utf-8"))
    package = ROOT / "blender_deepfake"
    problems = [*checks.manifest_problems(manifest), *code_checks.code_problems(package)]
    if problems:
        raise SystemExit("\n".join(problems))
    output.mkdir(parents=True, exist_ok=True)
    zip_file = output / f"{manifest['id']}-{manifest['version']}.zip"
    with tempfile.TemporaryDirectory(prefix="deepfake_build_") as temporary:
        stage = Path(temporary) / manifest["id"]
        shutil.copytree(package, stage, ignore=shutil.ignore_patterns("__pycache__", "*.pyc", ".*"))
        shutil.copy(manifest_file, stage)
        if (ROOT / "LICENSE").is_file():
            shutil.copy(ROOT / "LICENSE", stage)
        files = [path.relative_to(stage).as_posix() for path in stage.rglob("*") if path.is_file()]
        if wrong := list(checks.file_problems(files)):
            raise SystemExit("\n".join(wrong))
        tags = tool.parents[len(Path(_TOOL).parts) - 1] / _TAGS
        _run(tool, "build", "--source-dir", str(stage), "--output-filepath", str(zip_file), "--valid-tags", str(tags))
        _run(tool, "validate", "--valid-tags", str(tags), str(zip_file))
    return zip_file


def find_tool() -> Path:
    """Blender's extension tool inside the bpy module of this Python, without importing it."""
    spec = find_spec("bpy")
    for folder in spec.submodule_search_locations or () if spec else ():
        for found in (*Path(folder).glob(f"*/{_TOOL}"), *Path(folder).parent.parent.parent.glob(_TOOL)):
            return found
    raise SystemExit(
        "Blender's extension tool was not found. Run this with a Python that has bpy, or give --tool "
        f"BLENDER_FOLDER/VERSION/{_TOOL}."
    )


def _run(tool: Path, *arguments: str) -> None:
    done = subprocess.run([sys.executable, str(tool), *arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{tool.name} {arguments[0]} failed:\n{done.stdout}{done.stderr}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tool", type=Path, help="Blender's blender_ext.py")
    parser.add_argument("--output", type=Path, default=ROOT / "dist", help="folder for the zip (default: dist)")
    chosen = parser.parse_args()
    print(build(chosen.tool or find_tool(), chosen.output.resolve()))
