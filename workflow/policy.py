"""规则: one profile for each jurisdiction and effective date; what falls due when, and on whose word."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Any, Final, Literal, NamedTuple
from zoneinfo import ZoneInfo

from workflow.calendar import (
    Calendar,
    End,
    Limit,
    Pauses,
    StartRule,
    due,
    instant,
    micros,
    opening_of_first_working_day_after,
    opening_of_working_day_before,
)
from workflow.errors import InvalidInput

__all__ = [
    "LIMITS",
    "WINDOWS",
    "Escalation",
    "LimitRule",
    "Policies",
    "Policy",
    "Stamp",
    "extended",
    "stamp",
]

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


class Escalation(NamedTuple):
    """One rung: at a stage of a limit, which act (催办, 督办, 终裁) turns to whom."""

    stage: Literal["yellow", "missed", "red"]
    act: Literal["remind", "supervise", "rule"]
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
    example: bool
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
    needs_reason: bool
    min_match_k: int
    retention_days: int
    start_rule: StartRule
    end: End
    roll: bool
    limits: Mapping[str, LimitRule]
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
        """The same profile with one other limit, for a what-if; InvalidInput if it has no such limit."""
        rule = self.limits.get(name)
        if rule is None:
            raise InvalidInput("limit", name, f"没有这个时限，只有 {'、'.join(self.limits)}")
        changed = replace(rule, limit=limit, complex_limit=None, source="ours: 试算")
        return replace(self, limits={**self.limits, name: changed})


class Policies:
    """All profiles, each in its versions."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._versions: dict[str, list[Policy]] = {}
        for policy in sorted(policies, key=lambda p: p.effective_from):
            self._versions.setdefault(policy.name, []).append(policy)

    @classmethod
    def load(cls) -> "Policies":
        """The shipped profiles; InvalidInput names file, field and reason of a broken one."""
        from workflow.policy_files import shipped  # noqa: PLC0415

        return shipped()

    def names(self) -> tuple[str, ...]:
        """The profiles' names, sorted."""
        return tuple(sorted(self._versions))

    def versions(self, name: str) -> tuple[Policy, ...]:
        """A profile's versions by effective date; InvalidInput for an unknown name."""
        if name not in self._versions:
            raise InvalidInput("profile", name, f"没有这个规则，只有 {'、'.join(self.names())}")
        return tuple(self._versions[name])

    def at(self, name: str, on: date) -> Policy:
        """The version in force on a date of the office; InvalidInput before the first."""
        in_force = [p for p in self.versions(name) if p.effective_from <= on]
        if not in_force:
            first = self._versions[name][0].effective_from
            raise InvalidInput("profile", f"{name} {on}", f"规则自 {first} 起生效")
        return in_force[-1]

    def get(self, name: str, version: str) -> Policy:
        """The pinned version; InvalidInput if it does not exist."""
        for policy in self.versions(name):
            if policy.version == version:
                return policy
        raise InvalidInput("profile", f"{name} {version}", "没有这个版本")

    def __iter__(self) -> Any:
        return (policy for name in self.names() for policy in self._versions[name])


@dataclass(frozen=True, slots=True)
class Stamp:
    """When a limit falls due and its cards show, in microseconds UTC, by which calendar."""

    due_at: int
    warn_at: int | None
    red_at: int | None
    provisional: bool
    calendar: str


def stamp(
    policy: Policy,
    calendar: Calendar,
    name: str,
    start: datetime,
    *,
    complex_case: bool = False,
    pauses: Pauses = (),
) -> Stamp | None:
    """What an aware start makes of a limit; None if the profile has no such limit.

    Yellow from the opening of the working day before, red from that of the first working day after.
    """
    rule = policy.limit_for(name, complex_case)
    if rule is None:
        return None
    micros(start, "start")
    if rule.limit.in_days and not pauses:
        return _by_date(calendar, rule, start.astimezone(calendar.zone).date())
    return _stamped(calendar, rule, start, pauses)


@lru_cache(maxsize=16384)
def _by_date(calendar: Calendar, rule: LimitRule, day: date) -> Stamp:
    # Day limits look at the date of their start only; noon exists on every date.
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=calendar.zone)
    return _stamped(calendar, rule, noon, ())


def _stamped(calendar: Calendar, rule: LimitRule, start: datetime, pauses: Pauses) -> Stamp:
    found = due(
        calendar,
        start,
        rule.limit,
        start_rule=rule.start_rule,
        end=rule.end,
        roll=rule.roll,
        pauses=pauses,
    )
    return _with_cards(calendar, rule, found.due_at, found.provisional)


def _with_cards(calendar: Calendar, rule: LimitRule, at: datetime, provisional: bool) -> Stamp:
    window = rule.kind == "window"
    yellow = None if window or not rule.warn else opening_of_working_day_before(calendar, at)
    red = None if window else opening_of_first_working_day_after(calendar, at)
    return Stamp(
        due_at=micros(at),
        warn_at=micros(yellow) if yellow else None,
        red_at=micros(red) if red else None,
        provisional=provisional,
        calendar=calendar.id,
    )


def extended(
    policy: Policy, calendar: Calendar, original_due: datetime | int, days: int
) -> Stamp:
    """The rectification limit with `days` (all extensions together) added to its original due time.

    InvalidInput when that is less than one day or more than the profile allows.
    """
    most = policy.extension_max
    if not 1 <= days <= most.amount:
        raise InvalidInput("days", days, f"延期合计须在 1 至 {most.amount} 之间（{most.chinese}）")
    at = instant(original_due) if isinstance(original_due, int) else original_due
    last = at - timedelta(microseconds=1)  # a due time at 24:00 belongs to the day it closes
    rule = policy.limits["rectify"]
    found = due(calendar, last, Limit(days, most.unit), end=rule.end, roll=rule.roll)
    return _with_cards(calendar, rule, found.due_at, found.provisional)
