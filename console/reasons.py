"""为什么是这天: how a limit of one complaint was reckoned, every day counted and skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

from console import wording
from workflow.calendar import DayNote, Limit, due, instant, micros
from workflow.complaint import Complaint, Open
from workflow.errors import InvalidInput
from workflow.policy import LimitRule
from workflow.rulebook import BoundRules


@dataclass(frozen=True, slots=True)
class Part:
    """One reckoning: from when (microseconds UTC), how much, by which days, to when."""

    text: str
    begins: int
    days: tuple[DayNote, ...]
    ends: int


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a limit falls due when it does. Instants in microseconds UTC; `moved`: the due time is
    another than the reckoning of today gives, because the calendar or the pauses were others then.
    """

    label: str
    rule: str
    source: str
    parts: tuple[Part, ...]
    pauses: tuple[tuple[int, int], ...]
    due_at: int
    warn_at: int | None
    red_at: int | None
    provisional: bool
    calendar: str
    moved: bool


def why(rules: BoundRules, c: Complaint, limit: str, stamp: Open | None = None) -> Reason:
    """Of the limit as it runs, or as this stamp had it once. Raises InvalidInput where no such
    limit runs, or ran last, for this complaint.
    """
    opened = stamp or c.limits.get(limit) or (c.met_rectify if limit == "rectify" else None)
    rule = rules.policy.limit_for(limit, c.complex_in(limit))
    if opened is None or rule is None:
        raise InvalidInput("limit", limit, "这件现在没有这项时限")
    latest = opened.generation == c.generations.get(limit)
    pauses = tuple((a, b) for a, b in c.pauses.get(limit, ()) if latest)
    parts = _parts(rules, rule, opened, c, limit, pauses)
    return Reason(
        wording.LIMIT_NAMES.get(limit, limit),
        rule.limit.chinese,
        rule.source,
        parts,
        pauses,
        opened.due_at,
        opened.warn_at,
        opened.red_at,
        opened.provisional,
        opened.calendar,
        parts[-1].ends != opened.due_at,
    )


def _parts(
    rules: BoundRules,
    rule: LimitRule,
    opened: Open,
    c: Complaint,
    limit: str,
    pauses: Sequence[tuple[int, int]],
) -> tuple[Part, ...]:
    stopped = tuple((instant(a), instant(b)) for a, b in pauses)
    first = due(
        rules.calendar,
        instant(opened.opened_at),
        rule.limit,
        start_rule=rule.start_rule,
        end=rule.end,
        roll=rule.roll,
        pauses=stopped,
    )
    parts = (Part(rule.limit.chinese, opened.opened_at, first.days, micros(first.due_at)),)
    if limit != "rectify" or not c.extension_days or opened.due_at == opened.original_due_at:
        return parts
    more = Limit(c.extension_days, rules.policy.extension_max.unit)
    last = instant(opened.original_due_at) - timedelta(microseconds=1)
    added = due(rules.calendar, last, more, end=rule.end, roll=rule.roll)
    text = f"同意延期 {more.chinese}"
    return (*parts, Part(text, opened.original_due_at, added.days, micros(added.due_at)))
