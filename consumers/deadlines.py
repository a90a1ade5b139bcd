"""时限: arms and disarms timers by what each event did to the limits; the clock fires them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from sqlalchemy import text

from workflow.bus.consumer import Record, Work
from workflow.complaint import Open
from workflow.limits import LIMITS
from workflow.states import State

SHIFT = "shift"
"""The timer of a claim: not a limit, nobody answers for it; it ends with the office's day."""

_WINDOWS = frozenset(row.name for row in LIMITS if row.window)
_CHANGE_LIMITS = frozenset(
    kind
    for row in LIMITS
    for kind in (
        *(kind for kind, _ in row.opened_by),
        *row.met_by,
        *row.cancelled_by,
        row.paused_by,
        row.resumed_by,
    )
    if kind is not None
)

ROW = (
    "subject",
    "limit_name",
    "generation",
    "due_at",
    "warn_at",
    "red_at",
    "next_at",
    "next_step",
)
_ROW = text(
    """
    INSERT INTO deadlines AS d
      (subject, limit_name, generation, due_at, warn_at, red_at, next_at, next_step)
    VALUES
      (:subject, :limit_name, :generation, :due_at, :warn_at, :red_at, :next_at, :next_step)
    ON CONFLICT (subject, limit_name) DO UPDATE SET
      generation = CASE excluded.next_step WHEN 'look' THEN d.generation
        ELSE excluded.generation END,
      due_at = CASE excluded.next_step WHEN 'look' THEN d.due_at ELSE excluded.due_at END,
      warn_at = CASE excluded.next_step WHEN 'look' THEN d.warn_at ELSE excluded.warn_at END,
      red_at = CASE excluded.next_step WHEN 'look' THEN d.red_at ELSE excluded.red_at END,
      next_at = CASE WHEN excluded.next_step <> 'look' OR d.due_at < excluded.next_at
        THEN excluded.next_at ELSE d.next_at END,
      next_step = CASE WHEN excluded.next_step <> 'look' THEN excluded.next_step
        WHEN d.due_at < excluded.next_at THEN coalesce(d.next_step, 'lapse')
        ELSE d.next_step END
    """
)
_CLEAR = text(
    """
    DELETE FROM deadlines
    WHERE subject = :subject AND limit_name = :limit_name AND next_step IN ('done', 'look')
    """
)


class Deadlines:
    """One row a limit, in one statement: a batch's rows run statement by statement, and a limit
    may be opened, met and opened again in one batch. What is done is cleared after them all.
    """

    name = "deadlines"
    handles = _CHANGE_LIMITS | {
        "RectificationSentBack",
        "ExtensionGranted",
        "DeadlineRecomputed",
        "CallAttempted",
        "ComplaintClaimed",
    }
    start: Literal["beginning", "now"] = "beginning"
    replayable = False
    recording = False

    def __init__(self, shift_ends: Callable[[int], int]) -> None:
        """`shift_ends`: the next close of the office's day after an instant (microseconds UTC)."""
        self._shift_ends = shift_ends

    def handle(self, record: Record, work: Work) -> None:
        limits, subject = record.limits, record.subject
        for name in (*limits.met, *limits.cancelled, *limits.paused):
            if name not in _WINDOWS:
                work.run(_ROW, ROW, (subject, name, 0, 0, None, None, None, "done"))
                work.run(_CLEAR, ROW[:2], (subject, name))
        for name, opened in limits.opened.items():
            if name not in _WINDOWS:
                work.run(_ROW, ROW, _armed(subject, name, opened, record.occurred_at))
        if record.type == "CallAttempted" and record.state == State.REEVALUATING:
            self._look(record, work)
        elif record.type == "ComplaintClaimed":
            ends = self._shift_ends(record.occurred_at)
            row = (subject, SHIFT, record.version, ends, None, None, ends, "release")
            work.run(_ROW, ROW, row)

    def _look(self, record: Record, work: Work) -> None:
        """One more call may be the last that was wanting before an unanswered complaint lapses."""
        row = (record.subject, "reevaluate", 0, 0, None, None, record.occurred_at, "look")
        work.run(_ROW, ROW, row)
        work.run(_CLEAR, ROW[:2], row[:2])


def _armed(subject: str, name: str, opened: Open, at: int) -> tuple[str | int | None, ...]:
    """The first alarm still ahead: a yellow card whose time was past at the opening is not shown.

    A limit is missed once its due time is past: who acts at that very instant is on time.
    """
    yellow = opened.warn_at is not None and at <= opened.warn_at < opened.due_at
    return (
        subject,
        name,
        opened.generation,
        opened.due_at,
        opened.warn_at,
        opened.red_at,
        opened.warn_at if yellow else opened.due_at + 1,
        "yellow" if yellow else "missed",
    )
