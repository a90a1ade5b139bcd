"""链接: complaint, round and expiry of a citizen's link, under the office's key; pure."""

from __future__ import annotations

import binascii
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode

from workflow.errors import InvalidInput

_SEAL = 16
_LONGEST = 300


def make(key: bytes, subject: str, round: int, expires_at: int) -> str:
    """The token of a link; `expires_at` in microseconds UTC. Nothing of it needs to be stored."""
    body = f"{subject}/{round}/{expires_at}".encode()
    return f"{_text(body)}.{_text(_seal(key, body))}"


def read(key: bytes, token: str) -> tuple[str, int, int]:
    """Complaint, round and expiry of a token made with this key; the caller asks if it expired.

    Raises InvalidInput, which never shows the token.
    """
    try:
        body, seal = (_bytes(part) for part in token[:_LONGEST].split("."))
        genuine = hmac.compare_digest(seal, _seal(key, body))
        subject, number, expires_at = body.decode().rsplit("/", 2)
        if genuine:
            return subject, int(number), int(expires_at)
    except (ValueError, binascii.Error):
        pass
    raise InvalidInput("link", "（不显示）", "链接不完整或不是本单位发出的")


def _seal(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"reevaluate:" + body, "sha256")[:_SEAL]


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _bytes(text: str) -> bytes:
    """Only the one spelling that `_text` gives is taken: no second token opens the same link."""
    data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _text(data) != text:
        raise ValueError(text)
    return data
