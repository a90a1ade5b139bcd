"""指标: the counts that stand beside a rate, without which it would say less than it seems to."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from workflow.formulas import Cohort, OrderFact

Beside = tuple[tuple[str, int], ...]


def beside(formula: str, cohort: Cohort) -> Beside:
    """Counts to be shown beside this formula's rate; none for most."""
    found = _COUNTS.get(formula)
    return () if found is None else found(cohort)


def _judged_otherwise(cohort: Cohort) -> Beside:
    pending = sum(c.verdict is None for c in cohort.complaints)
    return (
        ("恶意", len(cohort.judged("malicious"))),
        ("无法核实", len(cohort.judged("unverifiable"))),
        ("尚无结论", pending),
    )


def _not_due(cohort: Cohort) -> Beside:
    not_due = sum(
        c.verified_at is None and _later(c.verify_due_at, cohort) for c in cohort.complaints
    )
    stopped = sum(c.verified_at is None and c.verify_due_at is None for c in cohort.complaints)
    return (("未到期", not_due), ("等联系方式", stopped))


def _later(due: int | None, cohort: Cohort) -> bool:
    return due is not None and due > cohort.as_of


def _orders(cohort: Cohort) -> Beside:
    counted = [o for o in cohort.orders if o.rectify_due_at is not None and not _withdrawn(o)]
    due = [o for o in counted if not _later(o.rectify_due_at, cohort)]
    late = sum(o.submitted_at is not None and o.submitted_at > (o.rectify_due_at or 0) for o in due)
    open_overdue = sum(o.submitted_at is None for o in due)
    in_review = sum(
        o.submitted_at is not None
        and o.submitted_at <= (o.rectify_due_at or 0)
        and o.accepted_at is None
        for o in due
    )
    return (
        ("逾期提交", late),
        ("逾期未结", open_overdue),
        ("按期待审", in_review),
        ("未到期", len(counted) - len(due)),
    )


def _withdrawn(order: OrderFact) -> bool:
    due = order.rectify_due_at
    return order.withdrawn_at is not None and due is not None and order.withdrawn_at <= due


def _anonymous(cohort: Cohort) -> Beside:
    unreachable = sum(
        not o.real_name and o.callback_due_at is not None and o.withdrawn_at is None
        for o in cohort.orders
    )
    return (("匿名或无电话，不在分母", unreachable),)


def _without_an_answer(cohort: Cohort) -> Beside:
    valid = cohort.judged("valid")
    return tuple(
        (name, sum(c.outcome == outcome for c in valid))
        for name, outcome in (
            ("未答复", "unanswered"),
            ("事实核查", "checked"),
            ("终裁未解决", "unresolved"),
        )
    )


_COUNTS: Mapping[str, Callable[[Cohort], Beside]] = {
    "invalid_share": _judged_otherwise,
    "verify": _not_due,
    "rectify": _orders,
    "callback": _anonymous,
    "satisfied_first": _without_an_answer,
    "satisfied_final": _without_an_answer,
}
