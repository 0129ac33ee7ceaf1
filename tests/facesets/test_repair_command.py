"""`ml-backend faceset repair`: corrections from a terminal are those that the extension writes."""

import json

import pytest

from ml_backend.cli import main
from ml_backend.faces.repairs import read_repairs
from ml_backend.facesets.store import Faceset

from .conftest import PLATE, TAKE

DELETE = ("delete", "--frame", "3", "--at", "190,170")


@pytest.fixture
def repair(eight_faces, capsys):
    """repair(*arguments): the exit code, what was printed, and what went to standard error."""

    def run(*arguments):
        code = main(["faceset", "repair", str(eight_faces), *arguments])
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return run


def test_corrections_are_written_listed_applied_and_taken_back(eight_faces, repair, extract):
    assert repair()[:2] == (0, f"There are no corrections in {eight_faces}.\n")
    assert repair(*DELETE)[0] == 0
    assert repair("move", "--frame", "5", "--at", "190,170", "--box", "100,80,260,280", "--roll", "3")[0] == 0
    assert repair("landmarks", "--frame", "4", "--at", "190,170", "--point", "33=120,150")[0] == 0
    assert repair("delete", "--frames", "6-7", "--at", "190,170")[0] == 0
    file = json.loads((eight_faces / "repairs.json").read_text())
    assert [(one["action"], one["source"]) for one in file["repairs"]] == [
        (action, str(PLATE.resolve())) for action in ("delete", "move", "landmarks", "delete")
    ]
    code, told, _ = repair()
    assert code == 0
    assert [line.split()[0] for line in told.splitlines()] == ["1", "2", "3", "4"]
    result = extract(eight_faces, PLATE, frames="1-8")
    assert (result["faces"], result["repaired"]) == (5, 2)
    face = next(one for one in Faceset.open(eight_faces).faces() if one.frame == 4)
    assert face.landmarks[33, :2].tolist() == pytest.approx([120, 150], abs=1e-3)

    assert repair("undo", "--number", "1")[0] == 0
    assert repair("undo")[0] == 0
    assert [one.action for one in read_repairs(eight_faces / "repairs.json")] == ["move", "landmarks"]
    assert extract(eight_faces, PLATE, frames="1-8")["faces"] == 8


def test_programs_get_json(repair):
    _, told, _ = repair(*DELETE, "--json")
    answer = json.loads(told.splitlines()[-1])
    assert (answer["action"], answer["changed"]["frame"], len(answer["repairs"])) == ("delete", 3, 1)
    _, told, _ = repair("--json")
    assert json.loads(told)["changed"] is None


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (("delete", "--frame", "3"), "at"),
        (("delete", "--frame", "3", "--frames", "3-5", "--at", "1,2"), "frame or frames"),
        (("delete", "--frames", "9-5", "--at", "1,2"), "9-5"),
        (("delete", "--frame", "3", "--at", "1,2,3"), "[x, y]"),
        (("delete", "--frame", "3", "--at", "nan,2"), "at"),
        (("add", "--frame", "3", "--box", "1,1,5,5"), "4 × 4"),
        (("add", "--frame", "3", "--box", "1,1,50,50", "--at", "1,2"), "at"),
        (("move", "--frame", "3", "--at", "1,2"), "box"),
        (("landmarks", "--frame", "3", "--at", "1,2"), "points"),
        (("landmarks", "--frame", "3", "--at", "1,2", "--point", "500=1,2"), "500"),
        (("landmarks", "--frame", "3", "--at", "1,2", "--point", "nose"), "33=610,340"),
        (("delete", "--source", "nowhere.mp4", "--frame", "3", "--at", "1,2"), "nowhere.mp4"),
        (("undo",), "no number 0"),
    ],
)
def test_what_is_no_correction_is_refused_and_nothing_is_written(arguments, named, repair, eight_faces):
    code, told, wrong = repair(*arguments)
    assert code == 2
    assert told == ""
    assert named in wrong
    assert not (eight_faces / "repairs.json").exists()


def test_of_several_sources_one_is_named(repair, eight_faces, extract):
    extract(eight_faces, TAKE, frames="1-2", person="all")
    code, _, wrong = repair(*DELETE)
    assert code == 2
    assert str(PLATE.resolve()) in wrong
    assert repair(*DELETE, "--source", "plate_A.mp4")[0] == 0
    assert repair(*DELETE, "--source", str(TAKE))[0] == 0
    sources = [one.source for one in read_repairs(eight_faces / "repairs.json")]
    assert sources == [str(PLATE.resolve()), str(TAKE.resolve())]
