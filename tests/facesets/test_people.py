"""Who is who on the footage, with the demo's actors and with made embeddings."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations, pairwise, permutations
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml_backend.faces.detection import CenterFace
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.recognition import Recogniser
from ml_backend.faces.regions import eye_distance
from ml_backend.faces.roi import roi_of_detection
from ml_backend.facesets.grouping import MOST_SAMPLES, NEAR, SPREAD
from ml_backend.facesets.people import Person, Track, group, stranger
from ml_backend.facesets.people_picture import FACES, ROWS, draw_people
from ml_backend.media.picture import read_picture
from ml_backend.media.source import open_source

FOOTAGE = Path(__file__).parents[2] / "demo" / "footage"
CLIPS = ("plate_A", "identity_B_take1", "identity_B_take2")
TURNED = range(1, 121, 12)  # frames from 35° left to 35° right, in other light each


def track(number: int, frames: Sequence[int], embeddings: np.ndarray, source: str = "a.mp4", eyes: float = 60) -> Track:
    boxes = np.tile(np.array([100.0, 50, 200, 150]), (len(frames), 1))
    values = np.asarray(embeddings, np.float32).reshape(-1, 128)
    return Track(Path("/footage") / source, number, np.asarray(frames, np.int64), values, boxes, eyes)


def person(seed: int, samples: int = 4) -> np.ndarray:
    """Embeddings of somebody, spread as those of the network."""
    random = np.random.default_rng(seed)
    middle = random.normal(size=128)
    return 0.55 * middle / np.linalg.norm(middle) + random.normal(0, 0.02, (samples, 128))


def keys(persons: Sequence[Person]) -> list[list[tuple[str, int]]]:
    return [[one.key for one in person.tracks] for person in persons]


@pytest.fixture(scope="module")
def actors() -> dict[str, Track]:
    """A track of each clip of the demo, of some of its frames."""
    detector, landmarker, recogniser = CenterFace(), open_landmarker(), Recogniser()
    tracks = {}
    for clip in CLIPS:
        path = (FOOTAGE / f"{clip}.mp4").resolve()
        boxes, embeddings, eyes = [], [], []
        for frame in open_source(path).frames(TURNED):
            points, _ = landmarker.settle(frame.image, [roi_of_detection(detector(frame.image)[0])])
            boxes.append(np.concatenate([points[0, :, :2].min(0), points[0, :, :2].max(0)]))
            embeddings.append(recogniser.embed(frame.image, points[0]))
            eyes.append(eye_distance(points[0]))
        frames = np.array(TURNED, np.int64)
        tracks[clip] = Track(path, 0, frames, np.array(embeddings), np.array(boxes), float(np.median(eyes)))
    return tracks


def part(one: Track, number: int, faces: slice) -> Track:
    return replace(
        one, number=number, frames=one.frames[faces], embeddings=one.embeddings[faces], boxes=one.boxes[faces]
    )


@settings(deadline=None, max_examples=40)
@given(
    seed=st.integers(0, 10_000),
    tracks=st.lists(st.integers(1, 4), min_size=1, max_size=5),
    samples=st.integers(1, 9),
)
def test_people_are_told_apart_in_any_order(seed, tracks, samples):
    who = np.repeat(np.arange(len(tracks)), tracks)
    found = [
        track(n, range(10 * n, 10 * n + 1 + n % 4), person(100 * seed + w, samples), f"{n % 2}.mp4")
        for n, w in enumerate(who)
    ]
    persons = group(found)
    assert sorted(sorted(who[one.number] for one in person.tracks) for person in persons) == [
        [w] * count for w, count in enumerate(tracks)
    ]
    assert [person.importance for person in persons] == sorted((p.importance for p in persons), reverse=True)
    shuffled = [found[n] for n in np.random.default_rng(seed).permutation(len(found))]
    again = group(shuffled)
    assert keys(again) == keys(persons)
    for one, other in zip(persons, again, strict=True):
        assert np.array_equal(one.embedding, other.embedding)


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 10_000), count=st.integers(2, 24))
def test_the_nearest_are_joined_first_until_none_are_near(seed, count):
    """As the plainest program would do it, with people who are hard to tell apart."""
    random = np.random.default_rng(seed)
    middles = random.normal(0, 0.035, (6, 128))
    tracks = [track(n, [n], middles[n % 6] + random.normal(0, 0.02, (3, 128))) for n in range(count)]
    groups = [[one] for one in tracks]
    while len(groups) > 1:
        means = [np.mean([one.embeddings.astype(float).mean(0) for one in members], axis=0) for members in groups]
        samples = [min(3 * len(members), MOST_SAMPLES) for members in groups]
        away = {
            (a, b): np.linalg.norm(means[a] - means[b]) / np.sqrt(NEAR**2 + SPREAD * (1 / samples[a] + 1 / samples[b]))
            for a, b in combinations(range(len(groups)), 2)
        }
        a, b = min(away, key=lambda pair: away[pair])
        if away[a, b] > 1:
            break
        groups[a] += groups.pop(b)
    expected = {frozenset(one.number for one in members) for members in groups}
    assert {frozenset(one.number for one in person.tracks) for person in group(tracks)} == expected


def test_two_faces_in_one_frame_are_two_people():
    twin = person(1)
    assert keys(group([track(0, [1, 2, 3], twin), track(1, [3, 4], twin)])) == [
        [("/footage/a.mp4", 0)],
        [("/footage/a.mp4", 1)],
    ]
    assert len(group([track(0, [1, 3], twin), track(1, [2, 4], twin)])) == 1
    assert len(group([track(0, [1, 2], twin), track(1, [1, 2], twin, "b.mp4")])) == 1


def test_who_shares_a_frame_with_one_track_of_a_person_is_not_that_person():
    twin = person(1)
    tracks = [track(0, [1, 2], twin), track(1, [5, 6], twin), track(2, [6, 7], twin)]
    assert [len(one.tracks) for one in group(tracks)] == [2, 1]
    apart = {tuple(t.number for t in one.tracks) for one in group(tracks)}
    assert apart in ({(0, 1), (2,)}, {(0, 2), (1,)})
    for order in permutations(tracks):  # the tie is broken in the same way
        assert {tuple(t.number for t in one.tracks) for one in group(order)} == apart


def test_a_track_without_embeddings_is_nobody_elses():
    persons = group([track(0, range(9), person(1)), track(1, range(20, 24), np.zeros((0, 128)))])
    assert [one.faces for one in persons] == [9, 4]
    assert np.isnan(persons[1].embedding).all()
    face = person(1)[0]
    assert not stranger(face, persons[:1], persons[1:])
    assert stranger(face, persons[1:], persons[:1])
    assert group([]) == []


def test_a_large_face_comes_before_many_small_ones():
    persons = group([track(0, range(30), person(1), eyes=10), track(1, range(20), person(2), eyes=90)])
    assert [one.tracks[0].number for one in persons] == [1, 0]


def test_two_takes_of_one_actor_are_one_person(actors):
    persons = group(list(actors.values()))
    assert [{one.source.stem for one in person.tracks} for person in persons] == [
        {"identity_B_take1", "identity_B_take2"},
        {"plate_A"},
    ]


def test_short_tracks_of_the_actors_keep_to_their_person(actors):
    """Pieces of a few faces, some of which are only turned to one side."""
    pieces = []
    for clip, one in actors.items():
        pieces += [(clip, part(one, n, slice(2 * n, 2 * n + 2))) for n in range(len(TURNED) // 2)]
    persons = group([piece for _, piece in pieces])
    for one in persons:
        assert len({track.source.stem.split("_")[1] for track in one.tracks}) == 1
    assert sum(one.faces for one in persons[:2]) >= 0.9 * 3 * len(TURNED)


def test_no_turned_face_of_the_right_person_is_a_stranger(actors):
    taught = group([part(actors[clip], 0, slice(0, None, 2)) for clip in ("plate_A", "identity_B_take1")])
    a, b = sorted(taught, key=lambda one: one.tracks[0].source.stem == "identity_B_take1")
    unseen = {"plate_A": actors["plate_A"].embeddings[1::2], "B": actors["identity_B_take2"].embeddings}
    assert not any(stranger(face, [a], [b]) for face in unseen["plate_A"])
    assert not any(stranger(face, [b], [a]) for face in unseen["B"])
    assert all(stranger(face, [b], [a]) for face in unseen["plate_A"])
    assert all(stranger(face, [a], [b]) for face in unseen["B"])


def test_a_track_that_went_over_to_another_keeps_its_person(actors):
    """The middle is that of most faces, so that the others can be told."""
    a, b = actors["plate_A"], actors["identity_B_take1"]
    mixed = replace(a, embeddings=np.concatenate([a.embeddings, b.embeddings[:3]]))
    wanted = group([mixed])
    others = group([replace(b, number=1)])
    assert all(stranger(face, wanted, others) for face in b.embeddings[:3])
    assert not any(stranger(face, wanted, others) for face in a.embeddings)


def test_the_picture_shows_everybody(actors, tmp_path):
    persons = group(list(actors.values()))
    sources = [open_source(one.source) for one in actors.values()]
    draw_people(tmp_path / "people.png", persons, sources)
    picture = read_picture(tmp_path / "people.png")
    rows = [picture[64 + 102 * n : 64 + 102 * n + 96, 330:] for n in range(2)]
    for row in rows:
        cells = [row[:, 102 * k : 102 * k + 96] for k in range(FACES)]
        assert all(cell.std() > 20 for cell in cells)
        assert all(np.abs(x.astype(int) - y.astype(int)).mean() > 2 for x, y in pairwise(cells))
    found = [CenterFace()(cv2.resize(np.ascontiguousarray(row), None, fx=2, fy=2)) for row in rows]
    assert [len(faces) for faces in found] == [FACES, FACES]


def test_the_picture_does_with_what_can_be_read(tmp_path):
    clip = (FOOTAGE / "plate_A.mp4").resolve()
    crowd = [
        replace(track(n, [n + 1, 90 + n], person(n)), source=clip, eyes=60.0 - n) for n in range(ROWS + 6)
    ]  # frames from 90 on are not opened
    persons = group(crowd)
    assert len(persons) == ROWS + 6
    draw_people(tmp_path / "people.png", persons, [open_source(clip, "1-80")])
    picture = read_picture(tmp_path / "people.png")
    assert picture.shape[0] == 64 + ROWS * 102 + 36
    second = picture[64:160, 432:528]
    assert np.ptp(second.reshape(-1, 3), axis=0).max() < 30  # only one of the two frames is there
