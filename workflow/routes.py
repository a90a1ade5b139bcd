"""Which row of an event applies, where the table has several: questions about complaint, event
and policy; pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from workflow.complaint import Complaint, Event

Route = Callable[[Complaint, Event, Any], bool]


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
    return not satisfied(c_, e, policy) and c_.round < policy.max_rounds


def dissatisfied_at_the_cap(c_: Complaint, e: Event, policy: Any) -> bool:
    return not satisfied(c_, e, policy) and c_.round >= policy.max_rounds


def rectified(_c: Complaint, e: Event, _: Any) -> bool:
    return bool(getattr(e.fact, "rectified", False))


def not_rectified(c_: Complaint, e: Event, policy: Any) -> bool:
    return not rectified(c_, e, policy) and c_.round < policy.max_rounds


def not_rectified_at_the_cap(c_: Complaint, e: Event, policy: Any) -> bool:
    return not rectified(c_, e, policy) and c_.round >= policy.max_rounds


def decides(decision: str) -> Route:
    def decided(_c: Complaint, e: Event, _: Any) -> bool:
        return getattr(e.fact, "decision", None) == decision

    decided.__name__ = f"decides_{decision}"
    return decided
