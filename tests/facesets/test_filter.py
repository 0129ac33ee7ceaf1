import json

import cv2
import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.facesets.choices import Limits
from ml_backend.facesets.filter import judge, run_filter
from ml_backend.facesets.poses import sort_into_cells
from ml_backend.facesets.store import Faceset
from ml_backend.facesets.table import read_table
from ml_backend.media.write import write_rgb
from ml_backend.progress import SilentReporter
from ml_backend.training.data import load_faces


@pytest.fixture
def spoilt(two_people, add_face):
    """Faces of one person of which some are blurred, too light, repeated or somebody else's; and why they should go."""
    folder, reasons = two_people["identity_B"], {}
    faces = Faceset.open(folder).faces()
    for n, face in enumerate(faces):
        image = face.read_crop()
        if n % 6 == 1:
            write_rgb(face.path, cv2.GaussianBlur(image, (0, 0), 2.5))
            reasons[face.path.name] = "blurred"
        elif n % 12 == 3:
            write_rgb(face.path, np.clip(image * 4.0, 0, 255).astype(np.uint8))
            reasons[face.path.name] = "exposure"
        elif n % 6 == 5:
            noise = np.random.default_rng(n).normal(0, 2, image.shape)
            soft = cv2.GaussianBlur(np.clip(image + noise, 0, 255).astype(np.uint8), (0, 0), 0.5)
            add_face(folder, face, f"again_{n:06d}_0.png", soft)
            reasons[f"again_{n:06d}_0.png"] = "duplicate"
    for face in Faceset.open(two_people["performer_A"]).faces()[::5]:
        add_face(folder, face, f"other_{face.frame:06d}_0.png", source="/elsewhere/other.mp4")
        reasons[f"other_{face.frame:06d}_0.png"] = "outlier"
    return folder, reasons


def test_what_is_bad_goes_and_what_is_good_stays(spoilt):
    folder, reasons = spoilt
    table = read_table(Faceset.open(folder), SilentReporter())
    assert judge(table, Limits()) == {file: reasons[file] for file in table.files if file in reasons}


@pytest.mark.parametrize("person", ["performer_A", "identity_B"])
def test_good_footage_stays_whole(person, two_people):
    assert judge(read_table(Faceset.open(two_people[person]), SilentReporter()), Limits()) == {}


def test_every_limit_can_be_switched_off(spoilt):
    table = read_table(Faceset.open(spoilt[0]), SilentReporter())
    nothing = Limits(**dict.fromkeys(Limits.__dataclass_fields__))
    assert judge(table, nothing) == {}
    reasons = {"sharpness": "blurred", "similarity": "outlier", "duplicates": "duplicate", "bright": "exposure"}
    for name, reason in reasons.items():
        only = Limits(**{**dict.fromkeys(Limits.__dataclass_fields__), name: getattr(Limits(), name)})
        assert set(judge(table, only).values()) == {reason}


def test_small_and_doubtful_faces(two_people):
    table = read_table(Faceset.open(two_people["identity_B"]), SilentReporter())
    assert set(judge(table, Limits(size=500)).values()) == {"small"}
    table["score"][2] = 0.55
    table["shape"][4] = 15
    assert judge(table, Limits()) == {table.files[2]: "score", table.files[4]: "shape"}
    table["yaw"][5] = -52
    assert table.files[5] not in judge(table, Limits())
    assert judge(table, Limits(yaw=45))[table.files[5]] == "turned"


def test_filtered_faces_are_not_trained_and_come_back(spoilt, extract):
    import torch

    folder, reasons = spoilt
    faceset = Faceset.open(folder)
    source = faceset.faces()[0].source
    result = run_filter(faceset, Limits(), SilentReporter())
    assert result["left_out"] == {"blurred": 4, "exposure": 2, "outlier": 5, "duplicate": 4}
    count = len(faceset.faces())
    assert count == result["faces"] == 24 - 6
    assert len(load_faces(faceset, 32, 2.1, torch.device("cpu")).planes) == count
    assert (folder / "faces" / next(iter(reasons))).is_file()
    assert run_filter(faceset, Limits(), SilentReporter())["files"] == {}  # there is nothing more to drop
    extract(folder, source, frames="1-25", size=128)
    assert len(faceset.faces()) == count + 1
    assert faceset.left_out() == reasons


def test_the_command_says_and_restores(spoilt, capsys):
    folder, reasons = spoilt

    def run(*arguments):
        code = main(["faceset", "filter", str(folder), *arguments, "--json"])
        return code, json.loads(capsys.readouterr().out.splitlines()[-1])

    code, dry = run("--dry-run")
    assert (code, dry["files"]) == (0, {k: reasons[k] for k in dry["files"]})
    assert Faceset.open(folder).left_out() == {}
    _, wet = run()
    assert wet["files"] == dry["files"]
    assert Faceset.open(folder).left_out() == reasons
    _, some = run("--restore", "--reason", "blurred")
    assert (some["restored"], some["still_left_out"]) == (4, 11)
    _, rest = run("--restore")
    assert (rest["restored"], rest["still_left_out"]) == (11, 0)
    assert main(["faceset", "filter", str(folder), "--sharpness", "off", "--skin", "off"]) == 0
    assert "blurred" not in capsys.readouterr().out


def test_an_even_choice_shows_every_pose_and_expression(two_people):
    faceset = Faceset.open(two_people["performer_A"])
    table = read_table(faceset, SilentReporter())

    def kinds(some):
        cells = sort_into_cells(some)
        return set(zip(cells.column.tolist(), cells.row.tolist(), cells.mouth_open.tolist(), strict=True))

    result = run_filter(faceset, Limits(), SilentReporter(), even=10)
    assert result["faces"] == 10
    kept = [n for n, file in enumerate(table.files) if file not in result["files"]]
    assert kinds(table.take(np.array(kept))) == kinds(table)
    assert run_filter(faceset, Limits(), SilentReporter(), even=10)["files"] == {}


@pytest.mark.parametrize(
    "wrong",
    [
        ["--sharpness", "much"],
        ["--size", "-3"],
        ["--score", "nan"],
        ["--skin", "0.2"],
        ["--skin", "a-b"],
        ["--even", "0"],
        ["--restore", "--dry-run"],
        ["--reason", "blurred"],
    ],
)
def test_wrong_settings_are_refused(wrong, eight_faces, capsys):
    assert main(["faceset", "filter", str(eight_faces), *wrong]) == 2
    assert "--" in capsys.readouterr().err
    assert Faceset.open(eight_faces).left_out() == {}
