"""What this service holds open: its database, its place on the bus, its buckets in Redis."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from services.notifications.models import Base
from services.notifications.settings import settings
from shared.buckets import TokenBuckets
from shared.bus import Bus
from shared.database import Database
from shared.limits import Limiter
from shared.security import Signer

database = Database(lambda: settings().database_url)
Transaction = Annotated[Session, Depends(database.transaction, scope="function")]
bus = Bus(
    "notifications",
    database,
    Base.metadata,
    lambda: settings().redis_url,
    keep_days=lambda: settings().keep_events_days,
)
buckets = TokenBuckets("notifications", lambda: settings().redis_url)
limiter = Limiter(lambda: settings().redis_url, lambda: settings().secret_key)
forms = Signer(lambda: settings().secret_key, "form")
preference_links = Signer(lambda: settings().secret_key, "preferences")
unsubscribe_links = Signer(lambda: settings().secret_key, "unsubscribe")
