import json

import numpy as np
import pytest

from ml_backend.cli import main


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


def test_export_to_a_file(eight_faces, tmp_path, capsys):
    out = tmp_path / "new folder" / "faces.jsonl"
    assert main(["faceset", "export", str(eight_faces), "--out", str(out), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"faces": 8, "out": str(out)}
    assert len(out.read_text().splitlines()) == 8


@pytest.mark.parametrize("action", ["stats", "export"])
def test_what_is_no_faceset(action, tmp_path, capsys):
    assert main(["faceset", action, str(tmp_path)]) == 2
    assert str(tmp_path) in capsys.readouterr().err
