"""What registration is told by its environment."""

from functools import cache

from pydantic import Field

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Registration's own settings, on top of the shared ones."""

    database_url: str = Field(validation_alias="DATABASE_URL_REGISTRATION")
    secret_key: str = Field(min_length=32, validation_alias="SECRET_KEY_REGISTRATION")
    token_private_key: str  # JWK that signs sign-in tokens; only this service has it


@cache
def settings() -> Settings:
    """Read once, on first use."""
    return Settings()
