"""时限: arms and disarms timers by what each event did to the limits; the clock fires them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import reduce
from typing import Literal

from sqlalchemy import Connection, bindparam, delete, func, literal_column, update
from sqlalchemy.dialects.postgresql import insert

from schemas.codes import Alarm
from workflow.bus.consumer import Record, Work
from workflow.complaint import Open
from workflow.limits import LIMITS, Lapse
from workflow.states import State
from workflow.storage.database import run_many
from workflow.storage.models import deadlines

SHIFT = "shift"
"""The timer of a claim: not a limit, nobody answers for it; it ends with the office's day."""

CONTACT = "contact"
"""The timer of a phone asked for: not a limit, for the clerk is not to know that he is late; it
ends with the working day after the one on which it was asked for.
"""

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
_DUE, _NEXT = ROW.index("due_at"), ROW.index("next_at")
_KEY = ROW[:2]
_ARM = insert(deadlines)
_ARMED = _ARM.on_conflict_do_update(
    index_elements=_KEY, set_={name: _ARM.excluded[name] for name in ROW[2:]}
)
_THIS = (
    deadlines.c.subject == bindparam("of_subject"),
    deadlines.c.limit_name == bindparam("of_limit"),
)
_OF = ("of_subject", "of_limit")
_DONE = delete(deadlines).where(*_THIS)
_LOOK = (
    update(deadlines)
    .where(*_THIS, deadlines.c.due_at < bindparam("at"))
    .values(
        next_at=bindparam("at"),
        next_step=func.coalesce(deadlines.c.next_step, literal_column(f"'{Lapse.COMPLAINT}'")),
    )
)

Row = tuple[str | int | None, ...]
Change = Row | int | None
"""What becomes of a timer: armed (its row), looked at from an instant on, or done (None)."""


class Timers:
    """Writes what a batch comes to: a limit may be opened, met and opened again in one."""

    def write(self, conn: Connection, changes: Mapping[tuple[str, str], Sequence[Change]]) -> None:
        net = {key: reduce(_after, changes[key]) for key in sorted(changes)}
        run_many(conn, _DONE, _OF, [key for key, change in net.items() if change is None])
        looks = [(*key, change) for key, change in net.items() if isinstance(change, int)]
        run_many(conn, _LOOK, (*_OF, "at"), looks)
        armed = [change for change in net.values() if isinstance(change, tuple)]
        run_many(conn, _ARMED, ROW, armed)


def _after(before: Change, change: Change) -> Change:
    """A look moves a timer that is past its due time, and nothing where there is none."""
    if not isinstance(change, int) or isinstance(before, int):
        return change
    if before is None or not _past(before, change):
        return before
    return (*before[:_NEXT], change, *before[_NEXT + 1 :])


def _past(armed: Row, at: int) -> bool:
    due = armed[_DUE]
    return isinstance(due, int) and due < at


TIMERS = Timers()


class Deadlines:
    """One row a limit; what a batch makes of it is written once."""

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
                work.fold(TIMERS, (subject, name), None)
        for name, opened in limits.opened.items():
            if name not in _WINDOWS:
                row = _armed(subject, name, opened, record.occurred_at)
                work.fold(TIMERS, (subject, name), row)
        if record.type == "CallAttempted" and record.state == State.REEVALUATING:
            # One more call may be the last that was wanting before an unanswered complaint lapses.
            work.fold(TIMERS, (subject, "reevaluate"), record.occurred_at)
        elif record.type == "ComplaintClaimed":
            ends = self._shift_ends(record.occurred_at)
            row = (subject, SHIFT, record.version, ends, None, None, ends, Lapse.CLAIM)
            work.fold(TIMERS, (subject, SHIFT), row)
        elif record.type == "ContactRequested":
            ends = self._shift_ends(self._shift_ends(record.occurred_at))
            row = (subject, CONTACT, record.version, ends, None, None, ends, Lapse.WAIT)
            work.fold(TIMERS, (subject, CONTACT), row)
        elif record.type == "ContactSupplied":
            work.fold(TIMERS, (subject, CONTACT), None)


def _armed(subject: str, name: str, opened: Open, at: int) -> Row:
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
        Alarm.YELLOW if yellow else Alarm.MISSED,
    )
