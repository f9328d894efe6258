"""What registration is told by its environment."""

from functools import cache

from pydantic import Field, field_validator

from shared.settings import ServiceSettings


class Settings(ServiceSettings):
    """Registration's own settings, on top of the shared ones."""

    database_url: str = Field(validation_alias="DATABASE_URL_REGISTRATION")
    secret_key: str = Field(min_length=32, validation_alias="SECRET_KEY_REGISTRATION")
    token_private_key: str  # JWK that signs sign-in tokens; only this service has it
    nik_keys: str  # NIKs are encrypted with the first, and read with any; separated by commas

    @field_validator("nik_keys")
    @classmethod
    def _each_is_long_enough(cls, keys: str) -> str:
        if any(len(key.strip()) < 32 for key in keys.split(",")):
            raise ValueError("each of nik_keys needs 32 characters or more")
        return keys


@cache
def settings() -> Settings:
    """Read once, on first use."""
    return Settings()
