"""分析: the rules a rating is looked at by, from a versioned TOML file."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import re2

from workflow.errors import InvalidInput

Weight = Literal["low", "medium", "high"]
CATEGORIES = ("态度", "时限", "流程", "材料", "系统", "收费", "环境", "其他")
SHIPPED = Path(__file__).parent / "analysis_rules.toml"


class Words:
    """Some words, found in linear time whatever the text."""

    def __init__(self, words: Iterable[str]) -> None:
        longest_first = sorted(set(words), key=lambda word: (-len(word), word))
        pattern = "|".join(re2.escape(word) for word in longest_first)
        self._pattern: Any = re2.compile(pattern) if pattern else None

    def found(self, text: str) -> tuple[str, ...]:
        """The words in the text's order, where they overlap the longest; never more of the text."""
        return tuple(self._pattern.findall(text)) if text and self._pattern is not None else ()


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: ticked codes or words of the text it answers to, and what it then says."""

    id: str
    codes: frozenset[str]
    words: frozenset[str]
    unless: Words
    silent: bool = False
    category: str = ""
    weight: Weight = "low"

    def ticked(self, reasons: Sequence[str]) -> str | None:
        """The first reason ticked that is one of its codes."""
        return next((code for code in reasons if code in self.codes), None)

    def worded(self, words: Sequence[str]) -> str | None:
        """The first of the words found that is one of its own."""
        return next((word for word in words if word in self.words), None)


@dataclass(frozen=True, slots=True)
class AnalysisRules:
    """The rules in force under a version; earlier ones of a kind win. `words` are all of theirs."""

    version: str
    bulk_a_day: int
    duplicate_hours: int
    categories: tuple[Rule, ...]
    grave: tuple[Rule, ...]
    misoperation: tuple[Rule, ...]
    words: Words


@cache
def shipped() -> AnalysisRules:
    """The rules that come with the product."""
    return rules_of(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))


def rules_of(table: Mapping[str, Any]) -> AnalysisRules:
    """The rules of a parsed file. Raises InvalidInput for what is missing or unknown."""
    try:
        thresholds = table["thresholds"]
        categories, grave, misoperation = (
            tuple(_rule(row) for row in table[kind])
            for kind in ("category", "grave", "misoperation")
        )
        rules = AnalysisRules(
            str(table["version"]),
            int(thresholds["bulk_a_day"]),
            int(thresholds["duplicate_hours"]),
            categories,
            grave,
            misoperation,
            Words(w for rule in (*categories, *grave, *misoperation) for w in rule.words),
        )
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput("analysis_rules", str(error), "分析规则不完整或写法不对") from None
    for rule in rules.categories:
        if rule.category not in CATEGORIES:
            raise InvalidInput(rule.id, rule.category, f"类别须是 {'、'.join(CATEGORIES)} 之一")
    return rules


def _rule(row: Mapping[str, Any]) -> Rule:
    if row.get("weight", "low") not in ("low", "medium", "high"):
        raise ValueError(row["weight"])
    return Rule(
        str(row["id"]),
        frozenset(map(str, row.get("codes", ()))),
        frozenset(map(str, row.get("words", ()))),
        Words(row.get("unless", ())),
        bool(row.get("silent", False)),
        str(row.get("category", "")),
        row.get("weight", "low"),
    )
