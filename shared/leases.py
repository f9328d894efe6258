"""Work that one worker has in hand for a while, such as an import, and keeps with every batch."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row


class Overtaken(Exception):
    """It was cancelled, or is another worker's by now."""


@dataclass(slots=True)
class Claim:
    """A row in this worker's hands until `mark`, the end of its lease, which moves with writes."""

    row: Row[Any]
    mark: datetime

    @property
    def key(self) -> dict[str, Any]:
        """What a write must name to be heard."""
        return {"id": self.row.id, "state": self.row.state, "mark": self.mark}
