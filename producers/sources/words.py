"""来源用语: the fields of rows, and the codes that may stand in them, as people call them."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

from producers.sources.profile import read_profile
from schemas.codes import LEVELS

FEW = 12
"""So many codes at most are named where one is refused."""

_OWN = Path(__file__).with_name("bihuan.toml")


def field_title(field: str) -> str:
    """A field of ours as people call it, and as systems have it; "" is the row as a whole."""
    if not field:
        return "整行"
    word = field_words().get(field)
    return f"{word}（{field}）" if word else field


@cache
def field_words() -> Mapping[str, str]:
    """What our fields are called: the first name that our own table has for each."""
    found: dict[str, str] = {}
    for theirs, ours in read_profile(_OWN).fields.items():
        found.setdefault(ours, theirs)
    return found


def codes_told(table: Mapping[str, Any]) -> str:
    """What may be written, each meaning once, by the first code there is for it; "" where there
    are more than a few.
    """
    first: dict[Any, str] = {}
    for code, meant in table.items():
        first.setdefault(meant, f"{code} {_called(meant)}".rstrip() if code.isascii() else code)
    return f"，可写：{'、'.join(first.values())}" if len(first) <= FEW else ""


def _called(meant: object) -> str:
    if isinstance(meant, bool):
        return "是" if meant else "否"
    if isinstance(meant, Enum):
        return str(getattr(meant, "label", ""))
    return LEVELS.get(meant, "") if isinstance(meant, int) else ""
