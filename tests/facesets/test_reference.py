"""Reference pictures as people have them: of frames of the demo's footage."""

from functools import partial
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.detection import CenterFace
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.recognition import SAME_PERSON, Recogniser, distance
from ml_backend.facesets.people import Track as FacesOfTrack
from ml_backend.facesets.people import choose, group
from ml_backend.facesets.reference import embed_reference
from ml_backend.media.source import open_source
from ml_backend.media.write import write_rgb, write_rgba

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"


@pytest.fixture(scope="module")
def embed():
    return partial(embed_reference, detector=CenterFace(), landmarker=open_landmarker(), recogniser=Recogniser())


@pytest.fixture(scope="module")
def pictures() -> dict[str, np.ndarray]:
    """Both actors looking into the camera, 384×384."""
    found = {}
    for name, clip, number in (("a", "plate_A", 49), ("b", "identity_B_take1", 25)):
        found[name] = next(iter(open_source(FOOTAGE / f"{clip}.mp4").frames([number]))).image
    return found


@pytest.fixture
def keep(tmp_path):
    def write(image: np.ndarray, name: str = "anna.png") -> Path:
        (write_rgba if image.shape[2] == 4 else write_rgb)(tmp_path / name, image)
        return tmp_path / name

    return write


def test_pictures_in_any_state_are_of_the_same_person(embed, pictures, keep):
    image = pictures["a"]
    plain, other = embed(keep(image)), embed(keep(pictures["b"]))
    assert distance(plain, other) > SAME_PERSON
    views = {
        "deep": (image.astype(np.uint16) * 257),
        "with alpha": np.dstack([image, np.full(image.shape[:2], 255, np.uint8)]),
        "turned": np.ascontiguousarray(np.rot90(image)),
        "turned back": np.ascontiguousarray(np.rot90(image, 3)),
        "upside down": np.ascontiguousarray(np.rot90(image, 2)),
        "tight": np.ascontiguousarray(image[125:330, 95:275]),
        "large": cv2.resize(image, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC),
    }
    for name, view in views.items():
        found = embed(keep(view))
        assert distance(found, plain) < min(0.4, distance(found, other) - 0.1), name


def test_of_several_faces_the_clearly_largest_is_meant(embed, pictures, keep):
    a, b = pictures["a"], pictures["b"]
    with pytest.raises(UsageError, match="2 faces of about the same size"):
        embed(keep(np.hstack([a, b])))
    small = np.full_like(b, 90)
    small[100:228, 100:228] = cv2.resize(b, (128, 128), interpolation=cv2.INTER_AREA)
    found = embed(keep(np.hstack([small, a])))
    assert distance(found, embed(keep(a))) < 0.3


def test_no_face(embed, keep):
    noise = np.random.default_rng(1).integers(0, 255, (200, 300, 3), np.uint8)
    with pytest.raises(UsageError, match=r"No face is to be seen on .*anna\.png"):
        embed(keep(noise))
    with pytest.raises(UsageError, match="No face"):
        embed(keep(np.zeros((1, 1, 3), np.uint8)))


def test_no_picture(embed, tmp_path, pictures, keep):
    with pytest.raises(UsageError, match="does not exist"):
        embed(tmp_path / "none.png")
    path = keep(pictures["a"])
    path.write_bytes(path.read_bytes()[:5000])
    with pytest.raises(BackendError, match="cut off or damaged"):
        embed(path)
    (tmp_path / "text.png").write_text("no picture")
    with pytest.raises(BackendError):
        embed(tmp_path / "text.png")


def test_a_picture_chooses_with_the_shipped_networks(embed, pictures, keep):
    """`choose` by itself, as the extraction calls it."""

    def taken(clip: str, number: int) -> FacesOfTrack:
        frames = [f.image for f in open_source(FOOTAGE / f"{clip}.mp4").frames([10, 20, 30])]
        embeddings = np.stack([embed(keep(image, "frame.png")) for image in frames])
        return FacesOfTrack(FOOTAGE / clip, number, np.array([10, 20, 30]), embeddings, np.zeros((3, 4)), 60.0)

    persons = group([taken("plate_A", 0), taken("identity_B_take2", 1)])
    for name, number in (("a", 0), ("b", 1)):
        (chosen,) = choose(persons, str(keep(pictures[name])))
        assert chosen.tracks[0].number == number
    alone = [one for one in persons if one.tracks[0].number == 0]
    with pytest.raises(UsageError, match="Nobody on the footage"):
        choose(alone, str(keep(pictures["b"])))
