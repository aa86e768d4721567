"""What HR fills in to connect an Odoo."""

from __future__ import annotations

from pydantic import BaseModel, Field, HttpUrl, SecretStr

from question_flows.model import Language


class OdooSettings(BaseModel):
    """What HR fills in."""

    url: HttpUrl = Field(description="Address of Odoo, such as https://odoo.example.com.")
    database: str = Field(min_length=1, description="Name of the database.")
    stages: str = Field(
        "", description="Stages whose applicants come as candidates, by name, separated by commas; empty: all."
    )
    order_interview: bool = Field(False, description="Whether every such applicant is to be interviewed at once.")
    report_stage: str = Field("", description="Stage that the report moves an applicant on to; empty: none.")
    offer_stage: str = Field("", description="Stage of those who are ready for an offer; empty: none.")
    marks_ready: bool = Field(True, description="Whether the report sets the applicant to ready for the next stage.")
    attaches_pdf: bool = Field(True, description="Whether the report is attached as PDF too, beside the data.")
    company: str = Field("", description="Company's name on the PDF.")
    writes_skills: bool = Field(True, description="Whether points become levels of the applicant's skills.")
    mails_candidate: bool = Field(False, description="Whether Odoo may send its own letter when the stage changes.")
    language: Language = Field(Language.ENGLISH, description="Language of the notes.")


class OdooSecrets(BaseModel):
    """What only this server knows."""

    api_key: SecretStr = Field(description="API key of a user with the right Recruitment: Officer.")
