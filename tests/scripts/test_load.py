"""The load generator against a real server: candidates encoded before, over a bad line, and what it says of them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import yaml

from question_flows.loader import shipped_flows
from scripts.load_generator import __main__ as load
from scripts.load_generator.candidate import CandidateFigures
from scripts.load_generator.encoding import LOOP_S, MARGIN_S, face, is_key, room, speech
from scripts.load_generator.figures import percentiles, summary
from scripts.load_generator.invitations import NoInvitation, invite, links_in
from scripts.load_generator.line import LineFigures
from scripts.load_generator.tracks import EncodedFaceTrack, EncodedSpeechTrack, Lateness, Microphone
from scripts.local_server import ROOT
from tests.warm_server import WarmServer

EMAIL, PASSWORD = "load@example.com", "correct horse battery staple"
SHIPPED = ROOT / "question_flows" / "flows" / "customer_service.yaml"


@dataclass(frozen=True, slots=True)
class House:
    """A server with an account of HR's, and a flow `short` of one question."""

    url: str
    log: Path


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[House]:
    flows = tmp_path / "flows"
    flows.mkdir()
    flow = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    question = flow["questions"][0]
    asked = [one for one in flow["competencies"] if one["id"] == "problem_solving"]
    question["indicator_ids"] = [indicator["id"] for indicator in asked[0]["indicators"]]
    flow |= {"id": "short", "questions": [question], "competencies": [asked[0] | {"weight": 1.0}]}
    # What a bad line cost must not bring further questions, which the figures would count.
    flow["follow_ups"] = {"most": 0}
    (flows / "short.yaml").write_text(yaml.safe_dump(flow, allow_unicode=True), encoding="utf-8")
    log = tmp_path / "server.log"
    server = WarmServer(tmp_path / "data", settings={"flows_dir": str(flows)}, log=log)
    await server.start()
    try:
        assert server.welcome_link is not None
        form = {"email": EMAIL, "password": PASSWORD}
        async with aiohttp.ClientSession() as http, http.post(server.welcome_link, data=form) as response:
            assert response.status == 200
        yield House(server.url, log)
    finally:
        await server.stop()


async def loaded(monkeypatch: pytest.MonkeyPatch, house: House, *arguments: str) -> dict[str, Any]:
    """The figures of `scripts/load` with these arguments."""
    monkeypatch.setenv(load.PASSWORD, PASSWORD)
    options = load.parsed(["--url", house.url, "--hr-email", EMAIL, "--flow", "short", *arguments])
    return await load.run(options)


async def test_three_candidates_on_a_bad_line(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    figures = await loaded(
        monkeypatch, house, "--candidates", "3", "--minutes", "0", "--language", "en", "--per-second", "2",
        "--loss", "0.02", "--jitter-ms", "20", "--outage", "3@2", "--change-path", "8",
    )  # fmt: skip
    assert figures["errors"] == {}
    assert (figures["candidates"], figures["joined"], figures["completed"], figures["answers"]) == (3, 3, 3, 3)
    said = len(sample_answer().split())
    assert figures["words"]["said"] == 3 * said
    # Of some 12 s, 3 s were cut off, and a busy machine loses more; nothing was heard twice.
    assert 0.3 * 3 * said <= figures["words"]["heard"] <= 3 * said
    assert figures["line"]["lost"] >= 3
    assert figures["line"]["ice_restarts"] + figures["line"]["new_connections"] == figures["line"]["lost"]
    assert 0 < figures["line"]["back_ms"]["worst"] < 10_000
    assert figures["refused"]["count"] == 0
    # Under the load of other tests as well; on its own it is about 1 %.
    assert figures["sender"]["cpu_per_candidate"] < 0.25


async def test_links_from_a_file_and_a_link_that_is_used_up(
    monkeypatch: pytest.MonkeyPatch, house: House, tmp_path: Path
) -> None:
    links = await invite(house.url, EMAIL, PASSWORD, "short", ["en"])
    file = tmp_path / "links"
    file.write_text(f"# one\n{links[0]}\n\n{links[0]}\n")
    figures = await load.run(load.parsed(["--links", str(file), "--candidates", "2", "--minutes", "0", "--fps", "0"]))
    assert (figures["joined"], figures["completed"]) == (1, 1)
    assert figures["errors"] == {"the link: 410": 1}
    assert links[0] not in house.log.read_text()


async def test_a_wrong_password_and_a_flow_that_is_not_there(monkeypatch: pytest.MonkeyPatch, house: House) -> None:
    with pytest.raises(NoInvitation, match="sign-in was refused: 401"):
        await invite(house.url, EMAIL, "not this one at all", "short", ["en"])
    with pytest.raises(NoInvitation, match="'nothing' in en was refused"):
        await invite(house.url, EMAIL, PASSWORD, "nothing", ["en"])


def sample_answer() -> str:
    """What candidates say to the first question."""
    question = shipped_flows()["customer_service"].questions[0]
    return next(answers[0] for language, answers in question.sample_answers.items() if language.value == "en")


# What is sent.


def test_the_loop_has_a_key_frame_at_the_begin_of_every_second() -> None:
    frames = face(15)
    assert len(frames) == 15 * LOOP_S
    assert [index for index, frame in enumerate(frames) if is_key(frame)] == [15 * second for second in range(LOOP_S)]
    assert 300_000 <= sum(map(len, frames)) * 8 / LOOP_S <= 700_000


def test_speech_is_opus_of_twenty_milliseconds_and_is_encoded_once(monkeypatch: pytest.MonkeyPatch) -> None:
    first = speech("hello, it was simple.", "en")
    seconds = len(first) / 50
    assert 2 * MARGIN_S < seconds < 5
    assert 20_000 <= sum(map(len, first)) * 8 / seconds <= 36_000
    # The table of contents (RFC 6716, 3.1): one frame, mono, and the decoder agrees on its length.
    assert all(packet[0] & 0b111 == 0 for packet in first)

    def fail(samples: object) -> None:
        raise AssertionError("encoded again")

    monkeypatch.setattr("scripts.load_generator.encoding.opus", fail)
    assert speech("hello, it was simple.", "en") == first


async def test_packets_leave_at_their_time_with_their_times() -> None:
    lateness, microphone = Lateness(), Microphone(room())
    sound, face_track = EncodedSpeechTrack(microphone, lateness), EncodedFaceTrack(face(15), 15, lateness)
    saying = asyncio.create_task(microphone.say([b"one", b"two"]))
    await asyncio.sleep(0)
    loop = asyncio.get_running_loop()
    began = loop.time()
    heard = [await sound.recv() for _ in range(5)]
    assert 0.07 < loop.time() - began < 0.5
    assert [bytes(packet) for packet in heard[:2]] == [b"one", b"two"]
    assert bytes(heard[2]) in room()
    assert [packet.pts for packet in heard] == [0, 960, 1920, 2880, 3840]
    assert (await saying).first_sent >= began
    seen = [await face_track.recv() for _ in range(2)]
    assert [packet.pts for packet in seen] == [0, 6000]
    assert is_key(bytes(seen[0]))


async def test_what_is_said_goes_on_where_a_line_was_lost() -> None:
    microphone = Microphone(room())
    saying = asyncio.create_task(microphone.say([b"one", b"two", b"three"]))
    await asyncio.sleep(0)
    first, second = (EncodedSpeechTrack(microphone, Lateness()) for _ in range(2))
    assert bytes(await first.recv()) == b"one"
    first.stop()
    assert [bytes(await second.recv()) for _ in range(2)] == [b"two", b"three"]
    await asyncio.wait_for(saying, 1)


def test_lateness_by_share() -> None:
    lateness = Lateness()
    for late_ms in range(100):
        lateness.note(late_ms / 1000 + 0.0001)
    assert (lateness.percentile(0.5), lateness.percentile(0.99), lateness.percentile(1.0)) == (49, 98, 99)
    lateness.note(60.0)
    assert lateness.percentile(1.0) == Lateness.LONGEST_MS
    lateness.clear()
    assert lateness.percentile(0.99) == 0


# What is said of it.


def test_the_figures_of_all() -> None:
    good = CandidateFigures(joined=True, completed=True, words_said=10, words_heard=8, handed_in_ms=[10.0, 20.0])
    good.line = LineFigures(connect_ms=[100.0], refused_ms=[5.0], back_ms=[900.0], restarts=1)
    bad = CandidateFigures(refused_ms=[15.0], refused_without_retry_after=1, errors=["TimeoutError"])
    found = summary([good, bad])
    assert (found["candidates"], found["joined"], found["completed"], found["answers"]) == (2, 1, 1, 2)
    assert found["refused"] == {
        "count": 2, "without_retry_after": 1, "answered_ms": {"p50": 10.0, "p95": 14.5, "worst": 15.0},
    }  # fmt: skip
    assert found["words"] == {"said": 10, "heard": 8, "share": 0.8}
    assert found["line"] == {
        "lost": 1, "ice_restarts": 1, "new_connections": 0, "back_ms": {"p50": 900.0, "p95": 900.0, "worst": 900.0},
    }  # fmt: skip
    assert found["errors"] == {"TimeoutError": 1}
    assert percentiles([]) is None


# What is asked for.


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ("", "--links FILE or --hr-email ADDRESS"),
        ("--links x --candidates 201", "say --yes"),
        ("--links x --candidates 0", "numbers are positive"),
        ("--links x --loss 1.5", "a loss is below 1"),
        ("--links x --outage ten", "invalid"),
        ("--hr-email hr@example.com", "environment variable INTERVIEW_LOAD_PASSWORD"),
        ("--links x --url https://interviews.example.com --loss 0.02", "a server on this machine only"),
    ],
)
def test_what_cannot_be_done_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], arguments: str, sentence: str
) -> None:
    monkeypatch.delenv(load.PASSWORD, raising=False)
    with pytest.raises(SystemExit) as ended:
        load.parsed(arguments.split())
    assert ended.value.code == 2
    assert sentence in capsys.readouterr().err


def test_two_hundred_and_one_can_be_meant() -> None:
    options = load.parsed(["--links", "x", "--candidates", "201", "--yes", "--outage", "10@60"])
    assert (options.candidates, options.outage) == (201, [(60.0, 10.0)])


def test_a_file_without_links(tmp_path: Path) -> None:
    file = tmp_path / "links"
    with pytest.raises(NoInvitation, match="cannot be read"):
        links_in(file)
    file.write_text("ftp://nothing\n")
    with pytest.raises(NoInvitation, match="is no link"):
        links_in(file)
