"""规则: one profile for each jurisdiction and effective date, and what falls due by it; pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import lru_cache

from workflow.calendar import (
    Calendar,
    Limit,
    Pauses,
    due,
    instant,
    micros,
    opening_of_first_working_day_after,
    opening_of_working_day_before,
)
from workflow.errors import InvalidInput
from workflow.policy_files import shipped
from workflow.policy_profile import LIMITS, WINDOWS, Escalation, LimitRule, Policy

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


class Policies:
    """All profiles, each in its versions."""

    def __init__(self, policies: Iterable[Policy]) -> None:
        self._versions: dict[str, list[Policy]] = {}
        for policy in sorted(policies, key=lambda p: p.effective_from):
            self._versions.setdefault(policy.name, []).append(policy)

    @classmethod
    def load(cls) -> "Policies":
        """The shipped profiles; InvalidInput names file, field and reason of a broken one."""
        return cls(shipped())

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

    def __iter__(self) -> Iterator[Policy]:
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


def extended(policy: Policy, calendar: Calendar, original_due: datetime | int, days: int) -> Stamp:
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
