"""来源用语: the sources of ratings as people call them."""

from __future__ import annotations

from producers.sources import sources


def source_title(name: str) -> str:
    """What a source is called; its name, where it is shipped no more."""
    return next((known.profile.title for known in sources() if known.name == name), name)
