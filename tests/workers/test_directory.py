"""What a worker concludes from what it sees of the others; no process, no clock."""

from __future__ import annotations

from collections import Counter

from server.workers.directory import MISSED, SHOWS_AFTER, Directory, Heartbeat

OWN, OTHER, THIRD = "0.0", "1.0", "2.0"


def beats(*interviews: int, cpu: tuple[float, ...] = (0.0, 0.0, 0.0)) -> list[Heartbeat]:
    return [Heartbeat(f"{n}.0", count, cpu[n]) for n, count in enumerate(interviews)]


def test_alone_it_takes_everything() -> None:
    directory = Directory(OWN)
    assert directory.least_loaded() == OWN
    assert directory.by_hash("a") == OWN


def test_the_least_loaded_takes_one_more_and_counts_for_it_at_once() -> None:
    directory = Directory(OWN)
    directory.refresh(beats(2, 1, 1, cpu=(0.0, 0.5, 0.2)), {})
    assert directory.least_loaded() == THIRD
    directory.claimed("a", THIRD)
    assert directory.least_loaded() == OTHER
    directory.claimed("b", OTHER)
    assert directory.least_loaded() == OWN
    # The heartbeats may be older than the claims.
    directory.refresh(beats(2, 1, 1, cpu=(0.0, 0.5, 0.2)), {"a": THIRD, "b": OTHER})
    assert directory.least_loaded() == OWN
    for _ in range(SHOWS_AFTER):
        directory.refresh(beats(2, 1, 1, cpu=(0.0, 0.5, 0.2)), {"a": THIRD, "b": OTHER})
    assert directory.least_loaded() == THIRD


def test_what_others_have_claimed_counts_too() -> None:
    directory = Directory(OWN)
    directory.refresh(beats(1, 0), {})
    directory.refresh(beats(1, 0), {"a": OTHER, "b": OTHER})
    assert directory.least_loaded() == OWN


def test_a_burst_between_two_refreshes_is_spread_evenly() -> None:
    directory = Directory(OWN)
    directory.refresh(beats(0, 0, 0), {})
    taken: Counter[str] = Counter()
    for number in range(24):
        worker = directory.least_loaded()
        directory.claimed(f"i{number}", worker)
        taken[worker] += 1
    assert taken == {OWN: 8, OTHER: 8, THIRD: 8}


def test_one_that_drains_is_passed_over_unless_all_do() -> None:
    directory = Directory(OWN)
    directory.refresh([Heartbeat(OWN, 5), Heartbeat(OTHER, 0, draining=True)], {})
    assert directory.least_loaded() == OWN
    directory.refresh([Heartbeat(OWN, 5, draining=True), Heartbeat(OTHER, 0, draining=True)], {})
    assert directory.least_loaded() == OTHER


def test_one_that_is_full_is_passed_over_unless_all_are() -> None:
    directory = Directory(OWN)
    directory.refresh([Heartbeat(OWN, 0, full=True), Heartbeat(OTHER, 5), Heartbeat(THIRD, 0, draining=True)], {})
    assert directory.least_loaded() == OTHER
    assert directory.others_have_room()
    directory.refresh([Heartbeat(OWN, 0, full=True), Heartbeat(OTHER, 5, full=True)], {})
    assert directory.least_loaded() == OWN
    assert not directory.others_have_room()


def test_a_worker_is_given_up_after_some_missed_heartbeats_and_welcome_again() -> None:
    directory = Directory(OWN)
    directory.refresh(beats(0, 0), {"a": OTHER})
    for _ in range(MISSED - 1):
        directory.refresh(beats(0), {"a": OTHER})
    assert directory.owner_of("a") == OTHER
    directory.refresh(beats(0), {"a": OTHER})
    assert directory.gone(OTHER)
    assert directory.owner_of("a") is None
    assert directory.least_loaded() == OWN
    directory.refresh(beats(3, 0), {"a": OTHER})
    assert directory.owner_of("a") == OTHER
    assert directory.least_loaded() == OTHER


def test_a_dead_worker_stays_dead() -> None:
    directory = Directory(OWN)
    directory.refresh(beats(3, 0), {"a": OTHER})
    directory.died(OTHER)
    # Its heartbeat lives on in Redis for a moment.
    directory.refresh(beats(3, 0), {"a": OTHER})
    assert directory.owner_of("a") is None
    assert directory.least_loaded() == OWN


def test_an_unknown_worker_may_just_have_started() -> None:
    directory = Directory(OWN)
    directory.claimed("a", "7.3")
    assert directory.owner_of("a") == "7.3"


def test_a_redis_that_restarted_empty_makes_nobody_forget() -> None:
    directory = Directory(OWN)
    directory.refresh(beats(0, 0), {"a": OTHER})
    for _ in range(MISSED - 1):
        directory.refresh([], {})
        assert directory.owner_of("a") == OTHER
    directory.refresh(beats(0, 0), {"a": OTHER})
    assert directory.owner_of("a") == OTHER


def test_an_entry_given_back_is_forgotten() -> None:
    directory = Directory(OWN)
    directory.refresh(beats(0, 0), {"a": OTHER})
    for _ in range(MISSED):
        directory.refresh(beats(0, 0), {})
    assert directory.owner_of("a") is None


def test_without_redis_all_choose_the_same_worker() -> None:
    views = [Directory(own) for own in (OWN, OTHER, THIRD)]
    for view in views:
        view.refresh(beats(0, 5, 9), {})
    chosen: Counter[str] = Counter()
    for number in range(300):
        choices = {view.by_hash(f"interview {number}") for view in views}
        assert len(choices) == 1
        chosen.update(choices)
    assert min(chosen[worker] for worker in (OWN, OTHER, THIRD)) > 60
