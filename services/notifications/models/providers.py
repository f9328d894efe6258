"""How the ways out are doing, as all workers see it."""

from datetime import datetime

from sqlalchemy import text as sql
from sqlalchemy.orm import Mapped, mapped_column

from services.notifications.models.base import Base


class ProviderState(Base):
    """A provider's breaker.

    Closed: `open_until` is NULL. Open: in the future. In the past: one worker at a time may probe,
    which it says in `probed_at`.
    """

    __tablename__ = "provider_state"

    name: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int] = mapped_column(server_default=sql("0"))  # one after another
    openings: Mapped[int] = mapped_column(server_default=sql("0"))  # without a success in between
    open_until: Mapped[datetime | None]
    probed_at: Mapped[datetime | None]
    last_ok_at: Mapped[datetime | None]
    last_failed_at: Mapped[datetime | None]
    last_error: Mapped[str] = mapped_column(server_default=sql("''"))
