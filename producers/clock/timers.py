"""时钟: what falls due is recorded once: warnings, misses, lapses, the ladder, ends of shifts."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, bindparam, delete, select, update

import schemas as s
from schemas.codes import Alarm
from schemas.envelope import Fact
from workflow.aside import Aside
from workflow.complaint import Complaint, Event, Open
from workflow.conditions import lapse_allowed
from workflow.errors import Refused, Transient, UnknownComplaint
from workflow.ledger import Ledger, Posting
from workflow.legal import legal_steps
from workflow.limits import Lapse
from workflow.policy import Policy
from workflow.recorded import CLOCK
from workflow.storage.models import deadlines

LOGGER = logging.getLogger("bihuan.clock")
_DUE = (
    select(deadlines)
    .where(deadlines.c.next_at <= bindparam("now"))
    .order_by(deadlines.c.next_at)
    .limit(bindparam("most"))
)
_THIS = (
    deadlines.c.subject == bindparam("of_subject"),
    deadlines.c.limit_name == bindparam("of_limit"),
    deadlines.c.generation == bindparam("of_generation"),
)
_MOVE = update(deadlines).where(*_THIS).values(next_at=bindparam("at"), next_step=bindparam("step"))
_CLEAR = delete(deadlines).where(*_THIS)
_KEY = ("of_subject", "of_limit", "of_generation")
_ALONE = (
    select(deadlines)
    .where(*_THIS, deadlines.c.next_at <= bindparam("now"))
    .with_for_update(skip_locked=True)
)
Rows = Sequence[Row[Any]]


def tick(
    ledger: Ledger, now: int | None = None, limit: int = 200, aside: Aside | None = None
) -> int:
    """Fires at most `limit` timers that are due, the oldest first; answers how many it has seen to.

    Timers and what they record move in one transaction, so a second clock, or this one after a
    kill, finds each either due or done. One that cannot ring stays due, is told, and is left
    `aside`; the others go on. `now` (microseconds UTC): by default the server's clock, or the
    ledger's where there is none.
    """
    aside = Aside() if aside is None else aside
    with ledger.database.read() as conn:
        at = ledger.now(conn) if now is None else now
        due = _due(conn, at, limit, aside)
    if not due:
        return 0
    try:
        return _ring(ledger, now, lambda conn, at: _due(conn, at, limit, aside, lock=True))
    except Transient:
        raise
    except Exception:
        LOGGER.info("these timers ring again singly", exc_info=True)
    return sum(_alone(ledger, now, row, aside) for row in due)


def _due(conn: Connection, at: int, limit: int, aside: Aside, *, lock: bool = False) -> Rows:
    resting = aside.resting()
    query = _DUE.with_for_update(skip_locked=True) if lock else _DUE
    found = conn.execute(query, {"now": at, "most": limit + len(resting)}).all()
    return [row for row in found if _key(row) not in resting][:limit]


def _alone(ledger: Ledger, now: int | None, row: Row[Any], aside: Aside) -> int:
    """1 if it is seen to: in a transaction of its own, or by another clock meanwhile."""
    key = _key(row)

    def this(conn: Connection, at: int) -> Rows:
        return conn.execute(_ALONE, {**dict(zip(_KEY, key, strict=True)), "now": at}).all()

    try:
        _ring(ledger, now, this)
    except Transient:
        raise
    except Exception:
        LOGGER.exception("timer %s of %s cannot ring; it is left aside", key[1], key[0])
        aside.put(key)
        return 0
    return 1


def _ring(ledger: Ledger, now: int | None, find: Callable[[Connection, int], Rows]) -> int:
    with ledger.transaction(patient=True) as posting:
        at = posting.now if now is None else now
        rows = find(posting.conn, at)
        posting.prefetch(row.subject for row in rows)
        for row in rows:
            _Timer(ledger, posting, row, at).ring()
    return len(rows)


def _key(row: Row[Any]) -> tuple[str, str, int]:
    return row.subject, row.limit_name, row.generation


class _Timer:
    """One row that is due, and the complaint as it stands now: the row itself decides nothing."""

    def __init__(self, ledger: Ledger, posting: Posting, row: Row[Any], at: int):
        self.ledger, self.posting, self.row, self.at = ledger, posting, row, at

    def ring(self) -> None:
        """What cannot be recorded is logged and set aside; the other timers go on."""
        try:
            complaint = self.posting.complaint(self.row.subject)
            if self.row.next_step == Lapse.CLAIM:
                self._release(complaint)
            elif self.row.next_step == Lapse.WAIT:
                self._wait_no_longer(complaint)
            elif (opened := self._still_open(complaint)) is None:
                self._clear()
            else:
                self._fire(complaint, opened)
        except UnknownComplaint:
            self._clear()
        except Refused:
            LOGGER.exception("timer %s of %s set aside", self.row.limit_name, self.row.subject)
            self._move(None, self.row.next_step)

    def _still_open(self, complaint: Complaint) -> Open | None:
        """The limit, unless it was met, moved or paused since the timer was armed."""
        opened = complaint.limits.get(self.row.limit_name)
        if opened is None or opened.generation != self.row.generation:
            return None
        return None if self.row.limit_name in complaint.paused else opened

    def _fire(self, complaint: Complaint, opened: Open) -> None:
        if self.at > opened.due_at and self._lapses(complaint):
            self._record(s.ReevaluationLapsed())
            self._clear()
            return
        step, due = _step(self.row.next_step, opened, self.at)
        if due is None or due > self.at:
            self._move(due, step if due is not None else None)
            return
        for fact in self._alarms(complaint, step, opened):
            self._record(fact)
        self._move(*_next(step, opened))

    def _lapses(self, complaint: Complaint) -> bool:
        if self.row.limit_name != "reevaluate":
            return False
        event = Event("ReevaluationLapsed", s.ReevaluationLapsed(), CLOCK.name, CLOCK.role, self.at)
        rules = self.ledger.rulebook.rules_for(complaint, event.fact)
        return lapse_allowed(complaint, event, rules.policy) is None

    def _alarms(self, complaint: Complaint, step: str, opened: Open) -> Iterator[Fact]:
        """The alarm, then the acts the profile's ladder puts to the clock at this stage."""
        name, generation = self.row.limit_name, opened.generation
        values = {"limit": name, "generation": generation, "due_at": opened.due_at}
        if step == Alarm.MISSED:
            yield s.DeadlineMissed.model_validate(values)
        else:
            yield s.DeadlineWarned.model_validate({**values, "card": step})
        rungs = self._policy(complaint).limits[name].escalates_to
        acts = {rung.act for rung in rungs if rung.stage == step}
        if "remind" in acts:
            yield s.Reminded(limit=name)
        if "rule" in acts and "RulingCalled" in self._possible(complaint):
            yield s.RulingCalled(ground="overdue")

    def _possible(self, complaint: Complaint) -> tuple[str, ...]:
        policy = self._policy(complaint)
        return legal_steps(complaint, CLOCK.role, CLOCK.name, self.at, policy)

    def _policy(self, complaint: Complaint) -> Policy:
        return self.ledger.rulebook.of(complaint).policy

    def _release(self, complaint: Complaint) -> None:
        """The end of the office's day: who still holds a complaint holds it no longer."""
        if complaint.claimer is not None:
            self._record(s.ComplaintReleased(reason="end_of_shift"))
        self._clear()

    def _wait_no_longer(self, complaint: Complaint) -> None:
        """The clerk has not answered: as if he had found none, and verifying goes on without."""
        if complaint.contact_requested:
            self._record(s.ContactSupplied(found=False))
        self._clear()

    def _record(self, fact: Fact) -> None:
        self.posting.record(self.row.subject, fact, CLOCK, occurred_at=self.at)

    def _move(self, at: int | None, step: str | None) -> None:
        self.posting.run(_MOVE, ("at", "step", *_KEY), (at, step, *_key(self.row)))

    def _clear(self) -> None:
        self.posting.run(_CLEAR, _KEY, _key(self.row))


def _step(step: str, opened: Open, at: int) -> tuple[str, int | None]:
    """What is next for a limit, and when: a yellow card is no use once the due time has passed."""
    if step == Alarm.YELLOW and at > opened.due_at:
        step = Alarm.MISSED
    times: dict[str, int | None] = {
        Alarm.YELLOW: opened.warn_at,
        Alarm.MISSED: opened.due_at + 1,
        Alarm.RED: opened.red_at,
    }
    return step, times.get(step)


def _next(step: str, opened: Open) -> tuple[int | None, str | None]:
    if step == Alarm.YELLOW:
        return opened.due_at + 1, Alarm.MISSED
    if step == Alarm.MISSED and opened.red_at is not None:
        return opened.red_at, Alarm.RED
    return None, None
