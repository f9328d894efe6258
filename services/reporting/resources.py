"""What this service holds open: its database, its place on the bus, its signatures."""

from typing import Annotated

from fastapi import Depends
from sqlalchemy.orm import Session

from services.reporting.models import Base
from services.reporting.settings import settings
from shared.bus import Bus
from shared.database import Database
from shared.files import FileStore
from shared.limits import Limiter
from shared.security import Signer

database = Database(lambda: settings().database_url)
Transaction = Annotated[Session, Depends(database.transaction, scope="function")]
bus = Bus(
    "reporting",
    database,
    Base.metadata,
    lambda: settings().redis_url,
    keep_days=lambda: settings().keep_events_days,
)
file_links = Signer(lambda: settings().secret_key, "report-file")
forms = Signer(lambda: settings().secret_key, "form")
limiter = Limiter(lambda: settings().redis_url, lambda: settings().secret_key)
import_files = FileStore(lambda: settings().files / "imports")
evidence_files = FileStore(lambda: settings().files / "evidence")
evidence_links = Signer(lambda: settings().secret_key, "evidence")
own_page_links = Signer(lambda: settings().secret_key, "library-own-page")
