"""归集: the sources of ratings by name, one TOML file each; none is assumed and none is guessed."""

from functools import cache
from pathlib import Path

from producers.sources.coding import Kind, Layout, Source
from producers.sources.profile import read_profile
from workflow.errors import InvalidInput

__all__ = ["Kind", "Layout", "Source", "load_source", "source", "sources"]

_FOLDER = Path(__file__).parent


def load_source(path: Path) -> Source:
    """The source described in a TOML file; InvalidInput names the key that is wrong."""
    return Source(read_profile(path))


@cache
def sources() -> tuple[Source, ...]:
    """Every source shipped, by name."""
    return tuple(load_source(path) for path in sorted(_FOLDER.glob("*.toml")))


def source(name: str) -> Source:
    """The source with this name or alias; InvalidInput if there is none."""
    for known in sources():
        if name == known.name or name in known.profile.aliases:
            return known
    listed = "、".join(known.name for known in sources())
    raise InvalidInput("source", name, f"没有这个来源；现有：{listed}")
