"""FAN without its real weights, which are not for the repository: the real network with the weights of chance."""

import hashlib
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from ml_backend.errors import BackendError, UsageError
from ml_backend.faces.canonical import canonical_mesh, head_pose
from ml_backend.faces.fan import CROP, WIDER, Fan
from ml_backend.faces.fan_completion import complete, fit_orthographic
from ml_backend.faces.fan_heatmaps import decode, face_scores
from ml_backend.faces.fan_weights import FILE, SHA256, read_weights, weights_path
from ml_backend.faces.geometry import sample
from ml_backend.faces.landmarks import open_landmarker
from ml_backend.faces.mesh import FaceMesh
from ml_backend.faces.regions import LEFT_EYE, MESH68, RIGHT_EYE, eye_distance
from ml_backend.faces.roi import Roi, roi_of_landmarks
from ml_backend.faces.roi_crop import roi_to_image


def gaussians(points: np.ndarray, size: int = 64, sigma: float = 1.0, height: float = 0.8) -> np.ndarray:
    """Heatmaps P×size×size with peaks at `points` (P×2, cells from the edge)."""
    y, x = np.mgrid[:size, :size] + 0.5
    away = (x - points[:, 0, None, None]) ** 2 + (y - points[:, 1, None, None]) ** 2
    return (height * np.exp(-away / (2 * sigma**2))).astype(np.float32)


def test_points_are_where_the_heatmaps_peak():
    points = np.random.default_rng(1).uniform(3, 61, (2, 68, 2))
    found, peaks = decode(np.stack([gaussians(one) for one in points]))
    np.testing.assert_allclose(found, points, atol=1e-3)
    assert (peaks > 0.6).all()


def test_points_of_noisy_heatmaps_are_near():
    random = np.random.default_rng(2)
    points = random.uniform(3, 61, (1, 68, 2))
    maps = np.stack([gaussians(one) for one in points])
    found, _ = decode(maps + random.normal(0, 0.02, maps.shape).astype(np.float32))
    assert np.linalg.norm(found - points, axis=2).mean() < 0.1  # a quarter of a cell is what steps would give


@pytest.mark.parametrize("corner", [(0.5, 0.5), (63.5, 0.5), (63.5, 63.5), (0.2, 40.0)])
def test_a_peak_at_the_edge_of_the_map(corner):
    found, _ = decode(gaussians(np.array([corner]))[None])
    np.testing.assert_allclose(found[0, 0], corner, atol=0.5)


def test_flat_maps_are_no_face():
    found, peaks = decode(np.zeros((1, 68, 64, 64), np.float32))
    assert np.isfinite(found).all()
    assert face_scores(peaks) == 0
    assert face_scores(np.full((1, 68), 0.9)) == 1


@pytest.fixture(scope="module")
def meshes(pictures, landmarks_of):
    return [landmarks_of(image) for clip in ("plate_A", "identity_B_take2") for image in pictures(clip, 1, 120, 17)]


def test_a_mesh_comes_back_from_its_68_points(meshes):
    errors, depths, turns = [], [], []
    for mesh in meshes:
        made = complete(mesh[MESH68, :2])
        np.testing.assert_allclose(made[MESH68, :2], mesh[MESH68, :2], atol=1e-6)
        errors.append(np.linalg.norm(made[:468, :2] - mesh[:468, :2], axis=1) / eye_distance(mesh))
        depth = [points[:468, 2] - points[:468, 2].mean() for points in (made, mesh)]
        depths.append(np.abs(depth[0] - depth[1]) / eye_distance(mesh))
        turns.append(np.abs(np.subtract(head_pose(made), head_pose(mesh))))
    assert np.mean(errors) < 0.013  # of the distance of the eyes; the forehead, which has no points, is the worst
    assert np.percentile(errors, 95) < 0.04
    assert np.mean(depths) < 0.035
    assert np.mean(turns) < 1.5


def test_irises_are_in_the_middle_of_their_eyes(meshes):
    made = complete(meshes[0][MESH68, :2])
    for iris, lids in ((slice(468, 473), LEFT_EYE), (slice(473, 478), RIGHT_EYE)):
        np.testing.assert_allclose(made[iris].mean(0), made[lids].mean(0), atol=1e-6)


@pytest.mark.parametrize("yaw", [-85, -50, 0, 30, 75])
def test_the_pose_of_exact_points_is_found(yaw):
    angle = np.radians(yaw)
    about_y = np.array([[np.cos(angle), 0, -np.sin(angle)], [0, 1, 0], [np.sin(angle), 0, np.cos(angle)]])
    about_x = np.array([[1, 0, 0], [0, np.cos(0.3), -np.sin(0.3)], [0, np.sin(0.3), np.cos(0.3)]])
    turn = about_x @ about_y
    points = (80 * canonical_mesh() @ turn.T)[:, :2] + [300, 200]
    scale, rotation, shift = fit_orthographic(canonical_mesh()[MESH68], points[MESH68], np.ones(68))
    assert scale == pytest.approx(80)
    np.testing.assert_allclose(rotation, turn, atol=1e-6)
    np.testing.assert_allclose(shift, [300, 200], atol=1e-4)
    np.testing.assert_allclose(complete(points[MESH68])[:468, :2], points[:468], atol=0.5)


def test_points_in_one_place_are_no_face():
    with pytest.raises(ValueError, match="one place"):
        complete(np.full((68, 2), 7.0))


def test_landmark_models_by_name():
    mesh = open_landmarker()
    assert isinstance(mesh, FaceMesh)
    assert mesh.id == "facemesh478"
    with pytest.raises(UsageError, match=r'no landmark model "dlib".*mesh, fan'):
        open_landmarker("dlib")
    with pytest.raises(UsageError, match="belong to"):
        open_landmarker("mesh", Path("weights.pth"))


def test_without_the_package(monkeypatch):
    monkeypatch.setitem(sys.modules, "face_alignment", None)  # what an import of a missing package finds
    monkeypatch.delitem(sys.modules, "face_alignment.models", raising=False)
    with pytest.raises(UsageError, match=r"needs the package face-alignment.*pip install"):
        open_landmarker("fan")


def test_without_the_weights(monkeypatch, tmp_path):
    monkeypatch.setattr(torch.hub, "_hub_dir", None)
    monkeypatch.setenv("TORCH_HOME", str(tmp_path))
    place = tmp_path / "hub" / "checkpoints" / FILE
    with pytest.raises(UsageError, match="are not at") as caught:
        weights_path()
    assert str(place) in str(caught.value)
    assert not place.parent.exists()
    with pytest.raises(UsageError, match="There are no FAN weights at"):
        weights_path(tmp_path / "none.pth")
    place.parent.mkdir(parents=True)
    place.write_bytes(b"x")
    assert weights_path() == place


def test_damaged_weights_are_named(tmp_path):
    file = tmp_path / FILE
    file.write_bytes(b"not what it should be")
    with pytest.raises(BackendError, match=rf"damaged.*{SHA256}.*download it again") as caught:
        read_weights(file)
    assert str(file) in str(caught.value)
    digits = hashlib.sha256(file.read_bytes()).hexdigest()
    assert read_weights(file, digits[:10]) == b"not what it should be"


@pytest.fixture(scope="module")
def chance(tmp_path_factory) -> tuple[Path, str]:
    """A file with weights of chance for the real network, and its hash."""
    models = pytest.importorskip("face_alignment.models", reason="the extra fan is not installed")
    file = tmp_path_factory.mktemp("fan") / FILE
    torch.manual_seed(3)
    torch.save(models.FAN(4).state_dict(), file)
    return file, hashlib.sha256(file.read_bytes()).hexdigest()


@pytest.fixture(scope="module")
def fan(chance) -> Fan:
    file, digits = chance
    return Fan(file, device="cpu", sha256=digits[:10])


def test_the_weights_of_chance_are_refused(chance):
    with pytest.raises(BackendError, match="damaged"):
        open_landmarker("fan", chance[0])


def test_weights_of_another_network_are_refused(tmp_path, chance):
    for content in ({"conv1.weight": torch.zeros(3)}, [1, 2]):
        file = tmp_path / "other.pth"
        torch.save(content, file)
        with pytest.raises(BackendError, match="do not fit"):
            Fan(file, device="cpu", sha256=hashlib.sha256(file.read_bytes()).hexdigest())
    file.write_bytes(b"no pickle")
    with pytest.raises(BackendError, match="do not fit"):
        Fan(file, device="cpu", sha256=hashlib.sha256(b"no pickle").hexdigest())


@pytest.mark.slow
def test_faces_of_one_batch_do_not_change_each_other(fan, pictures, meshes):
    image = pictures("plate_A", 1, 1)[0]
    near = roi_of_landmarks(meshes[0])
    rois = [near, Roi(near.x + 30, near.y, near.side, 0.4)]
    assert fan.id == "fan68"
    points, scores = fan.landmarks(image, rois)
    assert points.shape == (2, 478, 3)
    assert ((scores >= 0) & (scores <= 1)).all()
    alone = np.concatenate([fan.points68(image, [roi])[0] for roi in rois])
    np.testing.assert_allclose(points[:, MESH68, :2], alone, atol=0.2)
    assert fan.settle(image, [])[0].shape == (0, 478, 3)


@pytest.mark.slow
def test_heatmaps_are_those_of_the_package(fan, pictures, meshes):
    """Its network on its mirrored crops, its decoding to the quarter of a cell that it rounds to."""
    utils = pytest.importorskip("face_alignment.utils")
    crop = sample(pictures("plate_A", 1, 1)[0], roi_to_image(roi_of_landmarks(meshes[0]), CROP), CROP)
    batch = torch.from_numpy(crop.transpose(2, 0, 1)[None].astype(np.float32) / 255)
    with torch.inference_mode():
        theirs = fan._network(batch)[-1] + utils.flip(fan._network(utils.flip(batch))[-1], is_label=True)
    ours = fan._heatmaps([crop])
    np.testing.assert_allclose(ours, theirs.numpy() / 2, atol=1e-5)

    points = np.random.default_rng(4).uniform(4, 60, (68, 2))
    maps = gaussians(points)[None]
    rounded, _, _ = utils.get_preds_fromhm(maps)
    assert np.abs(decode(maps)[0] - rounded).max() < 0.26


def test_crops_are_those_of_the_package(pictures, meshes):
    """The square of the 68 points that FAN learned on, in pixels of the picture."""
    utils = pytest.importorskip("face_alignment.utils")
    image = pictures("plate_A", 60, 60)[0]
    face = canonical_mesh() * 70 + [190, 200, 0]
    low, high = face[MESH68, :2].min(0), face[MESH68, :2].max(0)
    centre = (low + high) / 2 - [0, (high - low)[1] * utils.CENTER_Y_OFFSET]
    scale = (high - low).sum() / utils.REFERENCE_SCALE
    roi = roi_of_landmarks(face)
    side = roi.side * WIDER
    assert side == pytest.approx(scale * utils.SCALE_FACTOR, rel=0.02)
    np.testing.assert_allclose([roi.x, roi.y], centre, atol=0.02 * side)
    theirs = utils.crop(image, centre, scale)
    same = Roi(*centre, scale * utils.SCALE_FACTOR, 0.0)
    ours = sample(image, roi_to_image(same, CROP), CROP)
    assert np.abs(ours.astype(float) - theirs).mean() < 4  # it rounds the square to whole pixels
