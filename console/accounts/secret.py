"""密钥：random secrets that are shown once, of which the database keeps a digest."""

from __future__ import annotations

import hashlib
import secrets

_BYTES = 32
_LONGEST = 200


def new_secret(prefix: str = "") -> str:
    """A fresh secret of 256 random bits, to be shown once."""
    return prefix + secrets.token_urlsafe(_BYTES)


def digest_of(secret: str) -> str:
    """What is kept of a secret. Nobody can guess 256 random bits, so no slow hash is needed."""
    return hashlib.sha256(secret[:_LONGEST].encode("utf-8", "surrogatepass")).hexdigest()
