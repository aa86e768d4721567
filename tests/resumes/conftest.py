"""Résumés of two made-up people, one of each language, in every kind of file."""

from __future__ import annotations

import io
import json
from html import escape

import pytest
from docx import Document

ENGLISH = """\
Ada Lovelace
Senior Software Engineer
Berlin, Germany | ada.lovelace@example.org | +49 30 901820 | linkedin.com/in/ada-lovelace

Summary
I build services that stay up. Available from 1 February 2027.

Experience
Acme GmbH, Berlin
Senior Software Engineer                      Mar 2019 – Present
- Built a billing service in Python and PostgreSQL for 200,000 customers
- Led a team of five; cut deployment time from 2 hours to 10 minutes in 2021
Initech Ltd, London
Software Developer   09/2015 - 02/2019
- Maintained a monolith and wrote its tests

Education
University of London
BSc in Computer Science, 2012 - 2015

Skills
Programming: Python (expert), SQL and Go
Tools: Docker, K8s; Git

Languages
English (native), German - B2
"""
CHINESE = """\
个人简历
姓名：王小明    性别：男    年龄：29
电话：138 0013 8000    邮箱：xiaoming.wang@example.cn
现居地：上海市

教育背景
2014.09-2018.06    复旦大学    市场营销专业    本科

工作经历
2020年3月-至今    上海星光百货有限公司    门店店长
1、负责门店日常运营，管理12名员工，2022年销售额提升30%。
2、处理客户投诉，满意度达到98%。
2018.07-2020.02    优选便利店    店员
· 收银、盘点库存

技能特长
熟练使用Excel、Word，掌握POS系统；团队管理
语言能力：英语（CET-6）、普通话二级甲等
一个月内到岗
"""
JSON_RESUME = json.dumps(
    {
        "basics": {
            "name": "Ada Lovelace",
            "email": "Ada.Lovelace@example.org",
            "phone": "+49 30 901820",
            "url": "https://ada.example.org",
            "location": {"city": "Berlin", "countryCode": "DE"},
            "profiles": [{"network": "LinkedIn", "url": "linkedin.com/in/ada-lovelace"}],
            "summary": "Available from 2027-02-01.",
        },
        "work": [
            {
                "name": "Acme GmbH",
                "position": "Senior Software Engineer",
                "startDate": "2019-03",
                "highlights": ["Built a billing service in Python"],
            },
            {"name": "Initech Ltd", "position": "Developer", "startDate": "2015-09-01", "endDate": "spring of 2019"},
        ],
        "education": [{"institution": "University of London", "area": "Computer Science", "studyType": "BSc"}],
        "skills": [{"name": "Programming", "level": "Master", "keywords": ["Python", "SQL"]}],
        "languages": [{"language": "German", "fluency": "B2"}, {"language": "Klingon"}],
    }
)


def pdf_of(text: str) -> bytes:
    """A PDF as a word processor would print it. Loads slowly, so only for who needs it."""
    from weasyprint import HTML

    lines = "".join(f"<p>{escape(line) or '&nbsp;'}</p>" for line in text.splitlines())
    style = "p { margin: 0; white-space: pre-wrap; font: 10pt 'DejaVu Sans', 'Noto Serif CJK SC', sans-serif }"
    pdf: bytes = HTML(string=f"<style>{style}</style>{lines}").write_pdf()
    return pdf


def docx_of(text: str) -> bytes:
    """A Word file: the first line in the header, columns in tables, as templates have it."""
    document = Document()
    first, *lines = text.splitlines()
    document.sections[0].header.paragraphs[0].text = first
    for line in lines:
        columns = [part.strip() for part in line.split("    ") if part.strip()]
        if len(columns) > 1:
            cells = document.add_table(rows=1, cols=len(columns)).rows[0].cells
            for cell, part in zip(cells, columns, strict=True):
                cell.text = part
        else:
            document.add_paragraph(line)
    held = io.BytesIO()
    document.save(held)
    return held.getvalue()


@pytest.fixture(scope="session")
def english_pdf() -> bytes:
    return pdf_of(ENGLISH)


@pytest.fixture(scope="session")
def chinese_pdf() -> bytes:
    return pdf_of(CHINESE)
