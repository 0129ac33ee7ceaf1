from pathlib import Path

from ml_backend.facesets.absent import Absence, absences

A, B = Path("/a.mp4"), Path("/b.mp4")


def test_runs_of_frames_without_a_face_and_their_cause():
    counts = {A: [1, 1, 0, 0, 0, 1, 1, 0], B: [0, 0, 1, 1, 0, 1]}
    frames = [(source, number, faces) for source, ones in counts.items() for number, faces in enumerate(ones, 1)]
    yaws = {(A, 2): -88.0, (A, 6): 3.0, (A, 7): 5.0, (B, 3): 20.0, (B, 4): 65.0, (B, 6): 75.0}
    assert absences(frames, yaws) == [
        Absence(A, 3, 5, turned=True),
        Absence(A, 8, 8, turned=False),
        Absence(B, 1, 2, turned=False),
        Absence(B, 5, 5, turned=True),
    ]


def test_frames_that_were_not_looked_at_part_the_runs():
    assert absences([(A, 1, 0), (A, 2, 0), (A, 9, 0)], {}) == [Absence(A, 1, 2, False), Absence(A, 9, 9, False)]
    assert absences([(A, 1, 1)], {}) == []
