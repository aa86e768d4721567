"""Single finds in texts of both languages, what is uncertain, and that nothing anybody writes breaks the extraction."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from question_flows.skill_names import every_skill, plain
from server.resumes.availability import availability_in
from server.resumes.codec import decode, encode
from server.resumes.dates import date_of, dated
from server.resumes.extraction import extracted, sections_of
from server.resumes.json_resume import json_lines
from server.resumes.kinds import Unreadable
from server.resumes.limits import LONGEST_LINE
from server.resumes.lines import clean, numbered
from server.resumes.resume import Kind, Line, Resume, Where, finds, to_check
from tests.resumes.conftest import CHINESE, ENGLISH, JSON_RESUME


def parsed(text: str) -> Resume:
    return extracted(Kind.TEXT, numbered([text.splitlines(), ["Hobbies: many, and all of them outdoors"]]))


def line(text: str) -> Line:
    return Line(Where(1, 1), text)


@pytest.mark.parametrize(
    ("text", "first", "last"),
    [
        ("Mar 2019 – Present", "2019-03", "present"),
        ("March 2019 to September 2021", "2019-03", "2021-09"),
        ("09/2015 - 02/2019", "2015-09", "2019-02"),
        ("2015-2019", "2015", "2019"),
        ("(2012 – 2015)", "2012", "2015"),
        ("2020-03 - 2021-11", "2020-03", "2021-11"),
        ("2020.03-2021.11", "2020-03", "2021-11"),
        ("2020年3月-至今", "2020-03", "present"),
        ("2020年3月 至 2021年12月", "2020-03", "2021-12"),
        ("2018.07～2020.02", "2018-07", "2020-02"),
        ("2018/07—2020/02", "2018-07", "2020-02"),
        ("1 September 2018 – 31 May 2020", "2018-09-01", "2020-05-31"),
        ("since May 2021", "2021-05", None),
        ("2021年5月起", "2021-05", None),
        ("2021年5月至今", "2021-05", "present"),
        ("Graduated June 2015", None, "2015-06"),
    ],
)
def test_dates_and_ranges_are_read_as_they_are_written(text: str, first: str | None, last: str | None) -> None:
    found = dated(line(f"Acme {text}"))
    assert found is not None
    assert (found.first and found.first.normal, found.last and found.last.normal) == (first, last)


@pytest.mark.parametrize("text", ["138 0013 8000", "Room 2015A", "served 20190 guests", "v2.2019.1x", "13/2019x"])
def test_other_numbers_are_no_dates(text: str) -> None:
    assert dated(line(text)) is None


def test_a_range_that_ends_before_it_begins_is_for_a_person_to_look_at() -> None:
    found = dated(line("2021 - 2019"))
    assert found is not None
    assert found.first is not None
    assert not found.first.certain
    assert date_of("sometime") is None


@pytest.mark.parametrize(
    ("text", "normal"),
    [
        ("Available immediately", "at_once"),
        ("Notice period: 4 weeks", "P4W"),
        ("one month's notice", "P1M"),
        ("Availability: from 01.03.2027; available from March 2027", "2027-03"),
        ("Earliest start date: 2027-03-15", "2027-03-15"),
        ("随时到岗", "at_once"),
        ("到岗时间：两周内", "P2W"),
        ("半个月内到岗", "P2W"),
        ("可到岗时间：2027年3月1日", "2027-03-01"),
        ("Helped guests who wanted to be available", None),
    ],
)
def test_availability_is_read_in_both_languages(text: str, normal: str | None) -> None:
    found = availability_in([line(text)])
    assert (found.normal if found else None) == normal


@pytest.mark.parametrize(
    ("text", "number", "certain"),
    [
        ("Phone: +44 20 7946 0958", "+442079460958", True),
        ("电话：13800138000 中文简历", "+8613800138000", True),
        ("手机：+86 138-0013-8000 简历", "+8613800138000", True),
        ("(415) 555-2671", "+14155552671", False),
        ("Tel: 020 7946 0958", "+442079460958", False),
        ("身份证号：110101199003070000 先生", None, False),
        ("2015 - 2019, 12345 units", None, False),
        ("Developer 09/2015 - 02/2019", None, False),
    ],
)
def test_a_number_is_certain_only_when_its_country_is(text: str, number: str | None, certain: bool) -> None:
    found = parsed(f"{text}\nsome more words").contact.phone
    assert (found.normal if found else None, bool(found and found.certain)) == (number, certain)


@pytest.mark.parametrize(
    ("text", "name", "certain"),
    [
        ("Curriculum Vitae\nZoë van der Berg\nLondon", "Zoë van der Berg", True),
        ("JOHN SMITH\nSales Manager", "JOHN SMITH", True),
        ("Senior Developer\nJane Doe\njane@example.org", "Jane Doe", True),
        ("Senior Developer\nJane Doe\nsomebody@example.org", "Jane Doe", False),
        ("Name: Li Wei\nPhone 1", "Li Wei", True),
        ("张三 | 男 | 28岁", "张三", True),
        ("求职意向：店长\n欧阳明月\n本科", "欧阳明月", False),
        ("姓 名：买买提·艾力\n学历：本科", "买买提·艾力", True),
        ("个人简历\n工作经历", None, False),
        ("Sales Manager\nCustomer Service Department 24", None, False),
    ],
)
def test_the_name_is_found_on_top_or_by_its_label(text: str, name: str | None, certain: bool) -> None:
    found = parsed(f"{text}\nsome more words to read").contact.name
    assert (found.value if found else None, bool(found and found.certain)) == (name, certain)


def test_several_addresses_are_for_a_person_to_choose_from() -> None:
    found = parsed("Jane Doe\njane@example.org, jane.doe@example.com").contact.email
    assert found is not None
    assert (found.value, found.certain) == ("jane@example.org", False)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "EMPLOYMENT HISTORY\nMar 2019 – Present\nAcme Stores\nShop Manager\n• Led 12\n2015 - 2019\nBob's\nBarista",
            [("Acme Stores", "Shop Manager"), ("Bob's", "Barista")],
        ),
        (
            "Work Experience\nShop Manager, Acme Stores, Leeds (2019 - 2021)\nI led.\nCashier | Tesco | 2015-2019",
            [("Acme Stores", "Shop Manager"), ("Tesco", "Cashier")],
        ),
        (
            "工 作 经 历\n2019.03-至今 星光科技有限公司 高级工程师\n负责后端。\n2016.07-2019.02 云帆软件 测试工程师",
            [("星光科技有限公司", "高级工程师"), ("云帆软件", "测试工程师")],
        ),
        (
            "【实习经历】\n星光科技有限公司\n实习生 2019.03-2019.09\n· 写文档\n云帆软件\n运营助理 2018.01-2018.06",
            [("星光科技有限公司", "实习生"), ("云帆软件", "运营助理")],
        ),
    ],
)
def test_positions_are_told_apart_however_they_are_laid_out(text: str, wanted: list[tuple[str, str]]) -> None:
    found = parsed(text).experience
    assert [(one.employer and one.employer.value, one.position and one.position.value) for one in found] == wanted


def test_what_no_word_tells_is_uncertain() -> None:
    (one,) = parsed("Experience\nZyx 2019 - 2021\nQwert").experience
    assert one.employer is not None
    assert one.position is not None
    assert (one.employer.certain, one.position.certain) == (False, False)


def test_what_everybody_has_and_is_not_found_is_for_a_person_to_ask() -> None:
    assert to_check(parsed("some words that are about nothing at all")) == [
        *("contact.name", "contact.email", "contact.phone", "education", "experience", "skills")
    ]
    assert to_check(parsed(CHINESE)) == []


@pytest.mark.parametrize(
    ("text", "skills"),
    [
        ("Skills: Python (5 years), C++ and C#; CI/CD", ["Python", "C++", "C#", "CI/CD"]),
        ("Technical Skills\nLanguages & tools: SQL / Git\nproficient in Excel", ["SQL", "Git", "Excel"]),
        ("专业技能\n1. 熟练掌握Python、SQL等工具\n2. 熟悉 Linux/Docker", ["Python", "SQL", "Linux", "Docker"]),
        ("技能：Word和Excel，沟通能力", ["Word", "Excel", "沟通能力"]),
    ],
)
def test_skills_are_listed_without_how_well(text: str, skills: list[str]) -> None:
    assert [one.value for one in parsed(text).skills] == skills


def test_headings_open_sections_and_sentences_do_not() -> None:
    texts = (
        "学历：本科",
        "SKILLS & LANGUAGES",
        "Python",
        "My experience is long",
        "Languages: SQL, Go",
        "教育背景：",
        "大学",
    )
    sections = sections_of([line(one) for one in texts])
    assert {name: [one.text for one in lines] for name, lines in sections.items()} == {
        "contact": ["学历：本科"],
        "skills": ["Python", "My experience is long", "Languages: SQL, Go"],
        "education": ["大学"],
    }


def test_what_only_looks_like_letters_becomes_letters() -> None:
    assert clean(" ⼯作１３８\u200b　x\x00y ") == "工作138 x y"
    assert clean("店⻓ con\ufb02ict sta\ufb00") == "店长 conflict staff"
    assert len(clean("x" * 10_000)) == LONGEST_LINE


def test_no_two_skills_go_by_one_name() -> None:
    names = [plain(name) for skill in every_skill() for name in {plain(one): one for one in skill.names}.values()]
    assert len(names) == len(set(names))


def test_json_and_back_is_the_same() -> None:
    resume = parsed(ENGLISH)
    assert decode(json.loads(json.dumps(encode(resume)))) == resume


PIECES = st.sampled_from(
    [
        *ENGLISH.splitlines(),
        *CHINESE.splitlines(),
        "Skills: ((((",
        "2019 -",
        "- ",
        "：",
        "|||",
        "+86 1",
        "@",
        "Name:",
        "至今",
    ]
)
TEXTS = st.lists(st.one_of(PIECES, st.text(max_size=60), st.tuples(PIECES, PIECES).map(" ".join)), max_size=25)


def check(resume: Resume) -> None:
    texts: dict[Where, str] = {one.where: one.text for one in resume.lines}
    for name, found in finds(resume):
        assert found.value, name
        assert found.value in texts[found.where], name
    assert to_check(resume) is not None


@settings(max_examples=30, deadline=None)
@given(TEXTS)
def test_whatever_is_written_each_find_stands_where_it_says(texts: list[str]) -> None:
    try:
        lines = numbered([texts[:10], texts[10:]])
    except Unreadable:
        return
    check(extracted(Kind.TEXT, lines))


JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)),
    max_leaves=8,
)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_whatever_a_json_resume_holds_each_find_stands_where_it_says(data: st.DataObject) -> None:
    resume: dict[str, Any] = json.loads(JSON_RESUME)
    part: Any = resume
    for _ in range(data.draw(st.integers(0, 3))):
        if isinstance(part, dict) and part:
            key: Any = data.draw(st.sampled_from(sorted(part)))
        elif isinstance(part, list) and part:
            key = data.draw(st.integers(0, len(part) - 1))
        else:
            break
        if data.draw(st.booleans()):
            part[key] = data.draw(JSON)
            break
        part = part[key]
    try:
        lines = json_lines(json.dumps(resume))
    except Unreadable:
        return
    check(extracted(Kind.JSON_RESUME, lines))
