"""The pictures of HR's console behind the live pages: a job and its candidates, what people rated, who may do what."""

from __future__ import annotations

import re

from playwright.async_api import Page, expect

from question_flows.loader import shipped_flows
from question_flows.model import Language
from scripts.candidate_api import CandidateApi
from scripts.picture_album import Album
from scripts.pictured_pages import PicturedPages
from scripts.pictured_records import PicturedRecords

FLOW = "customer_service"
TEXTS = {
    Language.ENGLISH: {
        "job": "Customer service, Leeds",
        "department": "Service centre",
        "candidates": ("Noor Haddad", "Tomás Vidal"),
        "reason": "Apologised at once and named the next step.",
        "decision": "Calm with an angry customer; the shop would like to meet this candidate.",
        "spreadsheet": "name,email,language\nIvy Chen,ivy.chen@example.com,en\nOmar,omar.s,en\n,lea@example.com,xx\n",
    },
    Language.CHINESE: {
        "job": "客服专员（杭州）",
        "department": "客服中心",
        "candidates": ("周敏", "何文博"),
        "reason": "第一时间道歉，并说明了下一步。",
        "decision": "面对生气的客户很冷静，门店希望与其见面。",
        "spreadsheet": "姓名,邮箱,语言\n吴晓,wu.xiao@example.com,zh-CN\n郑凯,zheng.kai,zh-CN\n,lea@example.com,xx\n",
    },
}


class PicturedConsole(PicturedPages):
    """One language's pictures."""

    def __init__(self, url: str, hr: Page, album: Album, language: Language) -> None:
        super().__init__(url, hr, album, language)
        self._texts = TEXTS[language]

    async def take(self, interview_id: str) -> None:
        """All of them. interview_id: of a finished interview that was recorded."""
        await self._reviewed(interview_id)
        job = await self._job()
        await self._invited_many(job)
        finished = [await self._interviewed(job, name) for name in self._texts["candidates"]]
        await self._rated(finished[0])
        await self._lists(job, finished)
        await PicturedRecords(self._url, self._hr, self._album, self._language).take(job.rpartition("/")[2])
        for name, path in (("people", "/hr/people"), ("audit", "/hr/audit"), ("account", "/hr/account")):
            await self._page(name, path)

    async def _reviewed(self, interview_id: str) -> None:
        here = f"/hr/interviews/{interview_id}"
        await self._page("review", f"{here}/review")
        await self._page("feedback", f"{here}/feedback")
        await self._page("print", f"{here}/print")

    async def _job(self) -> str:
        """Its address."""
        hr = self._hr
        await hr.goto(f"{self._url}/hr/jobs")
        if not await hr.get_by_test_id("job-title").is_visible():
            # There is a job already, in the other language.
            await hr.get_by_test_id("job-new").click()
        await hr.get_by_test_id("job-title").fill(str(self._texts["job"]))
        await hr.locator("[name=department]").first.fill(str(self._texts["department"]))
        await hr.get_by_test_id("job-flow").select_option(FLOW)
        await hr.get_by_test_id("job-add").click()
        await hr.wait_for_url(re.compile(r"/hr/jobs/\w{32}$"))
        return hr.url.removeprefix(self._url)

    async def _invited_many(self, job: str) -> None:
        """A spreadsheet of which two rows are wrong."""
        hr = self._hr
        await hr.goto(f"{self._url}/hr/invitations/csv?job={job.rpartition('/')[2]}")
        await hr.get_by_test_id("csv-text").fill(str(self._texts["spreadsheet"]))
        await hr.get_by_test_id("csv-send").click()
        await expect(hr.get_by_test_id("problems")).to_be_visible()
        await self._album.take(hr, "invite-many", show="problems")

    async def _interviewed(self, job: str, name: str) -> str:
        """Invites for the job and types every answer; the interview's id."""
        form = {"job": job.rpartition("/")[2], "name": name, "email": "", "language": self._language.value}
        fields: dict[str, str | float | bool] = {**form, "flow": "", "jurisdiction": "EU"}
        response = await self._hr.request.post(f"{self._url}/hr/invitations", form=fields)
        html = await response.text()
        link, interview = re.search(r'value="(http[^"]+/i/[^"]+)"', html), re.search(r"/hr/interviews/(\w{32})", html)
        assert link is not None, html
        assert interview is not None, html
        samples = {one.id: one.sample_answers[self._language] for one in shipped_flows()[FLOW].questions}
        async with CandidateApi(link[1]) as candidate:
            await candidate.redeem()
            await candidate.consent()
            await candidate.start()
            async for snapshot in candidate.questions():
                question_id = snapshot["question"]["id"]
                own = samples.get(question_id.partition("-")[0])
                if not own:
                    await candidate.skip(question_id)
                    continue
                await candidate.start_answer(question_id)
                await candidate.hand_in_text(question_id, own[-1 if "-" in question_id else 0])
        return interview[1]

    async def _rated(self, interview_id: str) -> None:
        """A person's rating and decision."""
        here, request = f"{self._url}/hr/interviews/{interview_id}", self._hr.request
        rating: dict[str, str | float | bool] = {"points": "7.5", "reason": str(self._texts["reason"])}
        for one in shipped_flows()[FLOW].competencies:
            await request.post(f"{here}/competencies/{one.id}", form=rating)
        decision: dict[str, str | float | bool] = {"decision": "advance", "reason": str(self._texts["decision"])}
        await request.post(f"{here}/decision", form=decision)
        await self._page("report-people", f"/hr/interviews/{interview_id}/report", show="both")

    async def _lists(self, job: str, finished: list[str]) -> None:
        compared = "&".join(f"interview={one}" for one in finished)
        for name, path in (
            ("interviews", "/hr/interviews"),
            ("candidates", "/hr/candidates"),
            ("jobs", "/hr/jobs"),
            ("job", job),
            ("compare", f"{job}/compare?{compared}"),
            ("flows", "/hr/flows"),
            ("flow", f"/hr/flows/{FLOW}"),
        ):
            await self._page(name, path)
