"""Drive Blender 5.2 with its window through the whole workflow on the demo footage, and take the docs' pictures.

    python scripts/screenshots/take.py GUI_ROOT ML_BACKEND [--story workflow] [--work DIR] [--scale 2]

GUI_ROOT is a Debian folder with Blender, Xvfb, ImageMagick and xdotool, whose programs GUI_ROOT-bin/enter runs;
ML_BACKEND the installed program. Each story is a Blender of its own; states, sizes and menus go on with what
workflow left in the work folder. Needs root, a few minutes and no screen. No part of the tests.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
MODULE = "bl_ext.user_default.deepfake_sequencer"
STORIES = ("workflow", "states", "sizes", "menus", "demo")
FROM_NOTHING = ("workflow", "demo")
LIMIT_SECONDS = 1500


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=Path, help="the folder with Blender and its tools")
    parser.add_argument("backend", type=Path, help="the ml-backend program")
    parser.add_argument("--story", action="append", choices=STORIES, help="which to play (all)")
    parser.add_argument("--extension", type=Path, help="its zip (one built from this checkout)")
    parser.add_argument("--work", type=Path, help="the folder for edit, models and swaps (a new one)")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "pictures", help="where the docs' pictures go")
    parser.add_argument("--size", default="1500x1240", help="of the window, in pixels")
    parser.add_argument("--scale", default="1", help="of the interface")
    parser.add_argument("--frames", default="48", help="how much of each clip is used")
    parser.add_argument("--minutes", default="0.5", help="how long is trained")
    arguments = parser.parse_args()
    work = (arguments.work or Path(tempfile.mkdtemp(prefix="film_"))).resolve()
    work.mkdir(parents=True, exist_ok=True)
    arguments.out.mkdir(parents=True, exist_ok=True)
    enter = Path(f"{arguments.root.resolve()}-bin") / "enter"
    environment = _environment(arguments, work)
    with _screen(enter, arguments.size, environment, work) as display:
        environment["DISPLAY"] = display
        extension = arguments.extension or _build(arguments.root, work)
        _install(enter, extension.resolve(), environment, work)
        for story in arguments.story or STORIES:
            print(f"== {story}: {work / story}.log", flush=True)
            if code := _play(enter, story, arguments.size, environment, work):
                print((work / f"{story}.log").read_text("utf-8", "replace")[-3000:], file=sys.stderr)
                return code
    print(f"The pictures are in {arguments.out} and, of other states, in {work / 'review'}")
    return 0


def _environment(arguments: argparse.Namespace, work: Path) -> dict[str, str]:
    python = arguments.backend.with_name("python")
    say = "import sys; print(sys.prefix, sys.base_prefix, sep='\\n')"
    places = subprocess.run([str(python), "-c", say], check=True, capture_output=True, text=True).stdout.split("\n")
    seen = [str(ROOT), str(work), str(arguments.out.resolve()), *filter(None, places)]
    return os.environ | {
        "BLENDER_BIND": ":".join(seen),
        "BLENDER_USER_RESOURCES": str(work / "user"),
        "DEEPFAKE_BACKEND": str(arguments.backend.absolute()),
        "ML_BACKEND_HOME": str(work / "home"),  # keys, records and allowed folders of its own
        "SHOTS_ROOT": str(ROOT),
        "SHOTS_WORK": str(work),
        "SHOTS_OUT": str(arguments.out.resolve()),
        "SHOTS_SCALE": arguments.scale,
        "SHOTS_FRAMES": arguments.frames,
        "SHOTS_MINUTES": arguments.minutes,
    }


@contextmanager
def _screen(enter: Path, size: str, environment: dict[str, str], work: Path) -> Iterator[str]:
    """A screen of our own, on a display number that was free."""
    reading, writing = os.pipe()
    command = ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{size}x24", "+extension", "GLX", "-noreset"]
    with (work / "xvfb.log").open("wb") as log:
        server = subprocess.Popen(
            [str(enter), *command, "-nolisten", "tcp"], env=environment, cwd=work, pass_fds=[writing], stderr=log
        )
    os.close(writing)
    try:
        with os.fdopen(reading) as told:
            number = told.readline().strip()
        if not number:
            raise SystemExit(f"Xvfb did not start: see {work / 'xvfb.log'}")
        yield f":{number}"
    finally:
        server.terminate()
        server.wait()


def _build(root: Path, work: Path) -> Path:
    tool = next((root / "usr" / "share" / "blender").glob("**/cli/blender_ext.py"))
    build = [sys.executable, str(ROOT / "addon_manifest" / "build.py"), "--tool", str(tool), "--output", str(work)]
    told = subprocess.run(build, check=True, stdout=subprocess.PIPE, text=True).stdout
    return Path(told.strip().splitlines()[-1])


def _install(enter: Path, extension: Path, environment: dict[str, str], work: Path) -> None:
    shutil.rmtree(work / "user", ignore_errors=True)
    (work / "user").mkdir()
    copy = work / "extension.zip"  # the work folder is seen inside
    shutil.copy(extension, copy)
    install = ["blender", "--command", "extension", "install-file", "-r", "user_default", "-e", str(copy)]
    done = subprocess.run(
        [str(enter), *install], env=environment, cwd=work, capture_output=True, text=True, check=False
    )
    if "STATUS Installed" not in done.stdout:
        raise SystemExit(f"The extension was not installed:\n{done.stdout}\n{done.stderr}")


def _play(enter: Path, story: str, size: str, environment: dict[str, str], work: Path) -> int:
    width, height = size.split("x")
    if story in FROM_NOTHING:
        shutil.rmtree(work / "home", ignore_errors=True)
    (work / "home").mkdir(exist_ok=True)
    command = [str(enter), "blender", "--addons", MODULE, "--app-template", "Video_Editing"]
    command += ["--window-geometry", "0", "0", width, height, "--python-exit-code", "3"]
    command += ["--python", str(HERE / "inside" / "start.py"), "--", story]
    with (work / f"{story}.log").open("wb") as log:
        done = subprocess.run(
            command, env=environment, cwd=work, stdout=log, stderr=log, timeout=LIMIT_SECONDS, check=False
        )
    return done.returncode


if __name__ == "__main__":
    sys.exit(main())
