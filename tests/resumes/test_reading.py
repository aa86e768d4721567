"""Files of every kind through the limited process: what is read, and that nothing in a file harms the server."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import pytest
from pypdf import PdfWriter

from server.errors import UserError
from server.resumes import limits
from server.resumes.kinds import Unreadable, kind_of, text_of
from server.resumes.reader import ERRORS, RETRY_AFTER_S, Reader
from server.resumes.resume import Kind, Resume, finds
from tests.resumes.conftest import CHINESE, ENGLISH, JSON_RESUME, docx_of

LOCALES = Path(__file__).parents[2] / "web" / "locales"


async def read(content: bytes) -> Resume:
    return await Reader().read(content)


async def code_of(content: bytes) -> str:
    with pytest.raises(UserError) as caught:
        await read(content)
    assert caught.value.field == "resume"
    return caught.value.code


def values(resume: Resume) -> dict[str, str]:
    return {name: found.normal or found.value for name, found in finds(resume)}


def where_it_says(resume: Resume) -> None:
    """Every find stands in the line at its place."""
    lines = {line.where: line.text for line in resume.lines}
    assert all(found.value in lines[found.where] for _, found in finds(resume))


WANTED_ENGLISH = {
    "contact.name": "Ada Lovelace",
    "contact.email": "ada.lovelace@example.org",
    "contact.phone": "+4930901820",
    "contact.city": "Berlin",
    "experience.0.employer": "Acme GmbH",
    "experience.0.position": "Senior Software Engineer",
    "experience.0.start": "2019-03",
    "experience.0.end": "present",
    "experience.1.employer": "Initech Ltd",
    "experience.1.position": "Software Developer",
    "experience.1.start": "2015-09",
    "experience.1.end": "2019-02",
    "education.0.institution": "University of London",
    "education.0.degree": "BSc",
    "education.0.area": "Computer Science",
    "skills.0": "Python",
    "languages.1.language": "de",
    "languages.1.level": "B2",
    "availability": "2027-02-01",
}
WANTED_CHINESE = {
    "contact.name": "王小明",
    "contact.email": "xiaoming.wang@example.cn",
    "contact.phone": "+8613800138000",
    "contact.city": "上海市",
    "experience.0.employer": "上海星光百货有限公司",
    "experience.0.position": "门店店长",
    "experience.0.start": "2020-03",
    "experience.0.end": "present",
    "experience.1.employer": "优选便利店",
    "experience.1.position": "店员",
    "education.0.institution": "复旦大学",
    "education.0.degree": "本科",
    "education.0.area": "市场营销专业",
    "skills.0": "Excel",
    "languages.0.language": "en",
    "languages.0.level": "CET-6",
    "availability": "P1M",
}


@pytest.mark.parametrize(("text", "wanted"), [(ENGLISH, WANTED_ENGLISH), (CHINESE, WANTED_CHINESE)], ids=["en", "zh"])
@pytest.mark.parametrize("kind", ["pdf", "docx", "txt"])
async def test_the_same_resume_is_read_from_every_kind_of_file(
    kind: str, text: str, wanted: dict[str, str], request: pytest.FixtureRequest
) -> None:
    if kind == "pdf":
        content: bytes = request.getfixturevalue("english_pdf" if text == ENGLISH else "chinese_pdf")
    else:
        content = docx_of(text) if kind == "docx" else text.encode("gb18030" if text == CHINESE else "utf-8")
    resume = await read(content)
    found = values(resume)
    assert {name: found.get(name) for name in wanted} == wanted
    assert resume.kind == {"pdf": Kind.PDF, "docx": Kind.DOCX, "txt": Kind.TEXT}[kind]
    assert resume.language == ("en" if text == ENGLISH else "zh-CN")
    where_it_says(resume)
    assert len(resume.experience[0].tasks) == 2


async def test_a_json_resume_says_itself_what_everything_is() -> None:
    resume = await read(JSON_RESUME.encode())
    found = values(resume)
    assert found["contact.email"] == "ada.lovelace@example.org"
    assert found["contact.phone"] == "+4930901820"
    assert found["contact.links.1"] == "https://linkedin.com/in/ada-lovelace"
    assert found["experience.1.start"] == "2015-09-01"
    assert found["availability"] == "2027-02-01"
    assert [one.value for one in resume.skills] == ["Programming", "Python", "SQL"]
    assert resume.experience[0].tasks[0].where.path == "$.work[0].highlights[0]"
    unsure = [name for name, one in finds(resume) if not one.certain]
    assert unsure == ["experience.1.end", "languages.1.language"], "no date, no language that is known"
    where_it_says(resume)


def rewritten(content: bytes, change: Callable[[zipfile.ZipFile], None], leave_out: str = "") -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name != leave_out:
                new.writestr(name, old.read(name))
        change(new)
    return held.getvalue()


DOCUMENT = "word/document.xml"
LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {name} "{f"&{of};" * 10}">' for name, of in zip("bcdefghi", "abcdefgh", strict=True))
    + '<!ENTITY x SYSTEM "file:///etc/passwd">]>'
    '<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main">'
    "<w:body><w:p><w:r><w:t>&i;&x;</w:t></w:r></w:p></w:body></w:document>"
)


def lying_zip() -> bytes:
    """A part whose stated size is small and whose real one is large."""
    content = bytearray(rewritten(docx_of(ENGLISH), lambda new: new.writestr("word/media/a.png", b"\0" * 90_000)))
    at = content.rindex(b"PK\x01\x02", 0, content.rindex(b"word/media/a.png"))
    content[at + 24 : at + 28] = (100).to_bytes(4, "little")
    return bytes(content)


def pdf_with(stream: bytes, count: str = "1") -> bytes:
    """A PDF written by hand, whose page has this packed stream."""
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count " + count.encode() + b" >>",
        b"<< /Type /Page /Parent 2 0 R /Contents 4 0 R /MediaBox [0 0 9 9] >>",
        b"<< /Length %d /Filter /FlateDecode >>\nstream\n" % len(stream) + stream + b"\nendstream",
    ]
    held = b"%PDF-1.4\n" + b"".join(b"%d 0 obj\n%s\nendobj\n" % (at, part) for at, part in enumerate(parts, start=1))
    return held + b"trailer\n<< /Root 1 0 R >>\nstartxref\n0\n%%EOF"


def locked(pdf: bytes, password: str, algorithm: str) -> bytes:
    writer = PdfWriter(clone_from=io.BytesIO(pdf))
    writer.encrypt(user_password=password, owner_password="owner", algorithm=algorithm)
    held = io.BytesIO()
    writer.write(held)
    return held.getvalue()


BAD: dict[str, tuple[Callable[[], bytes], set[str]]] = {
    "much_text": (lambda: b"line of a long book\n" * 20_000, {"resume_too_long"}),
    "other_zip": (lambda: rewritten(docx_of("x"), lambda _: None, DOCUMENT), {"resume_kind_unknown"}),
    "zip_bomb": (
        lambda: rewritten(docx_of(ENGLISH), lambda new: new.writestr("word/media/a.png", b"\0" * 61_000_000)),
        {"resume_bomb"},
    ),
    "ratio": (
        lambda: rewritten(docx_of(ENGLISH), lambda new: new.writestr("word/media/a.png", b"\0" * 5_000_000)),
        {"resume_bomb"},
    ),
    "lying_zip": (lying_zip, {"resume_bomb", "resume_damaged"}),
    "xml_bomb": (
        lambda: rewritten(docx_of(ENGLISH), lambda new: new.writestr(DOCUMENT, LAUGHS), DOCUMENT),
        {"resume_bomb"},
    ),
    "xml_bomb_utf_16": (
        lambda: rewritten(
            docx_of(ENGLISH),
            lambda new: new.writestr(DOCUMENT, LAUGHS.replace("?>", ' encoding="UTF-16"?>', 1).encode("utf-16")),
            DOCUMENT,
        ),
        {"resume_bomb"},
    ),
    "broken_xml": (
        lambda: rewritten(docx_of(ENGLISH), lambda new: new.writestr(DOCUMENT, "<w:document"), DOCUMENT),
        {"resume_damaged"},
    ),
    "cut_zip": (lambda: docx_of(ENGLISH)[:2000], {"resume_damaged"}),
    "cut_pdf": (lambda: b"%PDF-1.7\n1 0 obj\n<< /Type /Cat", {"resume_damaged", "resume_no_text"}),
    "pdf_bomb": (
        lambda: pdf_with(zlib.compress(b" " * 90_000_000, 9)),
        {"resume_bomb", "resume_damaged", "resume_too_slow", "resume_no_text"},
    ),
    "pdf_without_text": (lambda: pdf_with(zlib.compress(b"0 0 5 5 re f")), {"resume_no_text"}),
    "deep_json": (lambda: b'{"basics":' + b"[" * 200_000 + b"]" * 200_000 + b"}", {"resume_damaged"}),
    "other_json": (lambda: b'{"hello": "world, this is no resume at all"}', {"resume_not_json_resume"}),
}


@pytest.mark.parametrize("name", BAD)
async def test_a_hostile_or_broken_file_ends_with_a_named_error(name: str) -> None:
    make, codes = BAD[name]
    assert await code_of(make()) in codes


async def test_a_password_is_named_and_an_owners_alone_does_not_matter(english_pdf: bytes) -> None:
    assert await code_of(locked(english_pdf, "secret", "AES-256")) == "resume_encrypted"
    resume = await read(locked(english_pdf, "", "AES-128"))
    assert values(resume)["contact.email"] == "ada.lovelace@example.org"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b" \n", "resume_empty"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, "resume_old_word"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + "EncryptedPackage".encode("utf-16-le"), "resume_encrypted"),
        (b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR", "resume_kind_unknown"),
        (b"{\\rtf1 hello}", "resume_kind_unknown"),
        (b"<html><p>Ada</p>", "resume_kind_unknown"),
    ],
)
def test_what_is_no_resume_is_known_by_its_content(content: bytes, code: str) -> None:
    with pytest.raises(Unreadable) as caught:
        kind_of(content)
    assert caught.value.code == code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_chinese_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    assert text_of(CHINESE.encode(encoding)) == CHINESE


def test_western_text_is_not_taken_for_chinese() -> None:
    assert text_of("Résumé of Zoë Müller, née Strauß\n".encode("cp1252")).startswith("Résumé of Zoë")


async def test_the_process_has_little_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INTERVIEW_WEBHOOK_SECRET", "whsec_very_secret")
    look = (
        "import os, resource, sys; sys.argv = ['reading']\n"
        "from server.resumes import reading\n"
        "def refused(act):\n"
        "    try: act()\n"
        "    except PermissionError: return True\n"
        "def acts():\n"
        "    import socket, subprocess\n"
        "    yield lambda: socket.create_connection(('127.0.0.1', 9))\n"
        "    yield lambda: subprocess.run(['true'])\n"
        "    yield lambda: os.system('true')\n"
        "reading._answer = lambda _: {'refused': [refused(act) for act in acts()],"
        " 'environment': dict(os.environ), 'limits': [resource.getrlimit(one)"
        " for one in (resource.RLIMIT_AS, resource.RLIMIT_CPU, resource.RLIMIT_FSIZE, resource.RLIMIT_NOFILE)]}\n"
        "reading.main()"
    )
    from server.resumes import reader

    monkeypatch.setattr(reader, "_COMMAND", (*reader._COMMAND[:-2], "-c", look))
    seen = json.loads(await Reader()._asked(b"x"))
    assert "whsec" not in str(seen)
    assert set(seen["environment"]) <= {"PATH", "LANG", "LC_CTYPE", "OPENBLAS_NUM_THREADS"}
    assert seen["refused"] == [True, True, True]
    wanted = (limits.MEMORY, limits.CPU_SECONDS, 0, limits.OPEN_FILES)
    assert seen["limits"] == [[most, most] for most in wanted]


@pytest.mark.parametrize(
    ("program", "code"),
    [
        ("import time; time.sleep(60)", "resume_too_slow"),
        ("import sys\nwhile True: sys.stdout.write('x' * 1000000)", "resume_bomb"),
        ("print('no json')", "resume_bomb"),
        ('print(\'{"error": "interview_unknown"}\')', "resume_bomb"),
    ],
)
async def test_whatever_the_process_does_the_server_goes_on(
    program: str, code: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from server.resumes import reader

    monkeypatch.setattr(reader, "_COMMAND", (reader._COMMAND[0], "-c", program))
    with pytest.raises(UserError) as caught:
        await Reader(wall_seconds=1.5).read(ENGLISH.encode())
    assert caught.value.code == code


async def test_a_file_that_is_too_large_is_not_even_looked_at() -> None:
    with pytest.raises(UserError) as caught:
        await read(b"x" * (limits.LARGEST_FILE + 1))
    assert (caught.value.code, caught.value.status) == ("resume_too_large", 413)


def commands() -> bytes:
    """The command lines of all processes."""
    held = b""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        # A process may end while it is looked at.
        with contextlib.suppress(OSError):
            held += path.read_bytes()
    return held


async def test_who_gives_up_leaves_no_process_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    from server.resumes import reader

    monkeypatch.setattr(reader, "_COMMAND", (reader._COMMAND[0], "-c", "import time; time.sleep(61.5)"))
    task = asyncio.create_task(Reader().read(b"x"))
    await asyncio.sleep(0.3)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert b"time.sleep(61.5)" not in await asyncio.to_thread(commands)


def test_every_error_has_its_sentence_in_both_languages() -> None:
    for language in ("en", "zh-CN"):
        texts = json.loads((LOCALES / language / "error.json").read_text("utf-8"))
        assert all(texts[code] for code in ERRORS)


async def test_few_files_wait_and_the_rest_are_told_when_to_come_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("server.resumes.reader.MOST_WAITING", 1)
    reader = Reader()
    # All begin before the first process has said a word.
    answers = await asyncio.gather(*(reader.read(b"") for _ in range(5)), return_exceptions=True)
    refused = [one for one in answers if isinstance(one, UserError) and one.code == "resumes_waiting"]
    assert [(one.status, one.retry_after_s) for one in refused] == [(503, RETRY_AFTER_S)] * 2
    assert [one.code for one in answers if isinstance(one, UserError) and one not in refused] == ["resume_empty"] * 3
    assert not reader.is_full
