"""A candidate's own words about when an interview suits become times, or are refused: nothing is guessed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.errors import UserError
from server.mail.availability import choose
from server.mail.stated_times import HORIZON_DAYS, Stated, stated_times

NOW = datetime(2026, 11, 27, 9, tzinfo=UTC)
"""A Friday."""
BERLIN, SHANGHAI = "Europe/Berlin", "Asia/Shanghai"


def said(text: str, time_zone: str | None = BERLIN) -> Stated:
    return stated_times(text, time_zone, NOW)


def week_of(stated: Stated) -> list[str]:
    """The first whole week, such as "Mon 18:00-24:00"."""
    days = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
    found = []
    for one in stated.windows:
        begins, ends = one.begins.astimezone(stated.zone), one.ends.astimezone(stated.zone)
        if date(2026, 11, 30) <= begins.date() <= date(2026, 12, 6):
            end = "24:00" if ends.date() != begins.date() else f"{ends:%H:%M}"
            found.append(f"{days[begins.weekday()]} {begins:%H:%M}-{end}")
    return found


WORKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri")
ALL = (*WORKDAYS, "Sat", "Sun")


def on(days: tuple[str, ...], *times: str) -> list[str]:
    return [f"{day} {one}" for day in days for one in times]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("weekdays after 6pm Berlin time", on(WORKDAYS, "18:00-24:00")),
        ("Weekdays after 6:30 p.m.", on(WORKDAYS, "18:30-24:00")),
        ("after 18:00 on weekdays", on(WORKDAYS, "18:00-24:00")),
        ("I'm available Mon, Wed and Fri from 9 to 11am", on(("Mon", "Wed", "Fri"), "09:00-11:00")),
        ("Monday to Thursday, 10 to 2pm", on(WORKDAYS[:4], "10:00-14:00")),
        ("Tue 9-12, 14:00-16:00; Sat mornings", [*on(("Tue",), "09:00-12:00", "14:00-16:00"), "Sat 08:00-12:00"]),
        ("evenings or weekends", sorted([*on(ALL, "18:00-22:00"), *on(ALL[5:], "00:00-24:00")])),
        ("every day between 5 and 7 pm", on(ALL, "17:00-19:00")),
        ("before noon", on(ALL, "00:00-12:00")),
        ("Sundays", ["Sun 00:00-24:00"]),
        ("工作日晚上七点以后", on(WORKDAYS, "19:00-24:00")),
        ("工作日晚上七点半以后方便面试", on(WORKDAYS, "19:30-24:00")),
        ("周一至周三下午3点到5点，周六上午", [*on(WORKDAYS[:3], "15:00-17:00"), "Sat 08:00-12:00"]),
        ("周二、四 19：00～21：00", on(("Tue", "Thu"), "19:00-21:00")),
        ("周末全天都可以", on(ALL[5:], "00:00-24:00")),
        ("每天下午两点之前", on(ALL, "00:00-14:00")),
        ("星期六上午十点到十二点", ["Sat 10:00-12:00"]),
    ],
)
def test_words_become_times_of_the_week(text: str, expected: list[str]) -> None:
    assert sorted(week_of(said(text))) == sorted(expected)


@pytest.mark.parametrize(
    ("text", "zone"),
    [
        ("weekdays after 6pm Berlin time", BERLIN),
        ("工作日晚上七点以后（北京时间）", SHANGHAI),
        ("Mon 9-12 America/New_York", "America/New_York"),
        ("Mon 9-12 (New York time)", "America/New_York"),
        ("Mon 9-12 UTC+8", "Etc/GMT-8"),
        ("Mon 9-12 GMT", "UTC"),
        ("Mon 9-12", "Asia/Tokyo"),
    ],
)
def test_the_zone_that_the_words_name_counts_before_the_known_one(text: str, zone: str) -> None:
    stated = said(text, "Asia/Tokyo")
    assert stated.zone == ZoneInfo(zone)
    assert len(week_of(stated)) in (1, 5)


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("weekdays, but not Mondays", "but not mondays"),
        ("every day except Friday", "except friday"),
        ("工作日不行", "不行"),
        # Six in the morning or in the evening?
        ("weekdays after 6", "after 6"),
        ("工作日七点以后", "七点以后"),
        # The evenings of weekends, or both?
        ("evenings, weekends", "weekends"),
        ("Mon 9-12 Berlin time, Paris time", "paris time"),
        ("Mondays at 25:00", "25:00"),
        ("Mon 14:00-12:00", "14:00-12:00"),
        ("whenever", "whenever"),
        ("available", "available"),
        ("Berlin time", "berlin time"),
        ("", ""),
        ("x" * 301, "x" * 40),
    ],
)
def test_what_is_not_understood_whole_is_refused_with_the_part_at_fault(text: str, part: str) -> None:
    with pytest.raises(UserError) as refused:
        said(text)
    assert (refused.value.code, refused.value.field) == ("availability_unclear", "availability_text")
    assert refused.value.params == {"part": part}


def test_times_without_a_zone_say_nothing() -> None:
    with pytest.raises(UserError, match="availability_needs_zone"):
        said("weekdays after 6pm", None)


def test_six_in_the_evening_is_six_also_after_the_clock_has_changed() -> None:
    stated = stated_times("Sat and Sun after 6pm", BERLIN, datetime(2026, 10, 20, tzinfo=UTC))
    assert {one.begins.astimezone(stated.zone).hour for one in stated.windows} == {18}
    assert {one.begins.hour for one in stated.windows} == {16, 17}
    assert stated.windows[-1].begins < datetime(2026, 10, 20, tzinfo=UTC) + timedelta(days=HORIZON_DAYS)


def test_an_appointment_is_chosen_inside_what_was_said() -> None:
    stated = said("工作日晚上七点以后", SHANGHAI)
    chosen = choose(stated.windows, stated.zone, timedelta(minutes=40), NOW, NOW + timedelta(days=14))
    # Tomorrow is a Saturday.
    assert chosen == datetime(2026, 11, 30, 19, tzinfo=ZoneInfo(SHANGHAI))


WORDS = "mon|tuesday|weekdays|weekends|to|-|and|or|,|after|before|between|6|18:30|25:99|pm|am|noon|evenings|not|utc+8"
CHINESE = "周|星期|一|三五|日|至|、|工作日|周末|晚上|下午|七|十二|99|点|半|一刻|:|30|分|以后|之前|到|北京时间|不|，| "


@given(st.lists(st.sampled_from([*WORDS.split("|"), *CHINESE.split("|")]), max_size=9), st.sampled_from(["", " "]))
def test_whatever_is_said_becomes_times_in_order_or_is_refused(said_words: list[str], between: str) -> None:
    try:
        stated = said(between.join(said_words))
    except UserError:
        return
    assert stated.windows
    assert all(one.ends > NOW and one.begins < one.ends for one in stated.windows)
    assert list(stated.windows) == sorted(stated.windows, key=lambda one: (one.begins, one.ends))
