"""Rules over HTTP, and in forms."""

from pydantic import AwareDatetime, BaseModel, Field

from services.notifications.providers.base import Channel
from services.notifications.rules import WorkClass


class RuleChange(BaseModel):
    """What the national library decides about a rule; `channels` in the order of their use."""

    enabled: bool
    channels: list[Channel] = Field(min_length=1, max_length=3)


class RuleDetail(RuleChange):
    """A rule as it holds for messages that are written now."""

    name: str
    trigger: str = Field(description="When it comes, in words")
    template: str
    work_class: WorkClass = Field(serialization_alias="class")
    any_hour: bool = Field(description="Else from 08:00 to 20:00 where the recipient lives")
    changed_by: str = Field(description="Empty: as it came with the programme")
    changed_at: AwareDatetime | None


class RuleList(BaseModel):
    """All rules."""

    items: list[RuleDetail]
