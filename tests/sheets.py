"""What a style sheet asks of a browser beyond the floor, with the Chrome that brought it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from compat import FLOOR, NEVER, data, earliest, since

OPAQUE = re.compile(
    r"""/\*.*?\*/|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?<=url\()[^"')]+""", re.DOTALL
)
MARK = re.compile(r"[{};]")
PSEUDO = re.compile(r"(?<!\\)::?([a-z-]+)")
LISTED_NOT = re.compile(r":not\([^()]*(?:\([^()]*\)[^()]*)*,")
FUNCTION = re.compile(r"(?<![\w-])([a-z][a-z0-9-]*)\(")
WORD = re.compile(r"(?<![\w-])[a-z][a-z-]+(?![\w(-])")
FEATURE = re.compile(r"\(\s*([a-z-]+)\s*[:)]")
PREFIXED = ("-webkit-", "-moz-", "-ms-", "-o-", "--")
UNITS = {
    r"[sld]v(?:w|h|i|b|min|max)": 108,
    r"v[ib]": 108,
    r"cq(?:w|h|i|b|min|max)": 105,
    r"r?lh": 109,
    r"cap|rcap|rch|rex|ric": 118,
    r"ic": 106,
}
UNIT = re.compile(r"(?<![\w#-])[\d.]+([a-z]+)(?![\w(-])")
TYPES = {"rgb": 1, "rgba": 1, "hsl": 1, "hsla": 1, "var": 49, "format": 4, "selector": 83}
"""Functions that the data have under other names."""


class Rule(NamedTuple):
    """A block: what stands before it, the blocks around it, its declarations in order."""

    prelude: str
    around: tuple[str, ...]
    declarations: list[tuple[str, str]]


class Found(NamedTuple):
    """Something beyond the floor: what, since which Chrome, and where it stands."""

    what: str
    chrome: int
    where: str

    def __str__(self) -> str:
        since_when = "in no Chrome" if self.chrome == NEVER else f"since Chrome {self.chrome}"
        return f"{self.what} ({since_when}): {self.where}"


def rules(sheet: str) -> Iterator[Rule]:
    """Every block of a style sheet, inner ones before the one around them."""
    text = OPAQUE.sub(lambda found: '""' if found[0][0] in "\"'" else "", sheet)
    open_blocks = [Rule("", (), [])]
    start = 0
    for mark in MARK.finditer(text):
        said, start = text[start : mark.start()].strip(), mark.end()
        if mark[0] == "{":
            around = (*open_blocks[-1].around, open_blocks[-1].prelude)
            open_blocks.append(Rule(" ".join(said.split()), around, []))
            continue
        if ":" in said and not said.startswith("@"):
            name, _, value = said.partition(":")
            open_blocks[-1].declarations.append((name.strip().lower(), value.strip().lower()))
        elif said.startswith("@"):
            yield Rule(said, tuple(one.prelude for one in open_blocks), [])
        if mark[0] == "}":
            yield open_blocks.pop()


def beyond(sheet: str) -> Iterator[Found]:
    """What of this style sheet the floor does not understand and has nothing else to go by."""
    for rule in rules(sheet):
        where = " { ".join((*filter(None, rule.around), rule.prelude))[-120:]
        for what, chrome in (*_prelude(rule), *_declarations(rule)):
            if chrome > FLOOR:
                yield Found(what, chrome, where)


def _prelude(rule: Rule) -> Iterator[tuple[str, int]]:
    if rule.prelude.startswith("@"):
        yield from _at_rule(rule.prelude)
    elif not any(outer.startswith(("@keyframes", "@-webkit-key")) for outer in rule.around):
        yield from _selectors(rule)


def _at_rule(prelude: str) -> Iterator[tuple[str, int]]:
    known = data()["css"]["at-rules"]
    name = re.split(r"[\s(]", prelude[1:], maxsplit=1)[0]
    if not name.startswith(PREFIXED):
        yield f"@{name}", since(known[name]) if name in known else NEVER
    if name == "media":
        for feature in FEATURE.findall(prelude):
            bare = feature.removeprefix("min-").removeprefix("max-")
            if not bare.startswith(PREFIXED):
                yield f"@media ({feature})", since(known["media"][bare])
        if re.search("[<>=]", prelude):
            yield "@media (… >= …)", since(known["media"]["range_syntax"])


def _selectors(rule: Rule) -> Iterator[tuple[str, int]]:
    known = data()["css"]["selectors"]
    if any(outer and not outer.startswith("@") for outer in rule.around) or "&" in rule.prelude:
        yield "a rule within a rule", since(known["nesting"])
    if LISTED_NOT.search(rule.prelude):
        yield ":not(a, b)", since(known["not"]["selector_list"])
    for name in PSEUDO.findall(rule.prelude):
        if not name.startswith(PREFIXED):
            yield f":{name}", since(known[name]) if name in known else NEVER


def _declarations(rule: Rule) -> Iterator[tuple[str, int]]:
    """A value nobody understands is passed over for the one before it; so is a property for its
    old name with -webkit-. What @supports asks for first is harmless too.
    """
    if rule.prelude.startswith(("@font-face", "@property", "@page", "@counter-style")):
        return
    asked = " ".join(outer for outer in rule.around if outer.startswith("@supports"))
    understood = set()
    for name, value in rule.declarations:
        found = [one for one in _declaration(name, value) if one[1] > FLOOR]
        if not found:
            understood.add(name.removeprefix("-webkit-"))
        elif name not in understood and f"{name}:" not in asked.replace(" ", ""):
            yield from found


def _declaration(name: str, value: str) -> Iterator[tuple[str, int]]:
    known = data()["css"]["properties"]
    if name.startswith(PREFIXED):
        named = {}
    else:
        named = known.get(name, {})
        yield name, since(named) if named else NEVER
    for word in WORD.findall(value):
        if word in named and "__compat" in named[word]:
            yield f"{name}: {word}", since(named[word])
    for function in FUNCTION.findall(value):
        yield f"{function}()", _functions().get(function, NEVER)
    for unit in UNIT.findall(value):
        for pattern, chrome in UNITS.items():
            if re.fullmatch(pattern, unit):
                yield f"the unit {unit}", chrome


@cache
def _functions() -> dict[str, int]:
    known = earliest(data()["css"]["types"], data()["css"]["properties"]) | TYPES
    return {name.lower(): chrome for name, chrome in known.items()}
