"""How two people's faces differ in shape, whatever they do: measured on portraits of both.

Points are 478×3 in parts of the side of a square picture from its upper left corner, as portraits have them.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml_backend.faces.canonical import canonical_mesh
from ml_backend.faces.expression import calm, measure_expression
from ml_backend.faces.geometry import fit_similarity, similarity_matrix, transform
from ml_backend.faces.mesh_surface import POINTS
from ml_backend.faces.regions import RIGID

TRUSTED = 0.5  # how much the people's shapes count beside what the network makes: each errs in its own way
ROUNDS = 4  # after which a shape no longer changes

Shape = NDArray[np.float64]


@dataclass(frozen=True)
class Difference:
    """performer: the shape of their face; apart: from there to the identity's. Both 478×3, in the pose and at the size
    of the canonical face."""

    performer: Shape
    apart: Shape

    @classmethod
    def of(cls, performer: NDArray[np.float32], identity: NDArray[np.float32]) -> "Difference":
        """From the points of portraits, N×478×3 and M×478×3."""
        shape = person_shape(performer)
        return cls(shape, person_shape(identity) - shape)

    def beside(self, points: NDArray[np.float32], made: NDArray[np.float32]) -> NDArray[np.float32]:
        """478×3: from the performer's points to those of the identity's face that does the same.

        made: where the points of made faces usually lie beside the performer's. All of the face's place, size and turn
        in the picture comes from there, since a shape does not tell them, and `TRUSTED` of the rest from the shapes.
        """
        scale, rotation, _ = fit_similarity(self.performer[RIGID], points[RIGID].astype(np.float64))
        own = points + scale * self.apart @ rotation.T
        to_made = similarity_matrix(own[:POINTS, :2], (points + made)[:POINTS, :2].astype(np.float64))
        beside = made.copy()
        beside[:, :2] = made[:, :2] + TRUSTED * (transform(own[:, :2], to_made) - points[:, :2] - made[:, :2])
        return beside


def person_shape(points: NDArray[np.float32]) -> Shape:
    """478×3: the face of a person at rest, in the pose and at the size of the canonical face, from N×478×3 points.

    Each face is laid on the shape by what does not move with expression, and the shape is their median.
    """
    faces = points.astype(np.float64)
    mouths = np.array([measure_expression(face).mouth for face in faces])
    faces = faces[calm(mouths)]
    shape = canonical_mesh()
    for _ in range(ROUNDS):
        shape = _laid_on(canonical_mesh(), np.median([_laid_on(shape, face) for face in faces], axis=0))
    return shape


def _laid_on(shape: Shape, face: Shape) -> Shape:
    """The face, moved, turned and scaled so that what does not move with expression lies on the shape's."""
    scale, rotation, shift = fit_similarity(face[RIGID], shape[RIGID])
    return np.asarray(scale * face @ rotation.T + shift, np.float64)
