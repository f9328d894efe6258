"""Notifications' own metadata."""

from datetime import datetime

from sqlalchemy import DateTime
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import Text

from shared.database import new_metadata


class Base(DeclarativeBase):
    """Notifications' own metadata; the bus adds its tables to it."""

    metadata = new_metadata()
    type_annotation_map = {str: Text, datetime: DateTime(timezone=True)}  # noqa: RUF012 - SQLAlchemy's own form
