"""What the landmarks of a face tell about mouth and eyes: plain geometry, no model, no emotion. Pure."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Landmarks = NDArray[np.float64]
"""Shape (478, 3), pixels of the picture; z grows away from the camera. Numbering: mediapipe's face mesh."""

# "Right" is the person's own right, on the left of the picture.
_RIGHT_EYE = (33, 133)
_LEFT_EYE = (362, 263)
_RIGHT_LIDS = (159, 145)
_LEFT_LIDS = (386, 374)
_RIGHT_IRIS, _LEFT_IRIS = 468, 473
_MOUTH_CORNERS = (61, 291)
_LIPS = (13, 14)
_CHEEKS = (234, 454)
_FOREHEAD, _CHIN = 10, 152

_SMILE_WIDTH = 0.62
"""Distance of the mouth's corners over that of the outer eye corners: about 0.55 at rest, 0.70 in a smile."""
_SMILE_LIFT = 0.03
"""Height of the mouth's corners over its middle, in the same unit: about 0 at rest, 0.07 in a smile."""
_EYE_LENGTH_IN_RADII = 2.6
"""Length of an opened eye (about 31 mm) over the radius on which the iris turns (about 12 mm)."""
_SCREEN_YAW_DEG = 20.0
_SCREEN_PITCH_DEG = (-25.0, 35.0)
"""Up and down; a screen lies below its camera, and the mesh's own axis leans 10 degrees down."""
_TURNED_DEG = 35.0
_CLOSED_EYE = 0.12
_SMALLEST_MOUTH_PX, _SMALLEST_EYES_PX = 16.0, 24.0


def smile_like(face: Landmarks) -> bool | None:
    """Whether the mouth is drawn wide with its corners up; None when the face is too small or turned away."""
    unit = _distance(face, (_RIGHT_EYE[0], _LEFT_EYE[1]))
    yaw_deg, _ = head_angles_deg(face)
    if unit < _SMALLEST_MOUTH_PX or abs(yaw_deg) > _TURNED_DEG:
        return None
    upwards = face[_FOREHEAD] - face[_CHIN]
    upwards /= np.linalg.norm(upwards)
    lift = float(np.dot(face[list(_MOUTH_CORNERS)].mean(axis=0) - face[list(_LIPS)].mean(axis=0), upwards))
    return _distance(face, _MOUTH_CORNERS) / unit > _SMILE_WIDTH and lift / unit > _SMILE_LIFT


def eyes_towards_screen(face: Landmarks) -> bool | None:
    """Whether head and irises together point at the camera's surroundings; None when the eyes cannot be seen."""
    if _distance(face, (_RIGHT_EYE[0], _LEFT_EYE[1])) < _SMALLEST_EYES_PX:
        return None
    opened = [
        _distance(face, _RIGHT_LIDS) / _distance(face, _RIGHT_EYE),
        _distance(face, _LEFT_LIDS) / _distance(face, _LEFT_EYE),
    ]
    if min(opened) < _CLOSED_EYE:
        return None
    yaw_deg, pitch_deg = head_angles_deg(face)
    shift = (_iris_position(face, _RIGHT_IRIS, _RIGHT_EYE) + _iris_position(face, _LEFT_IRIS, _LEFT_EYE)) / 2 - 0.5
    eyes_deg = float(np.degrees(np.arcsin(np.clip(shift * _EYE_LENGTH_IN_RADII, -1, 1))))
    upper, lower = _SCREEN_PITCH_DEG
    return abs(yaw_deg + eyes_deg) < _SCREEN_YAW_DEG and upper < pitch_deg < lower


def head_angles_deg(face: Landmarks) -> tuple[float, float]:
    """Where the face points: (yaw towards the picture's right, pitch downwards), degrees from the camera's axis."""
    across, down = face[_CHEEKS[1]] - face[_CHEEKS[0]], face[_CHIN] - face[_FOREHEAD]
    x, y, z = -np.cross(across, down)
    return float(np.degrees(np.arctan2(x, -z))), float(np.degrees(np.arctan2(y, np.hypot(x, z))))


def _iris_position(face: Landmarks, iris: int, corners: tuple[int, int]) -> float:
    """Where between the eye's corners the iris stands: 0 at the one on the picture's left, 1 at the other."""
    eye = face[corners[1]] - face[corners[0]]
    return float(np.dot(face[iris] - face[corners[0]], eye) / np.dot(eye, eye))


def _distance(face: Landmarks, points: tuple[int, int]) -> float:
    return float(np.linalg.norm(face[points[0]] - face[points[1]]))
