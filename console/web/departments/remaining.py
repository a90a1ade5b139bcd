"""剩余时间: how much working time a limit leaves, in words and in a tone."""

from __future__ import annotations

from typing import NamedTuple

from console import wording
from console.queues import left_text, remaining
from workflow.complaint import Open
from workflow.rulebook import BoundRules


class Left(NamedTuple):
    """`tone`: red once it is missed, yellow from its warning on, else calm, or paused."""

    tone: str
    text: str
    due: str


def left_of(rules: BoundRules, opened: Open, now: int, *, paused: bool = False) -> Left:
    """Of a limit, as of now (microseconds UTC)."""
    due = wording.near(opened.due_at, rules.policy.zone, now)
    if opened.provisional:
        due += "（暂定）"
    if paused:
        return Left("paused", "停表", due)
    left = left_text(rules.calendar, remaining(rules.calendar, now, opened.due_at), opened.due_at)
    if now > opened.due_at:
        return Left("red", left, due)
    warned = opened.warn_at is not None and now >= opened.warn_at
    return Left("yellow" if warned else "calm", left, due)
