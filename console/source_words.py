"""来源用语: the sources of ratings, and the fields of their rows, as people call them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from producers.sources import source, sources

OWN = "bihuan"
"""The source whose own column names are Chinese."""


def source_title(name: str) -> str:
    """What a source is called; its name, where it is shipped no more."""
    return next((known.profile.title for known in sources() if known.name == name), name)


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
    for theirs, ours in source(OWN).profile.fields.items():
        found.setdefault(ours, theirs)
    return found
