"""Fairness, priorities, cancellation, overload, a broken engine: by a clock turned by hand, nothing sleeps."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analyzers.transcription.decoding import DecodedSpeech, RecognitionError
from analyzers.transcription.dispatcher import Decode, EngineStatus, LoadEngine, SchedulerSettings, Wait
from tests.analyzers.transcription.jobs import FINAL, PARTIAL, PROVISIONAL, WORDS, Bench


@pytest.fixture
def bench() -> Bench:
    bench = Bench()
    bench.available()
    return bench


def test_finals_go_before_partials_and_in_their_order(bench: Bench) -> None:
    bench.push("anna partial", PARTIAL)
    bench.push("ben final", FINAL, seconds=5)
    bench.push("cao final", FINAL)
    assert [bench.decode(), bench.decode()] == [["ben final"], ["cao final"]]
    bench.now += 0.01
    assert bench.decode() == ["anna partial"]


def test_what_can_be_decoded_together_is(bench: Bench) -> None:
    bench.push("anna final", FINAL)
    bench.push("ben final", FINAL, seconds=5)
    bench.push("cao final", FINAL)
    assert bench.decode() == ["anna final", "cao final"]
    assert bench.decode() == ["ben final"]


def test_a_batch_has_a_bound() -> None:
    bench = Bench(SchedulerSettings(most_batch=3))
    bench.available()
    for number in range(7):
        bench.push(f"owner{number} final", FINAL)
    assert [len(bench.decode()) for _ in range(3)] == [3, 3, 1]


def test_a_lone_partial_waits_for_company_and_a_final_does_not(bench: Bench) -> None:
    bench.push("anna partial", PARTIAL)
    action = bench.next()
    assert isinstance(action, Wait)
    assert action.until == pytest.approx(bench.now + 0.01)
    bench.push("ben final", FINAL)
    assert bench.decode() == ["ben final"]


def test_of_an_owner_only_the_latest_partial_waits_in_the_place_of_the_first(bench: Bench) -> None:
    bench.push("anna 1", PARTIAL)
    bench.push("ben 1", PARTIAL, seconds=5)
    bench.push("anna 2", PARTIAL)
    assert bench.outcomes == {"anna 1": None}
    assert bench.dispatcher.measured.load.superseded == 1
    bench.now += 0.02
    assert [bench.decode(), bench.decode()] == [["anna 2"], ["ben 1"]]


def test_a_provisional_gives_way_when_its_speaker_goes_on_and_to_its_final(bench: Bench) -> None:
    bench.push("anna paused", PROVISIONAL)
    bench.push("anna on", PARTIAL)
    assert bench.outcomes == {"anna paused": None}
    bench.push("ben paused", PROVISIONAL)
    bench.push("ben final", FINAL)
    assert "ben paused" in bench.outcomes
    assert bench.decode() == ["ben final"]


def test_a_provisional_stays_when_the_next_utterance_begins(bench: Bench) -> None:
    """Its final may be waiting for just this decode."""
    bench.push("anna first", PROVISIONAL, number=1)
    bench.push("anna second", PARTIAL, number=2)
    assert bench.outcomes == {}
    assert bench.decode() == ["anna first"]


def test_partials_keep_a_share_under_a_flood_of_finals(bench: Bench) -> None:
    bench.push("anna partial", PARTIAL)
    rounds = []
    for number in range(12):
        bench.push(f"owner{number} final", FINAL)
        rounds += bench.decode()
    assert rounds.index("anna partial") == 4


def test_who_goes_away_costs_no_decode(bench: Bench) -> None:
    job = bench.push("anna final", FINAL)
    other = bench.push("ben partial", PARTIAL)
    bench.dispatcher.withdraw(job)
    bench.dispatcher.withdraw(other)
    action = bench.next()
    assert action == Wait(None)


def test_a_partial_that_waited_too_long_is_not_worth_showing(bench: Bench) -> None:
    bench.push("anna partial", PARTIAL)
    bench.now += 5.1
    assert isinstance(bench.next(), Wait)
    assert bench.outcomes == {"anna partial": None}
    assert bench.dispatcher.measured.load.shed == 1


def test_outcomes_say_how_long_they_waited_and_were_computed(bench: Bench) -> None:
    bench.push("anna final", FINAL)
    bench.now += 0.2
    bench.decode(after_s=0.3)
    outcome = bench.outcomes["anna final"]
    assert isinstance(outcome, DecodedSpeech)
    assert outcome.queued_ms == pytest.approx(200)
    assert outcome.compute_ms == pytest.approx(300)


def test_one_bad_utterance_fails_alone(bench: Bench) -> None:
    bench.push("anna final", FINAL)
    bench.push("ben final", FINAL)
    bench.begin()
    bench.dispatcher.decoded([RecognitionError("poison"), WORDS], bench.now)
    assert bench.failed("anna final")
    assert isinstance(bench.outcomes["ben final"], DecodedSpeech)
    assert bench.dispatcher.status is EngineStatus.AVAILABLE


def test_a_broken_engine_is_loaded_again_and_loses_no_final(bench: Bench) -> None:
    for owner in ("anna", "ben"):
        bench.push(f"{owner} final", FINAL)
    bench.push("cao partial", PARTIAL)
    assert bench.begin() == ["anna final", "ben final"]
    bench.push("dora final", FINAL)
    bench.dispatcher.broken("RuntimeError", bench.now)
    assert (bench.dispatcher.status, bench.dispatcher.reason) == (EngineStatus.FAILING, "RuntimeError")
    assert bench.outcomes == {"cao partial": None}
    assert bench.next() == Wait(bench.now + 0.5)
    bench.push("emil partial", PARTIAL)
    assert bench.outcomes["emil partial"] is None
    bench.now += 0.5
    assert isinstance(bench.next(), LoadEngine)
    assert bench.next() == Wait(None)
    bench.available()
    assert bench.decode() == ["anna final", "ben final", "dora final"]
    assert bench.dispatcher.status is EngineStatus.AVAILABLE


def test_an_engine_that_keeps_breaking_is_loaded_at_growing_intervals() -> None:
    bench = Bench(SchedulerSettings(longest_retry_s=3.0))
    pauses = []
    for _ in range(5):
        bench.dispatcher.broken("OSError", bench.now)
        action = bench.next()
        assert isinstance(action, Wait)
        assert action.until is not None
        pauses.append(action.until - bench.now)
        bench.now = action.until
        assert isinstance(bench.next(), LoadEngine)
    assert pauses == pytest.approx([0.5, 1.0, 2.0, 3.0, 3.0])


def test_an_utterance_that_breaks_the_engine_each_time_is_given_up(bench: Bench) -> None:
    bench.push("anna poison", FINAL)
    for _ in range(3):
        assert bench.begin() == ["anna poison"]
        bench.dispatcher.broken("RuntimeError", bench.now)
        bench.now += 30
        assert isinstance(bench.next(), LoadEngine)
        bench.available()
    assert bench.failed("anna poison")
    bench.push("ben final", FINAL)
    assert bench.decode() == ["ben final"]


def test_a_decode_that_hangs_is_given_up_and_its_final_decoded_again(bench: Bench) -> None:
    bench.push("anna final", FINAL)
    bench.begin()
    bench.now += 59
    assert bench.next() == Wait(bench.now + 1)
    bench.now += 1
    assert isinstance(bench.next(), Wait)
    assert (bench.dispatcher.status, bench.dispatcher.reason) == (EngineStatus.FAILING, "Hang")
    bench.now += 0.5
    assert isinstance(bench.next(), LoadEngine)
    bench.available()
    assert bench.decode() == ["anna final"]


def test_a_missing_model_is_tried_again_and_what_was_said_is_kept() -> None:
    bench = Bench()
    bench.dispatcher.unavailable("There is no folder.", bench.now)
    bench.push("anna final", FINAL)
    bench.push("anna partial", PARTIAL, number=2)
    assert bench.outcomes == {"anna partial": None}
    assert bench.next() == Wait(bench.now + 60)
    bench.now += 60
    assert isinstance(bench.next(), LoadEngine)
    bench.available()
    assert bench.decode() == ["anna final"]


def test_closing_fails_what_is_in_line(bench: Bench) -> None:
    bench.push("anna final", FINAL)
    bench.push("ben partial", PARTIAL)
    bench.dispatcher.close()
    assert bench.failed("anna final")
    assert bench.failed("ben partial")


def test_under_load_partials_come_slower_then_not_at_all_and_then_nobody_new_is_admitted() -> None:
    bench = Bench(SchedulerSettings(most_queue_wait_s=1.0, most_batch=1))
    bench.available()
    queue, measured = bench.dispatcher.queue, bench.dispatcher.measured
    cadences, admitted, shed_at = [], [], None
    for number in range(24):
        bench.push(f"owner{number} final", FINAL)
        bench.push(f"owner{number} later", PARTIAL, number=2)
        if number % 2:
            bench.decode(after_s=0.4)
        cadences.append(measured.cadence_ms(queue.oldest_partial_at(), bench.now))
        admitted.append(measured.admits(queue.oldest_at(), bench.now))
        if shed_at is None and measured.sheds_partials(queue.oldest_at(), bench.now):
            shed_at = number
    assert cadences[0] == 500
    assert cadences[-1] == 3000
    assert admitted[0]
    assert not admitted[-1]
    assert admitted == sorted(admitted, reverse=True)
    assert shed_at is not None
    assert shed_at > admitted.index(False)
    assert not any(bench.failed(name) for name in bench.outcomes)


def test_admission_begins_again_when_the_wait_has_halved(bench: Bench) -> None:
    measured = bench.dispatcher.measured
    for wait_s, admits in [(0.9, True), (1.1, False), (0.6, False), (0.4, True)]:
        bench.now += 60  # What was measured before is forgotten.
        measured.decoded([wait_s], 0.1, 2.0, whole=True, now=bench.now)
        assert measured.admits(None, bench.now) is admits


def test_a_line_that_stands_still_admits_nobody_though_nothing_was_measured(bench: Bench) -> None:
    bench.push("anna final", FINAL)
    bench.begin()
    bench.push("ben final", FINAL)
    bench.now += 1.1
    assert not bench.dispatcher.measured.admits(bench.dispatcher.queue.oldest_at(), bench.now)


steps = st.lists(
    st.one_of(
        st.tuples(st.just("push"), st.sampled_from("abc"), st.sampled_from([PARTIAL, PROVISIONAL, FINAL])),
        st.sampled_from(["decode", "break", "unavailable", "poison", "wait", "withdraw"]),
    ),
    max_size=60,
)


@given(steps)
def test_no_final_is_ever_lost_or_settled_twice(course: list[object]) -> None:
    """Whatever happens, each job that nobody gave up is settled once, and finals by words or an error."""
    bench = Bench()
    bench.available()
    pushed: list[str] = []
    given_up: set[str] = set()
    jobs = {}
    for number, step in enumerate(course):
        bench.now += 0.05
        action = bench.next() if not isinstance(step, tuple) and step in ("decode", "break", "poison") else None
        if isinstance(step, tuple):
            _, owner, stage = step
            name = f"{owner} {number} {stage.value}"
            jobs[name] = bench.push(name, stage, number=number // 7)
            pushed.append(name)
        elif step == "withdraw" and jobs:
            name = next(reversed(jobs))
            bench.dispatcher.withdraw(jobs[name])
            given_up.add(name)
        elif step == "wait":
            bench.now += 20
        elif isinstance(action, LoadEngine):
            if number % 3:
                bench.available()
            else:
                bench.dispatcher.unavailable("gone", bench.now)
        elif isinstance(action, Decode):
            if step == "break":
                bench.dispatcher.broken("RuntimeError", bench.now)
            else:
                outcome = RecognitionError("poison") if step == "poison" else WORDS
                bench.dispatcher.decoded([outcome] * len(action.jobs), bench.now)
    for _ in range(200):
        action = bench.next()
        if isinstance(action, Decode):
            bench.end(len(action.jobs))
        elif isinstance(action, LoadEngine):
            bench.available()
        elif action.until is None:
            break
        bench.now += 0.1 if not isinstance(action, Wait) or action.until is None else max(0.0, action.until - bench.now)
    missing = set(pushed) - set(bench.outcomes) - given_up
    assert missing == set()
    assert all(bench.outcomes[name] is not None for name in pushed if "final" in name and name in bench.outcomes)
