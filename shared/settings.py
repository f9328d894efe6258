"""What every service is told by its environment. A service adds its own in `settings.py`."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

DEMO = "demo-only"  # marks the secrets in docker-compose.yml that production refuses


class ServiceSettings(BaseSettings):
    """Settings that all three services share; names are those of the environment variables."""

    model_config = SettingsConfigDict(
        env_ignore_empty=True,
        frozen=True,
        hide_input_in_errors=True,  # an error goes to a log, and a secret must not
    )

    environment: Literal["demo", "production"] = "demo"
    base_url: str = "http://127.0.0.1:8000"  # as people see it, without a slash at the end
    redis_url: str
    secret_key: str = Field(min_length=32)  # signs this service's own links and forms
    token_public_key: str  # JWK (OKP, Ed25519) that verifies sign-in tokens
    files: Path = Path(".data/files")
    keep_events_days: int = Field(default=30, ge=1)
    log_json: bool = True

    @model_validator(mode="after")
    def _production_has_its_own_secrets(self) -> Self:
        if self.environment == "production":
            demo = [
                name
                for name, value in self
                if isinstance(value, str) and DEMO in value and name != "environment"
            ]
            if demo:
                raise ValueError(f"production needs its own values for: {', '.join(demo)}")
            if not self.base_url.startswith("https://"):
                raise ValueError("production needs a base_url that starts with https://")
        return self
