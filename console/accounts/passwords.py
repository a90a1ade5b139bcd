"""密码：what a password must be like, and its argon2 hash."""

from __future__ import annotations

import re
import secrets
import threading
import unicodedata
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from workflow.errors import InvalidInput

SHORTEST, LONGEST = 10, 128
FEWEST_CHARACTERS = 4
HASHER = PasswordHasher(time_cost=3, memory_cost=64 * 1024, parallelism=4)
_ONE_BY_ONE = threading.Lock()
"""A hash takes 64 MiB and four cores: who sign in at once wait for each other, not for memory."""

_COMMONEST = frozenset(
    {
        *("1234567890", "0123456789", "0987654321", "9876543210", "12345678910", "1234567891"),
        *("123456789a", "a123456789", "abc123456789", "123456789abc", "1q2w3e4r5t", "q1w2e3r4t5"),
        *("qwertyuiop", "qwertyuiop123", "1qaz2wsx3edc", "qazwsxedcrfv", "zaq12wsxcde3"),
        *("asdfghjkl123", "abcdefghij", "abcd123456", "abcde12345", "aa123456789", "asd123456789"),
        *("password123", "password1234", "passw0rd123", "p@ssw0rd123", "p@ssword123"),
        *(
            "admin12345",
            "admin123456",
            "admin@12345",
            "admin@123456",
            "administrator",
            "root123456",
        ),
        *("woaini1314", "woaini520", "woaini5201314", "5201314520", "iloveyou1314", "wodemima123"),
        *("huawei@123", "huawei12345", "bihuan12345", "bihuan123456", "changeme123", "welcome123"),
        *("zhengwu12345", "zwfw123456", "hotline12345", "rexian12345", "12345rexian", "test123456"),
    }
)
"""Of those that are long enough, in lower case."""


def checked(password: str, account: str) -> str:
    """The password as it is hashed: NFC. Raises InvalidInput, which never shows it."""
    found = normal(password)
    reason = weakness(found, account)
    if reason is not None:
        raise InvalidInput("password", "（不显示）", reason)
    return found


def weakness(password: str, account: str) -> str | None:
    """Why this may not be the password of this account; None if it may."""
    low = password.casefold()
    if len(re.sub(" +", " ", password).strip()) < SHORTEST or len(password) > LONGEST:
        return f"须是 {SHORTEST} 至 {LONGEST} 个字，连着的空格只算一个"
    if not password.isprintable():
        return "含有打不出来的字符"
    if len(set(low)) < FEWEST_CHARACTERS:
        return f"至少要有 {FEWEST_CHARACTERS} 种不同的字"
    if low in _COMMONEST:
        return "太常见，一猜就中"
    if low == account or (len(account) >= FEWEST_CHARACTERS and account in low):
        return "不能含有账号"
    return None


def normal(password: str) -> str:
    """NFC, so that the same keys give the same password on every machine."""
    return unicodedata.normalize("NFC", password)


def hashed(password: str) -> str:
    """The argon2id hash of a checked password."""
    with _ONE_BY_ONE:
        return HASHER.hash(password)


def matches(hashed: str | None, password: str) -> bool:
    """Whether the hash is this password's; without a hash it is nobody's, after the same time."""
    nobodys = _nobodys()
    try:
        with _ONE_BY_ONE:
            HASHER.verify(hashed or nobodys, normal(password)[: LONGEST + 1])
    except (VerificationError, InvalidHashError, UnicodeEncodeError):
        return False
    return hashed is not None


@cache
def _nobodys() -> str:
    """What no password matches; made at the first sign-in, whoever's it is."""
    return hashed(secrets.token_hex())


def outdated(hashed: str) -> bool:
    """Whether it was made with other parameters than today's."""
    return HASHER.check_needs_rehash(hashed)
