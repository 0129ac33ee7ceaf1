import json

import numpy as np
import pytest

from ml_backend.cli import main
from ml_backend.facesets.filter import leave_out
from ml_backend.facesets.store import Faceset


def test_stats_for_programs(eight_faces, capsys):
    (eight_faces / "faces" / "plate_A_000001_0.png").unlink()
    assert main(["faceset", "stats", str(eight_faces), "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values["identity"] == "performer_A"
    assert (values["faces"], values["deleted"], values["frames"], values["tracks"]) == (7, 1, 8, 1)
    low, high = values["pose"]["yaw"]
    assert -50 < low <= high < -10  # the plate begins with the face turned to the left of the picture


def test_stats_for_people(eight_faces, capsys):
    assert main(["faceset", "stats", str(eight_faces)]) == 0
    told = capsys.readouterr().out
    assert "performer_A" in told
    assert "plate_A.mp4 (8 faces)" in told


def test_export_is_one_line_a_face(eight_faces, capsys):
    (eight_faces / "faces" / "plate_A_000004_0.png").unlink()
    assert main(["faceset", "export", str(eight_faces)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["frame"] for line in lines] == [1, 2, 3, 5, 6, 7, 8]
    for line in lines:
        assert {"frame", "track", "box", "landmarks68", "landmarks478", "score", "embedding", "pose"} <= line.keys()
        assert np.shape(line["landmarks68"]) == (68, 2)
        assert np.shape(line["landmarks478"]) == (478, 3)
        assert np.shape(line["embedding"]) == (128,)
        assert len(line["box"]) == 4
        assert len(line["pose"]) == 3
        assert line["source"].endswith("plate_A.mp4")
        assert line["file"] == f"plate_A_{line['frame']:06d}_0.png"


def test_left_out_faces_are_counted_and_not_exported(eight_faces, capsys):
    leave_out(Faceset.open(eight_faces), {"plate_A_000004_0.png": "blurred"})
    assert main(["faceset", "stats", str(eight_faces), "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert (values["faces"], values["left_out"], values["deleted"]) == (7, 1, 0)
    assert main(["faceset", "export", str(eight_faces)]) == 0
    lines = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["frame"] for line in lines] == [1, 2, 3, 5, 6, 7, 8]
    assert {"sharpness", "mouth", "eye_left", "size"} <= lines[0]["scores"].keys()


def test_a_lone_face_has_stats(eight_faces, capsys):
    for file in sorted((eight_faces / "faces").iterdir())[1:]:
        file.unlink()
    assert main(["faceset", "stats", str(eight_faces), "--json"]) == 0
    values = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert values["faces"] == 1
    assert values["scores"]["duplicates"]["median"] is None  # there is no other one
    for arguments in (["stats"], ["sort", "--by", "duplicates"], ["filter", "--even", "3"]):
        for form in ([], ["--json"]):
            assert main(["faceset", arguments[0], str(eight_faces), *arguments[1:], *form]) == 0


def test_export_to_a_file(eight_faces, tmp_path, capsys):
    out = tmp_path / "new folder" / "faces.jsonl"
    assert main(["faceset", "export", str(eight_faces), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"faces": 8, "out": str(out)}
    assert len(out.read_text().splitlines()) == 8


@pytest.mark.parametrize("action", ["stats", "export", "check", "filter", "sort --by yaw", "split --by track --out x"])
def test_what_is_no_faceset(action, tmp_path, capsys):
    name, *options = action.split()
    assert main(["faceset", name, str(tmp_path), *options]) == 2
    assert str(tmp_path) in capsys.readouterr().err
