"""试算: a period's orders under another limit, by the calendar their complaints are held to."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final
from zoneinfo import ZoneInfo

from rich.console import Console
from sqlalchemy import Connection, select

from console.reports.delays import Delays, delays_of
from console.reports.footing import print_table, table_of
from console.reports.periods import Period
from console.reports.reading import cohort_of
from console.wording import local
from workflow.calendar import Limit
from workflow.clock import instant
from workflow.errors import InvalidInput
from workflow.formulas import FORMULAS, Cohort, OrderFact, Rate
from workflow.policy import extended, stamp
from workflow.rulebook import Rulebook
from workflow.storage.database import looked_up
from workflow.storage.models import complaints
from workflow.units import UnitList

LIMITS: Final = {"rectify": "整改", "acknowledge": "签收"}
"""Limits of a work order, both from its dispatch; a formula of the same id measures each."""


@dataclass(frozen=True, slots=True)
class Change:
    """Which limit, and what it would be."""

    name: str
    limit: Limit

    @classmethod
    def parse(cls, text: str) -> Change:
        """From "rectify=3 working days"; InvalidInput for an unknown limit or a bad amount."""
        name, equals, amount = text.partition("=")
        if not equals:
            raise InvalidInput("set", text, "写成“时限=多少”，如 rectify=3 working days")
        if name.strip() not in LIMITS:
            known = "、".join(f"{key}（{label}）" for key, label in LIMITS.items())
            raise InvalidInput("set", name.strip(), f"不能试算这个时限，可以试算 {known}")
        return cls(name.strip(), Limit.parse(amount))


@dataclass(frozen=True, slots=True)
class Trial:
    """One order now and under the change; due times in microseconds UTC."""

    order: OrderFact
    done_at: int | None
    due_before: int
    due_after: int
    as_of: int

    @property
    def late_before(self) -> bool:
        return self._late(self.due_before)

    @property
    def late_after(self) -> bool:
        return self._late(self.due_after)

    def _late(self, due: int) -> bool:
        ended = self.order.withdrawn_at or self.as_of
        return due < (ended if self.done_at is None else self.done_at)


@dataclass(frozen=True, slots=True)
class WhatIf:
    """What the change would have made of the period's orders."""

    change: Change
    formula: str
    before: Rate
    after: Rate
    trials: tuple[Trial, ...]

    @property
    def newly_late(self) -> tuple[Trial, ...]:
        return tuple(t for t in self.trials if t.late_after and not t.late_before)

    @property
    def no_longer_late(self) -> tuple[Trial, ...]:
        return tuple(t for t in self.trials if t.late_before and not t.late_after)


def what_if(
    conn: Connection,
    rulebook: Rulebook,
    period: Period,
    units: Sequence[str],
    change: Change,
    now: int,
) -> WhatIf:
    """Each order's due time anew from its dispatch, its pause and extension kept; both rates as
    of now.
    """
    cohort = cohort_of(conn, rulebook.policies, period, units, now, None)
    subjects = sorted({order.subject for order in cohort.orders})
    delays, pinned = delays_of(conn, subjects), _profiles(conn, subjects)
    moved = tuple(
        _moved(order, change, rulebook, pinned[order.subject], delays[_id(order)])
        for order in cohort.orders
    )
    formula = FORMULAS[change.name]
    return WhatIf(
        change,
        formula.name,
        formula.measure(cohort),
        formula.measure(replace(cohort, orders=moved)),
        tuple(_trials(cohort, moved, change)),
    )


def _id(order: OrderFact) -> tuple[str, int]:
    return order.subject, order.number


def _moved(
    order: OrderFact, change: Change, rulebook: Rulebook, pinned: tuple[str, str], delays: Delays
) -> OrderFact:
    rules = rulebook.bound(*pinned)
    policy = rules.policy.with_limit(change.name, change.limit)
    rectify = change.name == "rectify"
    pauses = delays.pauses if rectify else ()
    new = stamp(policy, rules.calendar, change.name, instant(order.assigned_at), pauses=pauses)
    if new is None or (rectify and order.rectify_due_at is None):
        return order
    if not rectify:
        return replace(order, acknowledge_due_at=new.due_at)
    days = delays.days
    due = extended(policy, rules.calendar, new.due_at, days).due_at if days else new.due_at
    return replace(order, rectify_due_at=due, original_due_at=new.due_at)


def _trials(cohort: Cohort, moved: Sequence[OrderFact], change: Change) -> Iterator[Trial]:
    for order, after in zip(cohort.orders, moved, strict=True):
        rectify = change.name == "rectify"
        done = order.submitted_at if rectify else order.acknowledged_at
        due = order.rectify_due_at if rectify else order.acknowledge_due_at
        due_after = after.rectify_due_at if rectify else after.acknowledge_due_at
        if due is None or due_after is None:
            continue
        if order.withdrawn_at is None or order.withdrawn_at > min(due, due_after):
            yield Trial(order, done, due, due_after, cohort.as_of)


def _profiles(conn: Connection, subjects: Sequence[str]) -> Mapping[str, tuple[str, str]]:
    query = select(complaints.c.id, complaints.c.profile, complaints.c.profile_version)
    rows = looked_up(conn, query, complaints.c.id, subjects)
    return {row.id: (row.profile, row.profile_version) for row in rows}


def whatif_json(found: WhatIf, units: UnitList, zone: ZoneInfo) -> dict[str, Any]:
    """The same for a machine, every order listed."""
    return {
        "limit": found.change.name,
        "amount": str(found.change.limit),
        "formula": found.change.name,
        "before": _rate_json(found.before),
        "after": _rate_json(found.after),
        "newly_late": [t.order.subject for t in found.newly_late],
        "orders": [_trial_json(trial, units, zone) for trial in found.trials],
    }


def _rate_json(rate: Rate) -> dict[str, Any]:
    return {"n": rate.numerator, "d": rate.denominator, "printed": rate.percent()}


def _trial_json(trial: Trial, units: UnitList, zone: ZoneInfo) -> dict[str, Any]:
    done = None if trial.done_at is None else local(trial.done_at, zone).isoformat()
    return {
        "complaint": trial.order.subject,
        "order": trial.order.number,
        "unit": _unit_name(trial, units),
        "assigned": local(trial.order.assigned_at, zone).isoformat(),
        "done": done,
        "due_before": local(trial.due_before, zone).isoformat(),
        "due_after": local(trial.due_after, zone).isoformat(),
        "late_before": trial.late_before,
        "late_after": trial.late_after,
    }


def _unit_name(trial: Trial, units: UnitList) -> str:
    unit = units.by_code.get(trial.order.unit)
    return trial.order.unit if unit is None else unit.printed


def render_whatif(console: Console, found: WhatIf, units: UnitList, zone: ZoneInfo) -> None:
    """The rates before and after, and the orders whose fate would have been another."""
    label = LIMITS[found.change.name]
    console.print(f"试算：{label}时限改为 {found.change.limit.chinese}；延期照旧，日历不变")
    console.print(
        f"{found.formula}：现为 {found.before.percent()}（{found.before}），"
        f"将为 {found.after.percent()}（{found.after}）"
    )
    changed = (*found.newly_late, *found.no_longer_late)
    if not changed:
        console.print(f"{len(found.trials)} 张工单的结果都不变")
        return
    table = table_of("差评件", "单位", "派单", "办结", "现到期", "试算到期", "结果", left=7)
    table.columns[1].no_wrap = False
    for trial in changed:
        outcome = "将逾期" if trial.late_after else "不再逾期"
        table.add_row(trial.order.subject, _unit_name(trial, units), *_times(trial, zone), outcome)
    print_table(console, table)
    rest = len(found.trials) - len(changed)
    console.print(f"共 {len(changed)} 张工单结果改变，其余 {rest} 张不变")


def _times(trial: Trial, zone: ZoneInfo) -> tuple[str, ...]:
    times = (trial.order.assigned_at, trial.done_at, trial.due_before, trial.due_after)
    return tuple("未办结" if t is None else f"{local(t, zone):%m-%d %H:%M}" for t in times)
