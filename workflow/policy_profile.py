"""规则: what a profile of a jurisdiction says, each value with its source; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property
from typing import Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from workflow.calendar import Calendar, End, Limit, StartRule
from workflow.errors import InvalidInput

__all__ = ["LIMITS", "OURS", "WINDOWS", "Act", "Escalation", "LimitRule", "Policy"]

OURS: Final = "ours"
"""Begins the source of a value no document gives."""
LIMITS: Final = (
    "verify",
    "malice_review",
    "assign",
    "acknowledge",
    "rectify",
    "return_ruling",
    "extension_ruling",
    "appeal_ruling",
    "review",
    "reevaluate",
    "final_ruling",
    "total",
)
"""The limits of the loop: someone answers for each, and missing one has consequences."""
WINDOWS: Final = ("return_window", "appeal_window", "objection_window", "rating_window")
"""How long someone may still ask for something; nobody is late by letting one pass."""


Act = Literal["remind", "supervise", "rule"]


class Escalation(NamedTuple):
    """One rung: at a stage of a limit, which act (催办, 督办, 终裁) turns to whom.

    The role "answerable" is whoever answers for the limit in the loop's table.
    """

    stage: str
    act: str
    role: str


@dataclass(frozen=True, slots=True, eq=False)
class LimitRule:
    """A limit as a profile sets it; `source` is a document, or begins with "ours"."""

    limit: Limit
    start_rule: StartRule
    end: End
    roll: bool
    kind: Literal["limit", "window"]
    warn: bool
    escalates_to: tuple[Escalation, ...]
    source: str
    complex_limit: Limit | None = None


@dataclass(frozen=True, eq=False)
class Policy:
    """A profile's version: pinned by a complaint at collection for the whole of its life.

    `sources` tells for each setting ("rules.review", "limits.rectify") where it comes from.
    """

    name: str
    version: str
    effective_from: date
    label: str
    calendar: Calendar
    verify_first: bool
    review: bool
    returns_allowed: bool
    max_returns: int
    max_rounds: int
    max_extensions: int
    extension_max: Limit
    min_calls: int
    call_spacing: timedelta
    scale: Literal["five", "three"]
    appeal_pauses: bool
    contact_pauses: bool
    reevaluation_channels: tuple[str, ...]
    min_match_k: int
    retention_days: int
    start_rule: StartRule
    end: End
    roll: bool
    limits: Mapping[str, LimitRule]
    ladder: tuple[Escalation, ...]
    sources: Mapping[str, str]

    @property
    def zone(self) -> ZoneInfo:
        """The office's zone."""
        return self.calendar.zone

    @cached_property
    def _complex(self) -> Mapping[str, LimitRule]:
        return {
            name: replace(rule, limit=rule.complex_limit) if rule.complex_limit else rule
            for name, rule in self.limits.items()
        }

    def limit_for(self, name: str, complex_case: bool = False) -> LimitRule | None:
        """The rule of a limit or window, for complex cases where the profile tells them apart."""
        return (self._complex if complex_case else self.limits).get(name)

    def with_limit(self, name: str, limit: Limit) -> "Policy":
        """The profile with one other limit, for a what-if; InvalidInput if it has no such limit."""
        rule = self.limits.get(name)
        if rule is None:
            raise InvalidInput("limit", name, f"没有这个时限，只有 {'、'.join(self.limits)}")
        changed = replace(rule, limit=limit, complex_limit=None, source="ours: 试算")
        return replace(self, limits={**self.limits, name: changed})
