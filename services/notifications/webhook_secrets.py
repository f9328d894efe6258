"""Secrets of webhooks: made, kept encrypted, and signed with as Standard Webhooks says.

https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md
"""

import base64
import hashlib
import hmac
import secrets
from collections.abc import Iterable

from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from services.notifications.settings import settings

PREFIX = "whsec_"
OVERLAP_HOURS = 24  # how long a former secret signs beside the new one


def new() -> str:
    """A secret as its receiver keeps it: 256 random bits."""
    return PREFIX + base64.b64encode(secrets.token_bytes(32)).decode()


def lock(secret: str) -> str:
    """Encrypt a secret, so that a copy of the database signs nothing."""
    return _box().encrypt(secret.encode()).decode()


def unlock(locked: str) -> str:
    """The secret. Raises `InvalidToken` when SECRET_KEY_NOTIFICATIONS is another than then."""
    return _box().decrypt(locked.encode()).decode()


def sign(keys: Iterable[str], identity: str, timestamp: int, body: bytes) -> str:
    """The value of `webhook-signature`, with a signature by each secret."""
    signed = f"{identity}.{timestamp}.".encode() + body
    return " ".join(
        "v1," + base64.b64encode(hmac.digest(_bytes(key), signed, hashlib.sha256)).decode()
        for key in keys
    )


def _bytes(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(PREFIX))


def _box() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"webhook secrets")
    return Fernet(base64.urlsafe_b64encode(derived.derive(settings().secret_key.encode())))
