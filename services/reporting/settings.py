"""What reporting is told by its environment."""

from functools import cache
from pathlib import Path

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Reporting's own settings, on top of the shared ones."""

    database_url: str = Field(validation_alias="DATABASE_URL_REPORTING")
    secret_key: str = Field(min_length=32, validation_alias="SECRET_KEY_REPORTING")
    keep_reports_days: int = Field(default=30, ge=1)

    @property
    def reports(self) -> Path:
        """Where finished reports lie; API and workers on several hosts share this folder."""
        return self.files / "reports"


@cache
def settings() -> Settings:
    """Read once, on first use."""
    return Settings()
