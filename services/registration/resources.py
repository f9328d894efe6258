"""What this service holds open: its database, its place on the bus, its signatures."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from services.registration.models import Base
from services.registration.settings import settings
from shared.bus import Bus
from shared.database import Database
from shared.files import FileStore
from shared.limits import Limiter
from shared.security import Signer

database = Database(lambda: settings().database_url)
Transaction = Annotated[Session, Depends(database.transaction, scope="function")]
bus = Bus(
    "registration",
    database,
    Base.metadata,
    lambda: settings().redis_url,
    keep_days=lambda: settings().keep_events_days,
)
own_links = Signer(lambda: settings().secret_key, "own-link")
forms = Signer(lambda: settings().secret_key, "form")
limiter = Limiter(lambda: settings().redis_url, lambda: settings().secret_key)
password_links = Signer(lambda: settings().secret_key, "password-link")
code_pages = Signer(lambda: settings().secret_key, "code-page")
files = FileStore(lambda: settings().files / "uploads")
printed = FileStore(lambda: settings().files / "printed")
