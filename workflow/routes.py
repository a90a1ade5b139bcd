"""Which row of an event applies, where the table has several: questions about complaint, event
and policy; pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflow.complaint import Complaint, Event

Route = Callable[[Complaint, Event, Any], bool]


def beforehand(route: Route) -> Route:
    """The same asked before anything is filled in: whether the row may apply at all."""
    return _BEFOREHAND.get(route, route)


def _always(_c: Complaint, _e: Event, _: Any) -> bool:
    return True


def _rounds_left(c_: Complaint, _e: Event, policy: Any) -> bool:
    return bool(c_.round < policy.max_rounds)


def _rounds_used_up(c_: Complaint, _e: Event, policy: Any) -> bool:
    return bool(c_.round >= policy.max_rounds)


def verify_first(_c: Complaint, _e: Event, policy: Any) -> bool:
    return bool(policy.verify_first)


def dispatch_first(_c: Complaint, _e: Event, policy: Any) -> bool:
    return not policy.verify_first


def with_review(_c: Complaint, _e: Event, policy: Any) -> bool:
    return bool(policy.review)


def without_review(_c: Complaint, _e: Event, policy: Any) -> bool:
    return not policy.review


def satisfied(_c: Complaint, e: Event, _: Any) -> bool:
    return int(getattr(e.fact, "level", 0)) >= 3


def dissatisfied(c_: Complaint, e: Event, policy: Any) -> bool:
    return not satisfied(c_, e, policy) and _rounds_left(c_, e, policy)


def dissatisfied_at_the_cap(c_: Complaint, e: Event, policy: Any) -> bool:
    return not satisfied(c_, e, policy) and _rounds_used_up(c_, e, policy)


def rectified(_c: Complaint, e: Event, _: Any) -> bool:
    return bool(getattr(e.fact, "rectified", False))


def not_rectified(c_: Complaint, e: Event, policy: Any) -> bool:
    return not rectified(c_, e, policy) and _rounds_left(c_, e, policy)


def not_rectified_at_the_cap(c_: Complaint, e: Event, policy: Any) -> bool:
    return not rectified(c_, e, policy) and _rounds_used_up(c_, e, policy)


_BEFOREHAND: dict[Route, Route] = {
    satisfied: _always,
    dissatisfied: _rounds_left,
    dissatisfied_at_the_cap: _rounds_used_up,
    rectified: _always,
    not_rectified: _rounds_left,
    not_rectified_at_the_cap: _rounds_used_up,
}


def decides(decision: str) -> Route:
    def decided(_c: Complaint, e: Event, _: Any) -> bool:
        return getattr(e.fact, "decision", None) == decision

    decided.__name__ = f"decides_{decision}"
    _BEFOREHAND[decided] = _always
    return decided
