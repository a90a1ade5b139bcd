"""Since which Chrome something is understood, by MDN's compatibility data, as npm gave them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

DATA = (
    Path(__file__).parents[1]
    / "console/web/frontend/node_modules/@mdn/browser-compat-data/data.json"
)
FLOOR = 86
"""Old machines of offices run Windows 7 and browsers wrapped around Chromium 86."""

NEVER = 10_000


@cache
def data() -> dict[str, Any]:
    whole: dict[str, Any] = json.loads(DATA.read_text(encoding="utf-8"))
    return whole


def since(feature: dict[str, Any]) -> int:
    """The Chrome in which this feature works, if only in part, under its own name and without a
    switch, and has not gone again by the floor; NEVER.
    """
    said = feature["__compat"]["support"]["chrome"]
    found = [
        _number(one["version_added"])
        for one in (said if isinstance(said, list) else [said])
        if not {"prefix", "flags", "alternative_name"} & one.keys()
        and _number(one.get("version_removed", "preview")) > FLOOR
    ]
    return min(found, default=NEVER)


def _number(version: object) -> int:
    if not isinstance(version, str):
        return NEVER if not version else 0
    return int(version.lstrip("≤").split(".")[0]) if version != "preview" else NEVER


def features(tree: dict[str, Any]) -> Iterator[tuple[str, int]]:
    """Every name anywhere in this part of the data, with the Chrome that brought it."""
    for name, inner in tree.items():
        if name != "__compat" and isinstance(inner, dict):
            if "__compat" in inner:
                yield name, since(inner)
            yield from features(inner)


def earliest(*trees: dict[str, Any]) -> dict[str, int]:
    """Each name with the first Chrome in which anything of that name is there."""
    found: dict[str, int] = defaultdict(lambda: NEVER)
    for tree in trees:
        for name, version in features(tree):
            found[name] = min(found[name], version)
    return dict(found)
