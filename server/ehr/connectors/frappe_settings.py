"""What HR fills in to connect a Frappe HR."""

from __future__ import annotations

from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, Field, HttpUrl, SecretStr, field_validator

from question_flows.model import Language
from server.ehr.connectors.signed import OptionalKey


class FrappeSettings(BaseModel):
    """What HR fills in."""

    url: HttpUrl = Field(description="Address of the site, such as https://hr.example.com.")
    interview_round: str = Field(min_length=1, description="Interview Round whose expected skills are asked for.")
    interviewer: str = Field(min_length=1, description="User, by e-mail address, that gives the feedback.")
    statuses: str = Field("Open", description="Statuses of applicants who come as candidates, separated by commas.")
    order_interview: bool = Field(False, description="Whether every such applicant is to be interviewed at once.")
    time_zone: str = Field("UTC", description="Time zone of the site, such as Asia/Kolkata.")
    language: Language = Field(Language.ENGLISH, description="Language of the feedback.")

    @field_validator("time_zone")
    @classmethod
    def _is_a_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError("no time zone of this name") from error
        return name


class FrappeSecrets(BaseModel):
    """What only this server knows."""

    api_key: SecretStr = Field(description="API key of the interviewer's user.")
    api_secret: SecretStr = Field(description="API secret of the same user.")
    webhook_secret: OptionalKey = Field(
        SecretStr(""), description="Secret of the webhooks that tell of changes; empty: none are accepted."
    )
