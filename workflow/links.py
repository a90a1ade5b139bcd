"""链接: complaint, round and expiry of a citizen's link, under the office's key, and the code that
can be read out and typed instead; pure.
"""

from __future__ import annotations

import binascii
import hmac
import re
import unicodedata
from base64 import urlsafe_b64decode, urlsafe_b64encode

from workflow.errors import InvalidInput

_SEAL = 16
_LONGEST = 300
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_MISREAD = str.maketrans("OIL", "011")
_BETWEEN = re.compile("[^0-9A-Z]+")
_NUMBER, _PROOF = 4, 8
"""Letters of a code, five bits each: four or more for the complaint's number, eight to prove it."""

_SUBJECT = re.compile("CP([0-9]{2})-([0-9]{4,10})")


def make(key: bytes, subject: str, round: int, expires_at: int) -> str:
    """The token of a link; `expires_at` in microseconds UTC. Nothing of it needs to be stored."""
    body = f"{subject}/{round}/{expires_at}".encode()
    return f"{_text(body)}.{_text(_seal(key, body))}"


def read(key: bytes, token: str) -> tuple[str, int, int]:
    """Complaint, round and expiry of a token made with this key; the caller asks if it expired.

    Raises InvalidInput, which never shows the token.
    """
    try:
        body, seal = (_bytes(part) for part in str(token)[:_LONGEST].split("."))
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


def hold(key: bytes, held: str, until: int) -> str:
    """What a browser keeps of a token or a code that was looked at; `until` in microseconds UTC."""
    body = f"{until}/{held}".encode()
    return f"{_text(body)}.{_text(_held(key, body))}"


def held_in(key: bytes, kept: str, now: int) -> str:
    """The token or code that `hold` sealed with this key. Raises InvalidInput, which never shows
    it, for anything else and where it is over.
    """
    try:
        body, seal = (_bytes(part) for part in kept[: 3 * _LONGEST].split("."))
        if hmac.compare_digest(seal, _held(key, body)):
            until, held = body.decode().split("/", 1)
            if now < int(until):
                return held
    except (ValueError, binascii.Error):
        pass
    raise InvalidInput("held", "（不显示）", "页面已关闭")


def _held(key: bytes, body: bytes) -> bytes:
    return hmac.digest(key, b"held:" + body, "sha256")[:_SEAL]


def code_of(key: bytes, subject: str) -> str:
    """The complaint's code in groups of four letters, without those that look alike."""
    found = _SUBJECT.fullmatch(subject)
    if found is None:
        raise ValueError(subject)
    year, serial = map(int, found.groups())
    code = _letters(serial * 100 + year, _NUMBER) + _proof(key, subject)
    return "-".join(code[place : place + 4] for place in range(0, len(code), 4))


def read_code(key: bytes, typed: str) -> str:
    """The complaint of a code, however it was typed. Raises InvalidInput, which never shows it."""
    letters = unicodedata.normalize("NFKC", typed[:_LONGEST]).upper()
    code = _BETWEEN.sub("", letters).translate(_MISREAD)
    number, proof = code[:-_PROOF], code[-_PROOF:]
    if _NUMBER <= len(number) <= 2 * _NUMBER and set(code) <= set(_LETTERS):
        serial, year = divmod(
            sum(32**n * _LETTERS.index(c) for n, c in enumerate(number[::-1])), 100
        )
        subject = f"CP{year:02d}-{serial:04d}"
        if hmac.compare_digest(proof, _proof(key, subject)):
            return subject
    raise InvalidInput("code", "（不显示）", "查询码不对，请核对后再输")


def _proof(key: bytes, subject: str) -> str:
    seal = hmac.digest(key, b"code:" + subject.encode(), "sha256")
    return _letters(int.from_bytes(seal[:5], "big"), _PROOF)


def _letters(number: int, least: int) -> str:
    text = ""
    while number or len(text) < least:
        number, letter = divmod(number, 32)
        text = _LETTERS[letter] + text
    return text
