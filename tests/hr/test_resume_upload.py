"""HR adds a résumé on a candidate's page and gets the file back; what cannot be read is refused with the reason."""

from __future__ import annotations

import io
import re

from aiohttp import ClientSession, FormData

from server.hr.resume_upload import BESIDE_THE_FILE
from server.keys import DATABASE
from server.resumes.limits import LARGEST_FILE
from server.resumes.stored import Resumes
from server.storage.candidates import Candidates
from server.storage.hr_user import Role
from tests.hr.applied import a_candidate
from tests.hr.conftest import House
from tests.hr.test_people import page, post, trail
from tests.resumes.conftest import ENGLISH

OLD_WORD = bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)


async def add(
    house: House, path: str, content: bytes, name: str = "ada.txt", browser: ClientSession | None = None
) -> tuple[int, str, str]:
    """(status, where it leads, the page)."""
    # As browsers name files.
    form = FormData(quote_fields=False)
    form.add_field("resume", io.BytesIO(content), filename=name, content_type="application/octet-stream")
    async with (browser or house.hr).post(house.url(path), data=form, allow_redirects=False) as response:
        return response.status, response.headers.get("Location", ""), await response.text()


async def test_a_resume_is_added_read_and_given_back_as_it_was(house: House) -> None:
    ada, augusta = await a_candidate(house, "Ada Lovelace", ""), await a_candidate(house, "Augusta King", "")
    path = f"/hr/candidates/{ada}"
    status, leads, _ = await add(house, f"{path}/resumes", ENGLISH.encode(), "cv/Ada “阿达”.txt")
    assert status == 303
    [stored] = await Resumes(house.app[DATABASE]).of_candidate(ada)
    assert leads == f"{path}#resume-{stored.id}"
    html = await page(house, path)
    assert "Senior Software Engineer" in html
    file = f"{path}/resumes/{stored.id}"
    assert f'href="{file}"' in html
    assert (await Candidates(house.app[DATABASE]).get(ada)).email == "ada.lovelace@example.org"
    # The same file again is the same résumé.
    assert (await add(house, f"{path}/resumes", ENGLISH.encode()))[:2] == (303, leads)
    async with house.hr.get(house.url(file)) as response:
        assert (response.status, await response.read()) == (200, ENGLISH.encode())
        assert response.headers["Content-Disposition"].startswith("attachment; ")
        assert "filename*=UTF-8''Ada%20" in response.headers["Content-Disposition"]
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.content_type == "text/plain"
    added = [(subject, detail) for _, subject, detail in await trail(house, "resume_added")]
    assert added == [(ada, {"resume_id": stored.id})] * 2
    assert [(subject, detail) for _, subject, detail in await trail(house, "resume_read")] == added[:1]

    # What another has already is not taken from them: a person is told who it may be.
    assert "Perhaps the same person" not in await page(house, f"/hr/candidates/{augusta}")
    assert (await add(house, f"/hr/candidates/{augusta}/resumes", ENGLISH.encode()))[0] == 303
    html = await page(house, f"/hr/candidates/{augusta}")
    assert "Perhaps the same person" in html
    assert f'href="/hr/candidates/{ada}"' in html
    assert (await Candidates(house.app[DATABASE]).get(augusta)).email is None

    # A résumé is found with its own candidate only, and by those only who may know who that is.
    async with house.hr.get(house.url(f"/hr/candidates/{augusta}/resumes/{stored.id}")) as response:
        assert response.status == 404
        assert "There is no such résumé" in await response.text()
    for role, download, upload in ((Role.AUDITOR, 403, 403), (Role.REVIEWER, 404, 403)):
        browser, _ = await house.person(role)
        async with browser.get(house.url(file)) as response:
            assert response.status == download, role
        assert (await add(house, f"{path}/resumes", b"Ada", browser=browser))[0] == upload, role
    auditor = await house.browser_of((await house.person(Role.AUDITOR, "second@example.com"))[1])
    html = await page(house, path, auditor)
    assert "/resumes" not in html
    assert len(await Resumes(house.app[DATABASE]).of_candidate(ada)) == 1


async def test_what_cannot_be_read_is_refused_with_the_reason_at_the_form(house: House) -> None:
    ada = await a_candidate(house, "Ada Lovelace", "ada@example.com")
    path = f"/hr/candidates/{ada}/resumes"
    for content, status, english, chinese in (
        (OLD_WORD, 422, "older Word file", "旧版 Word 文件"),
        (b"", 422, "The file is empty", "文件是空的"),
        (bytes(LARGEST_FILE + 1), 413, "larger than 10 MB", "超过 10 MB"),
        (bytes(LARGEST_FILE + BESIDE_THE_FILE + 1), 413, "larger than 10 MB", "超过 10 MB"),
    ):
        for language, text in (("en", english), ("zh-CN", chinese)):
            answered, _, html = await add(house, f"{path}?lang={language}", content)
            assert answered == status, english
            [problem] = re.findall(r'id="resume-problem" role="alert">([^<]+)<', html)
            assert text in problem
            assert 'aria-invalid="true"' in html
    # What is no upload.
    status, _, html = await post(house, f"{path}?lang=en", resume="Ada Lovelace")
    assert status == 400
    assert 'data-testid="problem"' in html
    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    async with house.hr.post(house.url(path), data=b"no part at all", headers=headers) as response:
        assert response.status == 400
    assert (await add(house, f"/hr/candidates/{'0' * 32}/resumes", ENGLISH.encode()))[0] == 404
    assert await Resumes(house.app[DATABASE]).of_candidate(ada) == []
    assert await trail(house, "resume_added") == []
