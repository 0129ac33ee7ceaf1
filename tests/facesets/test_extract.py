import shutil
from pathlib import Path

import cv2
import numpy as np
import pytest

from ml_backend.errors import BackendError, Cancelled, UsageError
from ml_backend.facesets.extract import run_extract
from ml_backend.facesets.store import Faceset
from ml_backend.media.movie import write_movie
from ml_backend.media.source import open_source
from ml_backend.progress import SilentReporter
from ml_backend.provenance.consent import ConsentRefused
from ml_backend.requests import ExtractRequest

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
PLATE, TAKE = FOOTAGE / "plate_A.mp4", FOOTAGE / "identity_B_take1.mp4"


def write_pictures(folder, images):
    folder.mkdir(parents=True)
    for number, image in enumerate(images, 1):
        assert cv2.imwrite(str(folder / f"shot.{number:04d}.png"), image[:, :, ::-1])
    return folder


def plate_images(last):
    return [frame.image for frame in open_source(PLATE, f"1-{last}").frames()]


def test_photos_are_each_alone_whatever_their_names_and_sizes(tmp_path, extract):
    folder, one, other = tmp_path / "photos", *plate_images(2)
    folder.mkdir()
    for name, image in {"head-shot.jpg": one, "IMG_1200.png": one[:, 20:], "IMG_1207.png": other}.items():
        assert cv2.imwrite(str(folder / name), image[:, :, ::-1])
    (folder / "IMG_1300.HEIC").write_bytes(b"made by a phone")
    with pytest.raises(BackendError, match=r"head-shot.jpg has no number") as caught:
        extract(tmp_path / "faces", folder)
    assert "extract --photos" in caught.value.fix
    with pytest.raises(UsageError, match="Photos are no frames"):
        extract(tmp_path / "faces", folder, photos=True, frames="1-2")
    result = extract(tmp_path / "faces", folder, photos=True)
    assert (result["frames"], result["faces"]) == (3, 3)
    assert sorted(face.source.name for face in Faceset.open(tmp_path / "faces").faces()) == [
        "IMG_1200.png",
        "IMG_1207.png",
        "head-shot.jpg",
    ]
    apple = tmp_path / "phone"
    apple.mkdir()
    (folder / "IMG_1300.HEIC").rename(apple / "IMG_1300.HEIC")
    for source, wanted in ((apple, "has HEIC pictures only"), (apple / "IMG_1300.HEIC", "is HEIC, which cannot")):
        with pytest.raises((BackendError, UsageError), match=wanted):
            extract(tmp_path / "faces", source, photos=True)


def test_the_same_again_does_nothing(eight_faces, extract, content):
    before = content(eight_faces)
    result = extract(eight_faces, PLATE, frames="1-8", identity="performer_A")
    assert (result["frames"], result["faces"], result["frames_without_face"]) == (8, 8, 0)
    assert content(eight_faces) == before


def test_stopped_and_resumed_is_as_if_never_stopped(tmp_path, extract, content):
    straight, stopped = tmp_path / "straight", tmp_path / "stopped"
    extract(straight, PLATE, TAKE, frames="1-8", person="all")
    for frames in (3, 1, 7, 9, 5):
        with pytest.raises(Cancelled):
            extract(stopped, PLATE, TAKE, frames="1-8", person="all", stop_after=frames)
    extract(stopped, PLATE, TAKE, frames="1-8", person="all")
    assert content(stopped) == content(straight)


def test_more_frames_later_are_as_if_asked_at_once(eight_faces, tmp_path, extract, content):
    extract(tmp_path / "at once", PLATE, frames="1-12", identity="performer_A")
    extract(eight_faces, PLATE, frames="9-12")
    assert content(eight_faces) == content(tmp_path / "at once")


def test_frames_around_known_ones_get_tracks_of_their_own(tmp_path, extract):
    extract(tmp_path / "faces", PLATE, frames="4-6")
    result = extract(tmp_path / "faces", PLATE, frames="1-9")
    faces = Faceset.open(tmp_path / "faces").faces()
    assert (result["frames"], result["faces"]) == (9, 9)
    assert [face.frame for face in faces] == list(range(1, 10))
    assert [face.track for face in faces] == [1, 1, 1, 0, 0, 0, 2, 2, 2]


def test_a_range_that_the_source_does_not_reach_is_told(tmp_path):
    told: list[str] = []
    reporter = SilentReporter()
    reporter.message = told.append
    request = ExtractRequest(sources=[str(PLATE)], faceset=tmp_path / "faces", frames="119-500", size=64)
    assert run_extract(request, reporter)["frames"] == 2
    assert told[0] == f"{PLATE} has not all of the frames 119-500: its frames are 1-120. Those are looked at."


def test_figures_are_those_of_what_was_asked_for(eight_faces, extract):
    result = extract(eight_faces, PLATE, frames="7-9")
    assert (result["frames"], result["faces"]) == (3, 3)
    assert {"seconds", "peak_rss_mb", "frames_without_face", "faceset"} <= result.keys()


def test_a_deleted_face_stays_deleted(eight_faces, extract):
    gone = eight_faces / "faces" / "plate_A_000005_0.png"
    gone.unlink()
    result = extract(eight_faces, PLATE, frames="1-10")
    assert not gone.exists()
    assert (result["frames"], result["faces"], result["frames_without_face"]) == (10, 9, 0)
    assert 5 not in [face.frame for face in Faceset.open(eight_faces).faces()]


def test_all_faces_deleted_stay_deleted(eight_faces, extract):
    shutil.rmtree(eight_faces / "faces")
    result = extract(eight_faces, PLATE, frames="1-9")
    assert result["faces"] == 1
    assert [face.frame for face in Faceset.open(eight_faces).faces()] == [9]


def test_a_source_given_twice_counts_once(tmp_path, extract):
    ranges = [{"source": str(PLATE), "frames": frames} for frames in ("1-3", "2-4")]
    result = extract(tmp_path / "faces", *ranges)
    assert (result["frames"], result["faces"]) == (4, 4)
    assert len(Faceset.open(tmp_path / "faces").faces()) == 4


def test_sources_of_one_name_stay_apart(tmp_path, extract):
    sources = []
    for folder, clip in (("a", PLATE), ("b", TAKE), ("c", PLATE)):
        (tmp_path / folder).mkdir()
        name = "SHOT.mp4" if folder == "c" else "shot.mp4"
        sources.append(Path(shutil.copy(clip, tmp_path / folder / name)))
    extract(tmp_path / "faces", *sources, frames="1-2", person="all")
    faces = Faceset.open(tmp_path / "faces").faces()
    assert len({face.path.name.lower() for face in faces}) == 6
    assert [face.source for face in faces] == [source for source in sources for _ in range(2)]


@pytest.mark.parametrize("name", ["人" * 80, ".hidden", "a b?*.v1", "#%", "-"])
def test_any_name_of_a_source_makes_good_file_names(name, tmp_path, extract):
    source = shutil.copy(PLATE, tmp_path / f"{name}.mp4")
    extract(tmp_path / "faces", source, frames="1-1")
    (face,) = Faceset.open(tmp_path / "faces").faces()
    assert face.path.is_file()
    assert not face.path.name.startswith((".", "-"))
    assert not set(face.path.name) & set(" ?*#%")


def test_pictures_that_the_index_does_not_know_are_removed(eight_faces, extract):
    orphan = eight_faces / "faces" / "plate_A_000009_7.png"
    own = eight_faces / "faces" / "my own.png"
    part = eight_faces / "faces" / ".plate_A_000009_0.png.0a1b2c3d.part"
    for file in (orphan, own, part):
        file.write_bytes(b"x")
    extract(eight_faces, PLATE, frames="1-8")
    assert (orphan.exists(), own.exists(), part.exists()) == (False, True, False)


@pytest.mark.parametrize("size", [(16, 16), (1, 1), (200, 120)])
def test_frames_without_a_face(size, tmp_path, extract):
    folder = write_pictures(tmp_path / "empty", [np.full((*size, 3), 40 * n, np.uint8) for n in range(1, 4)])
    result = extract(tmp_path / "faces", folder)
    assert (result["frames"], result["faces"], result["frames_without_face"]) == (3, 0, 3)
    assert Faceset.open(tmp_path / "faces").faces() == []


def test_deep_plates_make_deep_crops(tmp_path, extract):
    images = [image.astype(np.uint16) * 257 for image in plate_images(2)]
    extract(tmp_path / "deep", write_pictures(tmp_path / "shot", images))
    extract(tmp_path / "shallow", PLATE, frames="1-2")
    for deep, shallow in zip(*(Faceset.open(tmp_path / n).faces() for n in ("deep", "shallow")), strict=True):
        assert deep.read_crop().dtype == np.uint16
        np.testing.assert_allclose(deep.crop_landmarks, shallow.crop_landmarks, atol=0.3)
        differences = np.abs(deep.read_crop() / 257 - shallow.read_crop())
        assert differences.mean() < 1
        assert np.percentile(differences, 99) < 12


@pytest.fixture
def side_by_side(tmp_path):
    """Three frames of two actors, A on the left."""
    pairs = zip(plate_images(3), [f.image for f in open_source(TAKE, "1-3").frames()], strict=True)
    return write_pictures(tmp_path / "two", [np.concatenate(pair, 1) for pair in pairs])


def test_everybody_is_stored_where_all_are_wanted(tmp_path, side_by_side, extract):
    result = extract(tmp_path / "faces", side_by_side, person="all")
    assert (result["frames"], result["faces"], result["people"]) == (3, 6, 2)
    faces = Faceset.open(tmp_path / "faces").faces()
    assert [(face.frame, face.track) for face in faces] == [(n, track) for n in (1, 2, 3) for track in (0, 1)]


def test_nobody_is_stored_until_it_is_said_who(tmp_path, side_by_side, extract):
    with pytest.raises(UsageError, match="2 persons"):
        extract(tmp_path / "faces", side_by_side)
    assert not list((tmp_path / "faces" / "faces").iterdir())
    assert cv2.imread(str(tmp_path / "faces" / "people.png")) is not None
    for person, side in (("1:200,200", 0), ("1:590,200", 1)):
        result = extract(tmp_path / "faces", side_by_side, person=person)
        assert (result["frames"], result["faces"]) == (3, 3)
        for face in Faceset.open(tmp_path / "faces").faces():
            assert (face.landmarks[:, 0].mean() > 384) == bool(side)


def test_another_choice_replaces_the_faces_of_the_one_before(tmp_path, side_by_side, extract):
    def sides():
        return {face.landmarks[:, 0].mean() > 384 for face in Faceset.open(tmp_path / "faces").faces()}

    extract(tmp_path / "faces", side_by_side, person="1:200,200")
    assert sides() == {False}
    extract(tmp_path / "faces", side_by_side, person="1:590,200")
    assert sides() == {True}
    assert len(list((tmp_path / "faces" / "faces").iterdir())) == 3


def test_the_only_one_of_further_footage_is_the_one_in_the_faceset(tmp_path, side_by_side, extract):
    extract(tmp_path / "faces", TAKE, frames="20-24")
    extract(tmp_path / "faces", side_by_side)
    faces = Faceset.open(tmp_path / "faces").faces()
    assert len(faces) == 8
    assert all(face.landmarks[:, 0].mean() > 384 for face in faces if face.source == side_by_side)
    with pytest.raises(UsageError, match="is not in this footage"):
        extract(tmp_path / "faces", PLATE, frames="1-4")


def test_the_size_is_by_the_footage_and_then_the_faceset_s(tmp_path, extract):
    extract(tmp_path / "faces", PLATE, frames="1-2", size=None)
    faceset = Faceset.open(tmp_path / "faces")
    shown = faceset.faces()[0].matrix
    assert faceset.info.size == 384
    assert np.sqrt(np.linalg.det(shown[:, :2])) >= 1, "no detail of the footage is lost"
    extract(tmp_path / "faces", PLATE, frames="3-3", size=None)
    assert Faceset.open(tmp_path / "faces").info.size == 384


def test_a_face_partly_outside_has_a_whole_crop(tmp_path, extract):
    folder = write_pictures(tmp_path / "part", [np.ascontiguousarray(image[:, 100:]) for image in plate_images(2)])
    extract(tmp_path / "faces", folder)
    faces = Faceset.open(tmp_path / "faces").faces()
    assert len(faces) == 2
    assert faces[0].read_crop().shape == (64, 64, 3)
    assert faces[0].landmarks[:, 0].min() < 0


def test_small_movies_work(tmp_path, extract):
    film = tmp_path / "tiny.mp4"
    write_movie(film, [np.full((16, 16, 3), 99, np.uint8)] * 3, open_source(PLATE).info.fps)
    assert extract(tmp_path / "faces", film)["frames_without_face"] == 3


def test_another_size_is_refused_and_a_left_out_identity_is_not(eight_faces, extract):
    extract(eight_faces, PLATE, frames="1-8")
    with pytest.raises(UsageError, match="size is 64 and not 128"):
        extract(eight_faces, PLATE, frames="1-8", size=128)
    with pytest.raises(ConsentRefused, match="holds the faces of performer_A, not of identity_B"):
        extract(eight_faces, PLATE, frames="1-8", identity="identity_B")


def test_places_that_cannot_be_a_faceset(tmp_path, extract):
    (tmp_path / "file").write_text("x")
    for place in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(UsageError, match="is not a folder"):
            extract(place, PLATE, frames="1-1")


def test_a_bad_source_leaves_no_faceset_behind(tmp_path, extract):
    with pytest.raises(UsageError, match="nowhere"):
        extract(tmp_path / "faces", PLATE, tmp_path / "nowhere.mp4")
    assert not (tmp_path / "faces").exists()


def test_a_damaged_frame_stops_there_and_keeps_what_was_found(tmp_path, extract):
    folder = write_pictures(tmp_path / "shot", plate_images(4))
    file = folder / "shot.0004.png"
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    with pytest.raises(BackendError, match="shot"):
        extract(tmp_path / "faces", folder)
    assert [face.frame for face in Faceset.open(tmp_path / "faces").faces()] == [1, 2, 3]
    file.write_bytes(whole)
    assert extract(tmp_path / "faces", folder)["faces"] == 4


def test_only_one_extraction_at_a_time(eight_faces, extract):
    with Faceset.lock(eight_faces), pytest.raises(BackendError, match="another extraction"):
        extract(eight_faces, PLATE, frames="9-9")
    extract(eight_faces, PLATE, frames="9-9")


def test_a_damaged_index_is_not_extended(eight_faces, extract):
    (eight_faces / "index.sqlite").write_bytes(b"not a database at all" * 300)
    with pytest.raises(BackendError, match="The index"):
        extract(eight_faces, PLATE, frames="1-9")


def test_damaged_observations_are_named_and_can_be_deleted(eight_faces, extract, content):
    before = content(eight_faces)
    file = eight_faces / "observations.sqlite"
    file.write_bytes(b"not a database at all" * 300)
    with pytest.raises(BackendError, match="observations"):
        extract(eight_faces, PLATE, frames="1-9")
    file.unlink()
    extract(eight_faces, PLATE, frames="1-8")
    assert content(eight_faces) == before


def test_other_measuring_is_not_mixed(eight_faces, extract):
    with pytest.raises(UsageError, match="average"):
        extract(eight_faces, PLATE, frames="1-9", average=True)


def test_the_smallest_face_wanted_decides_who_is_there(tmp_path, extract):
    """A face of 150 pixels beside one of 40."""
    pictures = []
    for large, small in zip(plate_images(3), plate_images(3)[::-1], strict=True):
        pictures.append(np.full((384, 560, 3), 110, np.uint8))
        pictures[-1][:, :384] = large
        pictures[-1][150:250, 430:530] = cv2.resize(small, (100, 100), interpolation=cv2.INTER_AREA)
    folder = write_pictures(tmp_path / "shot", pictures)
    assert extract(tmp_path / "all", folder, person="all")["faces"] == 6
    assert extract(tmp_path / "large", folder, smallest=100)["faces"] == 3
    with pytest.raises(UsageError, match=r'"smallest": 100.*new folder'):
        extract(tmp_path / "large", folder, smallest=20)
    again = extract(tmp_path / "large", folder)
    assert (again["faces"], again["people"]) == (3, 1), "without a wish it is as it was"
