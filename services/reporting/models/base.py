"""Reporting's own metadata."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import DateTime
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import Date, Text

from shared.database import new_metadata


class Base(DeclarativeBase):
    """Reporting's own metadata; the bus adds its tables to it."""

    metadata = new_metadata()
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy's own form
        str: Text,
        datetime: DateTime(timezone=True),
        list[date]: ARRAY(Date),
        dict[str, Any]: JSONB,
    }
