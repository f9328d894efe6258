"""What officials change of templates and rules; the repository holds what they start from."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlalchemy import text as sql
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base


class TemplateVersion(Base):
    """All parts of one template in both languages, as an official wrote them.

    At most one version of a template is published; without one the repository's files hold. A
    `retired` one was published once, or is a draft that was put aside.
    """

    __tablename__ = "template_version"
    __table_args__ = (
        UniqueConstraint("template", "number"),
        CheckConstraint("state IN ('draft', 'published', 'retired')", "state"),
        Index(
            "uq_template_version_published",
            "template",
            unique=True,
            postgresql_where=sql("state = 'published'"),
        ),
        Index(
            "uq_template_version_draft",
            "template",
            unique=True,
            postgresql_where=sql("state = 'draft'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    template: Mapped[str]
    number: Mapped[int]
    state: Mapped[str]
    parts: Mapped[dict[str, str]] = mapped_column(JSONB)  # file name -> source
    restored_from: Mapped[int | None]  # the number of the version whose words it says again
    author: Mapped[str]  # who last changed it; names, as they were then
    created_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    changed_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
    published_at: Mapped[datetime | None]
    published_by: Mapped[str | None]
    retired_at: Mapped[datetime | None]
    retired_by: Mapped[str | None]


class RuleSetting(Base):
    """What the national library decided about a rule; without a row it is as `rules.py` has it."""

    __tablename__ = "rule_setting"

    rule: Mapped[str] = mapped_column(primary_key=True)
    enabled: Mapped[bool] = mapped_column(server_default=sql("true"))
    channels: Mapped[list[str] | None] = mapped_column(JSONB)  # in order; None: as in `rules.py`
    actor: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
