"""指标: what stands beside a rate, without which it would say less than it seems to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workflow.formulas import Cohort, ComplaintFact, OrderFact

Beside = Mapping[str, tuple[ComplaintFact | OrderFact, ...]]
"""Complaints, or orders, by what is said of them; the texts are Chinese."""


def beside(formula: str, cohort: Cohort) -> Beside:
    """What is to be counted beside this formula's rate; nothing for most."""
    found = _BESIDE.get(formula)
    return {} if found is None else found(cohort)


def _judged_otherwise(cohort: Cohort) -> Beside:
    return {
        "恶意": cohort.judged("malicious"),
        "无法核实": cohort.judged("unverifiable"),
        "尚无结论": tuple(c for c in cohort.complaints if c.verdict is None),
    }


def _not_due(cohort: Cohort) -> Beside:
    unverified = [c for c in cohort.complaints if c.verified_at is None]
    return {
        "未到期": tuple(c for c in unverified if _later(c.verify_due_at, cohort)),
        "等联系方式": tuple(c for c in unverified if c.verify_due_at is None),
    }


def _later(due: int | None, cohort: Cohort) -> bool:
    return due is not None and due > cohort.as_of


def _orders(cohort: Cohort) -> Beside:
    counted = [o for o in cohort.orders if o.rectify_due_at is not None and not _withdrawn(o)]
    due = [o for o in counted if not _later(o.rectify_due_at, cohort)]
    sent = [(o, o.submitted_at) for o in due if o.submitted_at is not None]
    late = tuple(o for o, at in sent if at > (o.rectify_due_at or 0))
    in_time = [o for o, at in sent if at <= (o.rectify_due_at or 0)]
    return {
        "逾期提交": late,
        "逾期未结": tuple(o for o in due if o.submitted_at is None),
        "按期待审": tuple(o for o in in_time if o.accepted_at is None),
        "未到期": tuple(o for o in counted if _later(o.rectify_due_at, cohort)),
    }


def _withdrawn(order: OrderFact) -> bool:
    due = order.rectify_due_at
    return order.withdrawn_at is not None and due is not None and order.withdrawn_at <= due


def _anonymous(cohort: Cohort) -> Beside:
    unreachable = (
        o
        for o in cohort.orders
        if not o.real_name and o.callback_due_at is not None and o.withdrawn_at is None
    )
    return {"匿名或无电话，不在分母": tuple(unreachable)}


def _without_an_answer(cohort: Cohort) -> Beside:
    valid = cohort.judged("valid")
    return {
        name: tuple(c for c in valid if c.outcome == outcome)
        for name, outcome in (
            ("未答复", "unanswered"),
            ("事实核查", "checked"),
            ("终裁未解决", "unresolved"),
        )
    }


_BESIDE: Mapping[str, Callable[[Cohort], Beside]] = {
    "invalid_share": _judged_otherwise,
    "verify": _not_due,
    "rectify": _orders,
    "callback": _anonymous,
    "satisfied_first": _without_an_answer,
    "satisfied_final": _without_an_answer,
}
