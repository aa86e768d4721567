"""The pictures of applications, and of what connected systems were told: several steps, and a system that is down."""

from __future__ import annotations

import re
from collections.abc import Mapping

from playwright.async_api import Page, expect

from question_flows.model import Language
from scripts.picture_album import Album
from scripts.pictured_pages import PicturedPages

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
"""Of systems that nobody runs: nothing resolves their names, so that what they are sent is tried again."""
RESUME = {
    Language.ENGLISH: """\
Jonas Weber
Leeds, United Kingdom | jonas.weber@example.com | +44 113 496 0000

Experience
Northern Rail, Leeds
Customer service adviser   Mar 2021 - Present
- Answered 60 enquiries a day; led a team of four at Christmas

Education
Leeds City College
Diploma in Business, 2018 - 2020

Skills
Zendesk, Excel, complaint handling

Languages
English (native), German - B2
""",
    Language.CHINESE: """\
陈嘉
杭州 | chen.jia@example.com | 138 0013 8000

工作经历
2021.03 - 至今  杭州晨光电商有限公司  客服专员
- 每天处理 60 个咨询，大促期间带领 4 人小组

教育经历
2017.09 - 2021.06  浙江工商大学  市场营销  本科

技能
Excel、投诉处理、POS系统

语言
普通话（二级甲等）、英语 CET-6
""",
}
TEXTS = {
    Language.ENGLISH: {
        "assessor": "Skill tests",
        "archive": "HR archive",
        "people": ("Jonas Weber", "Priya Nair", "Owen Price"),
        "department": "Service centre",
        "reason": "References checked by phone; both would hire again.",
    },
    Language.CHINESE: {
        "assessor": "技能测评",
        "archive": "人事档案",
        "people": ("陈嘉", "许诺", "韩磊"),
        "department": "客服中心",
        "reason": "已电话核实两位推荐人，评价都很好。",
    },
}


class PicturedRecords(PicturedPages):
    """One language's pictures."""

    def __init__(self, url: str, hr: Page, album: Album, language: Language) -> None:
        super().__init__(url, hr, album, language)
        self._texts = TEXTS[language]

    async def take(self, job_id: str) -> None:
        """All of them. job_id: of a job with candidates."""
        assessor = await self._connected("assessment", str(self._texts["assessor"]), "follow_up.ordered")
        wanted = ("interview.invited", "interview.finished", "report.ready", "application.step_changed")
        await self._connected("standard_webhooks", str(self._texts["archive"]), *wanted)
        for name in self._texts["people"]:
            form = {"job": job_id, "name": name, "email": "", "language": self._language.value, "flow": ""}
            await self._post("/hr/invitations", {**form, "jurisdiction": "EU"})
        first, second, third = [await self._application(name) for name in self._texts["people"]]
        order = {"form_id": "1", "act": "follow-up", "department": str(self._texts["department"])}
        await self._post(f"{first}/follow-up", {**order, "kind": "assessment", "connection": assessor})
        await self._post(f"{second}/follow-up", {**order, "kind": "department_rating", "connection": ""})
        step = {"step": "ready_for_offer", "reason": str(self._texts["reason"]), "act": "step"}
        await self._post(f"{third}/step", step)
        await self._hr.wait_for_timeout(3000)
        for name, path in (
            ("process", "/hr/process"),
            ("rules", "/hr/rules"),
            ("deliveries", "/hr/deliveries"),
            ("connections", "/hr/connections"),
            ("connection-new", "/hr/connections/new/odoo"),
            ("api-keys", "/hr/api-keys"),
        ):
            await self._page(name, path)
        await self._hr.goto(f"{self._url}/hr/process?job={job_id}")
        stands = self._hr.locator("[data-application] a.lists-table__name").first
        await self._page("application", str(await stands.get_attribute("href")))
        await self._hr.goto(f"{self._url}/hr/deliveries?state=retrying")
        message = self._hr.locator("[data-message] th a").first
        await self._page("message", str(await message.get_attribute("href")))
        await self._resume(first)

    async def _connected(self, kind: str, name: str, *wanted: str) -> str:
        """The new connection's id."""
        form = {"kind": kind, "name": name, "settings.url": f"https://{kind.replace('_', '-')}.invalid/hook"}
        await self._post(
            "/hr/connections", {**form, "secrets.secret": SECRET, **{f"wants.{one}": "yes" for one in wanted}}
        )
        await self._hr.goto(f"{self._url}/hr/connections")
        link = self._hr.locator("[data-connection] h2 a", has_text=name).first
        return str(await link.get_attribute("href")).rpartition("/")[2]

    async def _application(self, name: str) -> str:
        """The path of this person's page."""
        link = self._hr.locator("a.lists-table__name", has_text=name).first
        for _ in range(20):
            await self._hr.goto(f"{self._url}/hr/process?q={name}")
            if await link.count():
                break
            # The records hear of an invitation a moment later.
            await self._hr.wait_for_timeout(1000)
        return str(await link.get_attribute("href"))

    async def _post(self, path: str, form: Mapping[str, str]) -> None:
        response = await self._hr.request.post(self._url + path, form=dict(form))
        assert response.ok, (path, re.sub("<[^>]+>", " ", await response.text())[-1500:])

    async def _resume(self, application: str) -> None:
        """The candidate's page with a résumé as it was read."""
        await self._hr.goto(self._url + application)
        candidate = str(await self._hr.locator("a[href^='/hr/candidates/']").first.get_attribute("href"))
        file = {"name": "cv.txt", "mimeType": "text/plain", "buffer": RESUME[self._language].encode()}
        added = await self._hr.request.post(f"{self._url}{candidate}/resumes", multipart={"resume": file})  # type: ignore[dict-item]
        assert added.ok, added.status
        await self._hr.goto(self._url + candidate)
        await expect(self._hr.get_by_test_id("resume")).to_be_visible()
        await self._album.take(self._hr, "candidate", show="resume")
