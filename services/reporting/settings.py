"""What reporting is told by its environment."""

from decimal import Decimal
from functools import cache
from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Reporting's own settings, on top of the shared ones."""

    database_url: str = Field(validation_alias="DATABASE_URL_REPORTING")
    secret_key: str = Field(min_length=32, validation_alias="SECRET_KEY_REPORTING")
    keep_reports_days: int = Field(default=30, ge=1)
    # Above 75 a score is green, above 25 yellow; with 74.99 the programme's other reading holds.
    kpi_green_above: Decimal = Field(default=Decimal(75), ge=0, le=100)
    kpi_yellow_above: Decimal = Field(default=Decimal(25), ge=0, le=100)

    @property
    def reports(self) -> Path:
        """Where finished reports lie; API and workers on several hosts share this folder."""
        return self.files / "reports"


@cache
def settings() -> Settings:
    """Read once, on first use."""
    return Settings()
