"""Movements of a real face (a smiling astronaut's public-domain portrait), and what happens when the process fails."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray
from skimage.data import astronaut
from skimage.transform import PiecewiseAffineTransform, resize, warp

from analyzers.expression import ExpressionAnalyzer, FaceSample, summarise
from analyzers.face_geometry import eyes_towards_screen, head_angles_deg, smile_like
from analyzers.results import Observation, ObservationKind
from media.frames import VideoFrame
from server.interview.commands import GiveConsent, Start, StartAnswer
from server.interview.events import Purpose
from server.live.messages import Signal
from tests.interview.houses import house
from tests.live.viewers import watching

Picture = NDArray[np.uint8]

# skimage is not typed.
_astronaut: Any = astronaut
_resize: Any = resize
_warp: Any = warp
_affine: Any = PiecewiseAffineTransform

# The portrait's face: the mouth's corners and lips, where they are at rest, and places that keep still.
MOUTH = ((202, 140), (245, 141), (223, 143), (223, 150))
MOUTH_AT_REST = ((208, 148), (239, 149), (223, 144), (223, 149))
STILL = ((195, 101), (256, 104), (223, 128), (180, 130), (265, 130), (221, 180), (180, 90), (265, 90), (222, 60))


@pytest.fixture(scope="module")
def portrait() -> Picture:
    picture: Picture = _astronaut()
    return picture


def at_rest(portrait: Picture) -> Picture:
    """The portrait with the corners of its mouth moved inwards and down: no smile any more."""
    height, width = portrait.shape[:2]
    around = [(x, y) for x in (0, 150, 300, width - 1) for y in (0, 40, 230, height - 1)]
    now, wanted = np.array([*around, *STILL, *MOUTH], float), np.array([*around, *STILL, *MOUTH_AT_REST], float)
    return np.asarray(_warp(portrait, _affine.from_estimate(wanted, now)) * 255, np.uint8)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def analyzer() -> AsyncIterator[ExpressionAnalyzer]:
    async with ExpressionAnalyzer() as running:
        yield running


on_module_loop = pytest.mark.asyncio(loop_scope="module")


@on_module_loop
async def test_a_smile_towards_the_camera(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    assert await analyzer.analyse(VideoFrame(portrait, 1_000)) == FaceSample(1_000, True, False, True, True)


@on_module_loop
async def test_the_mirrored_face_is_no_other(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    assert await analyzer.analyse(VideoFrame(portrait[:, ::-1], 2)) == FaceSample(2, True, False, True, True)


@on_module_loop
async def test_a_mouth_at_rest_is_no_smile(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    sample = await analyzer.analyse(VideoFrame(at_rest(portrait), 1_000))
    assert (sample.face_present, sample.smile_like) == (True, False)


@on_module_loop
async def test_two_faces(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    face = portrait[:260, 100:360]
    sample = await analyzer.analyse(VideoFrame(np.hstack([face, face[:, ::-1]]), 1_000))
    assert (sample.face_present, sample.second_face) == (True, True)


@on_module_loop
async def test_hr_learns_of_a_second_face_where_the_candidate_lets_their_face_be_looked_at(
    analyzer: ExpressionAnalyzer, portrait: Picture, tmp_path: Path
) -> None:
    face = portrait[:260, 100:360]
    one, two = face, np.hstack([face, face[:, ::-1]])
    async with house(tmp_path, expression=analyzer) as home:
        for allowed in (True, False):
            session = await home.interviews.get(await home.invite(law="US-NY"))
            await session.execute(GiveConsent({**dict.fromkeys(session.purposes, True), Purpose.EXPRESSION: allowed}))
            await session.execute(Start())
            question_id = session.state.question_id
            assert question_id is not None
            async with watching(home.hub.follow(session.interview_id)) as viewer:
                await session.execute(StartAnswer(question_id))
                for number, picture in enumerate([one, two, two, two, one, one, one, one, one]):
                    await session._watching.see(VideoFrame(picture, number * 1000))
                await session._journal.signal("seen", {})
                await viewer.until(lambda: "seen" in [type_ for type_, _ in viewer.signals])
                faces = [m.data for m in viewer.seen if isinstance(m, Signal) and m.type == "faces"]
            told = [(data["question_id"], data["second_face"], data["since"] is not None) for data in faces]
            assert told == ([(question_id, True, True), (question_id, False, False)] if allowed else [])


@on_module_loop
async def test_nobody(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    empty = portrait[300:, :200]
    assert await analyzer.analyse(VideoFrame(empty, 7)) == FaceSample(7, face_present=False, second_face=False)


@on_module_loop
async def test_in_the_dark_nothing_is_concluded(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    assert await analyzer.analyse(VideoFrame(np.zeros_like(portrait), 7)) == FaceSample(7)
    dim = await analyzer.analyse(VideoFrame((portrait * 0.05).astype(np.uint8), 8))
    assert (dim.smile_like, dim.eyes_towards_screen) == (None, None)


@on_module_loop
async def test_a_face_too_small_for_its_eyes(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    small = np.asarray(_resize(portrait, (128, 128)) * 255, np.uint8)
    sample = await analyzer.analyse(VideoFrame(small, 7))
    assert (sample.face_present, sample.eyes_towards_screen) == (True, None)


@on_module_loop
async def test_a_killed_process_costs_one_picture(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    await analyzer.analyse(VideoFrame(portrait, 0))
    failures, killed = analyzer.failures, analyzer.process_id
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert await analyzer.analyse(VideoFrame(portrait, 1)) == FaceSample(1)
    assert (await analyzer.analyse(VideoFrame(portrait, 2))).face_present is True
    assert analyzer.failures == failures + 1
    assert analyzer.process_id != killed


@on_module_loop
async def test_a_picture_that_breaks_the_process_costs_only_itself(
    analyzer: ExpressionAnalyzer, portrait: Picture
) -> None:
    broken: Any = np.zeros((5, 5), np.uint8)
    assert await analyzer.analyse(VideoFrame(broken, 1)) == FaceSample(1)
    assert (await analyzer.analyse(VideoFrame(portrait, 2))).face_present is True


async def test_a_hanging_process_is_given_up_and_replaced(portrait: Picture) -> None:
    async with ExpressionAnalyzer(answer_s=1.0) as analyzer:
        await analyzer.analyse(VideoFrame(portrait, 0))
        assert analyzer.process_id is not None
        os.kill(analyzer.process_id, signal.SIGSTOP)
        assert await analyzer.analyse(VideoFrame(portrait, 1)) == FaceSample(1)
        assert (await analyzer.analyse(VideoFrame(portrait, 2))).face_present is True
        assert analyzer.failures == 1


async def test_too_many_pictures_at_once_are_dropped_and_counted_and_closing_answers_all(portrait: Picture) -> None:
    async with ExpressionAnalyzer() as analyzer:
        asked = [asyncio.create_task(analyzer.analyse(VideoFrame(portrait, number))) for number in range(10)]
        await asyncio.sleep(0)
    samples = await asyncio.gather(*asked)
    assert samples == [FaceSample(number) for number in range(10)]
    assert analyzer.dropped == 2
    assert analyzer.process_id is None


@on_module_loop
async def test_who_goes_away_does_not_get_anothers_answer(analyzer: ExpressionAnalyzer, portrait: Picture) -> None:
    gone = asyncio.create_task(analyzer.analyse(VideoFrame(np.zeros_like(portrait), 1)))
    await asyncio.sleep(0)
    gone.cancel()
    sample = await analyzer.analyse(VideoFrame(portrait, 2))
    assert (sample.at_ms, sample.face_present) == (2, True)


def test_the_server_itself_never_loads_mediapipe() -> None:
    script = "import sys, analyzers.expression; sys.exit('mediapipe' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


def canonical_face(*, yaw_deg: float = 0, pitch_deg: float = 0, iris_shift: float = 0, size: float = 10.0) -> Any:
    """The landmarks that matter of an average face at rest (centimetres × size), turned and looking aside.

    yaw_deg turns it to the picture's right, pitch_deg downwards; iris_shift moves the irises to the picture's
    right by that part of an eye's length.
    """
    face = np.zeros((478, 3))
    points = {33: (-4.4, -2.6, 0), 133: (-1.9, -2.5, 0), 362: (1.9, -2.5, 0), 263: (4.4, -2.6, 0)}
    points |= {159: (-3.1, -3.0, 0), 145: (-3.1, -2.2, 0), 386: (3.1, -3.0, 0), 374: (3.1, -2.2, 0)}
    points |= {468: (-3.15 + 2.5 * iris_shift, -2.55, 0), 473: (3.15 + 2.5 * iris_shift, -2.55, 0)}
    points |= {61: (-2.45, 4.3, 0), 291: (2.45, 4.3, 0), 13: (0, 4.1, 0), 14: (0, 4.4, 0)}
    points |= {234: (-7.5, 0, 5), 454: (7.5, 0, 5), 10: (0, -8, 0), 152: (0, 8, 0)}
    for number, point in points.items():
        face[number] = point
    yaw, pitch = np.radians(-yaw_deg), np.radians(pitch_deg)
    turn = np.array([[np.cos(yaw), 0, np.sin(yaw)], [0, 1, 0], [-np.sin(yaw), 0, np.cos(yaw)]])
    nod = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    return face @ (turn @ nod).T * size


@pytest.mark.parametrize(("yaw_deg", "pitch_deg"), [(0, 0), (25, 0), (-25, 0), (0, 20), (0, -20)])
def test_head_angles(yaw_deg: float, pitch_deg: float) -> None:
    assert head_angles_deg(canonical_face(yaw_deg=yaw_deg, pitch_deg=pitch_deg)) == pytest.approx(
        (yaw_deg, pitch_deg), abs=1
    )


@pytest.mark.parametrize(
    ("face", "towards"),
    [
        (canonical_face(), True),
        (canonical_face(yaw_deg=30), False),
        (canonical_face(yaw_deg=30, iris_shift=-0.19), True),
        (canonical_face(yaw_deg=-30, iris_shift=0.19), True),
        (canonical_face(iris_shift=0.25), False),
        (canonical_face(iris_shift=-0.25), False),
        (canonical_face(pitch_deg=45), False),
        (canonical_face(size=1), None),
    ],
)
def test_eyes_and_head_together_point_somewhere(face: Any, towards: bool | None) -> None:
    assert eyes_towards_screen(face) is towards


def test_closed_eyes_look_nowhere() -> None:
    face = canonical_face()
    face[[159, 386], 1] = face[[145, 374], 1] - 1
    assert eyes_towards_screen(face) is None


def test_a_face_turned_away_shows_no_smile_and_no_lack_of_one() -> None:
    assert smile_like(canonical_face()) is False
    assert smile_like(canonical_face(yaw_deg=40)) is None
    assert smile_like(canonical_face(size=1)) is None


def test_shares_are_over_what_could_be_measured() -> None:
    samples = [
        FaceSample(1_000, True, False, True, True),
        FaceSample(2_000, True, False, None, False),
        FaceSample(3_000, False, False, None, None),
        FaceSample(4_000),
        FaceSample(9_000, True, True, True, True),
    ]
    assert summarise(samples, 1_000, 4_000) == (
        Observation(ObservationKind.FACE_PRESENT, 0.667, 0.75, 4, 1_000, 4_000),
        Observation(ObservationKind.SECOND_FACE, 0.0, 0.75, 4, 1_000, 4_000),
        Observation(ObservationKind.SMILE_LIKE_MOUTH_MOVEMENT, 1.0, 0.25, 4, 1_000, 4_000),
        Observation(ObservationKind.EYES_TOWARDS_SCREEN, 0.5, 0.5, 4, 1_000, 4_000),
    )


def test_no_samples_are_no_share() -> None:
    assert {(seen.share, seen.coverage, seen.samples) for seen in summarise([], 0, 5)} == {(None, 0.0, 0)}
