"""What a region wants to reach in a year."""

from datetime import datetime

from sqlalchemy import CheckConstraint
from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column
from sqlalchemy.types import BigInteger

from services.reporting.models.base import Base


class Target(Base):
    """So much of an indicator, in a region and year; the last one who set it stands beside it."""

    __tablename__ = "target"
    __table_args__ = (CheckConstraint("value > 0", "value"),)

    indicator: Mapped[str] = mapped_column(primary_key=True)  # a name in `targets.INDICATORS`
    region_code: Mapped[str] = mapped_column(primary_key=True)  # "" is the country
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[int] = mapped_column(BigInteger)
    actor: Mapped[str]
    changed_at: Mapped[datetime] = mapped_column(server_default=sql("now()"))
