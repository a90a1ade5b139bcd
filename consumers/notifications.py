"""通知: writes what people should know into the outbox, in words they can read there."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Literal
from zoneinfo import ZoneInfo

from sqlalchemy import Connection

from consumers.notifications_wording import GROUNDS, NOTES, OPERATOR, SUPERVISOR, UNIT
from schemas.codes import Alarm
from schemas.envelope import Role
from workflow.bus.consumer import Record, Work
from workflow.clock import instant
from workflow.complaint import Complaint
from workflow.limits import LIMITS
from workflow.outbox import DESK, POST, POST_ROW
from workflow.policy import Policy

Messages = Iterator[tuple[str, str]]
_OWNERS = {row.name: row.owner for row in LIMITS}
_LABELS = {row.name: row.label for row in LIMITS}
_ALARMS = frozenset({"DeadlineWarned", "DeadlineMissed"})
_PRESSING = frozenset({"SupervisionOrdered", "Reminded"})
_OTHERS = frozenset({"DepartmentAssigned", "ReevaluationInvited", "ComplaintConfirmed"})


class Notifications:
    """A recipient is a role (`role:operator`) or a unit by its code (`unit:ZD-RSJ`).

    `name_of` gives a unit's name for its code.
    """

    name = "notifications"
    handles = frozenset(NOTES) | _ALARMS | _PRESSING | _OTHERS
    start: Literal["beginning", "now"] = "now"
    replayable = False
    recording = False

    def __init__(
        self,
        policy_of: Callable[[Complaint], Policy],
        name_of: Callable[[Connection, str], str],
        zone: ZoneInfo,
    ) -> None:
        self._policy_of, self._name_of = policy_of, name_of
        self._moment = lru_cache(4096)(lambda at: _moment(at, zone))

    def handle(self, record: Record, work: Work) -> None:
        for recipient, body in dict.fromkeys(self._messages(record, work)):
            row = (record.id, record.subject, DESK, recipient, body, work.now)
            work.run(POST, POST_ROW, row)

    def _messages(self, record: Record, work: Work) -> Messages:
        if record.type in NOTES:
            return self._noted(record, work)
        if record.type in _ALARMS:
            return self._alarmed(record, work)
        if record.type == "DepartmentAssigned":
            return self._assigned(record, work)
        if record.type == "ReevaluationInvited":
            return self._invited(record)
        if record.type == "ComplaintConfirmed":
            return self._reclassed(record, work)
        return self._pressed(record, work)

    def _noted(self, record: Record, work: Work) -> Messages:
        for note in NOTES[record.type]:
            if note.state not in (None, record.state):
                continue
            until = self._until(record, note.until)
            if note.to != UNIT:
                yield note.to, f"{record.subject} {note.says}{until}"
            else:
                yield from self._to_unit(work.complaint(record.subject), note.says + until)

    def _until(self, record: Record, limit: str | None) -> str:
        opened = None if limit is None else record.limits.opened.get(limit)
        return "" if opened is None else f"，{self._moment(opened.due_at)}前"

    def _to_unit(self, complaint: Complaint, says: str) -> Messages:
        if complaint.unit is not None:
            yield f"unit:{complaint.unit}", f"{complaint.order} {says}"

    def _assigned(self, record: Record, work: Work) -> Messages:
        fact, opened = record.fact, record.limits.opened
        due = [
            f"{_LABELS[name]}期限{self._moment(opened[name].due_at)}"
            for name in ("acknowledge", "rectify")
            if name in opened
        ]
        body = "，".join((f"{fact.order} 请签收并整改", *due))
        yield f"unit:{fact.unit}", body
        for unit in fact.assisting:
            main = self._name_of(work.conn, fact.unit)
            yield f"unit:{unit}", f"{fact.order} 请协办，主办单位{main}"

    def _reclassed(self, record: Record, work: Work) -> Messages:
        """An order already out may have another due time once its case is known."""
        if "rectify" in record.limits.opened:
            until = self._moment(record.limits.opened["rectify"].due_at)
            yield from self._to_unit(work.complaint(record.subject), f"整改期限改为{until}")

    def _invited(self, record: Record) -> Messages:
        """Whoever has called already need not be asked to."""
        if record.fact.channel == "call" and record.role != Role.OPERATOR:
            yield OPERATOR, f"{record.subject} 请电话回访，邀请群众再评价"

    def _alarmed(self, record: Record, work: Work) -> Messages:
        """To who answers for the limit, and to whom the profile's ladder turns at this stage."""
        complaint, fact = work.complaint(record.subject), record.fact
        stage = getattr(fact, "card", Alarm.MISSED)
        what = f"{_LABELS[fact.limit]}时限{self._moment(fact.due_at)}"
        body = f"【{stage.label}】{what}" + ("到期" if stage is Alarm.YELLOW else "已过")
        rule = self._policy_of(complaint).limits.get(fact.limit)
        rungs = () if rule is None else rule.escalates_to
        told = [rung.role for rung in rungs if rung.stage == stage and rung.act == "remind"]
        yield from self._to_answerable(complaint, fact.limit, body, work.conn)
        for role in told:
            if role != "answerable":
                yield f"role:{role}", self._told(complaint, body, work.conn)

    def _to_answerable(
        self, complaint: Complaint, limit: str | None, body: str, conn: Connection
    ) -> Messages:
        owner = Role.DEPARTMENT if limit is None else _OWNERS[limit]
        if owner is Role.DEPARTMENT:
            yield from self._to_unit(complaint, body)
        else:
            yield f"role:{owner}", self._told(complaint, body, conn)

    def _told(self, complaint: Complaint, body: str, conn: Connection) -> str:
        unit = complaint.unit
        whose = "" if unit is None else f"（责任单位{self._name_of(conn, unit)}）"
        return f"{complaint.id} {body}{whose}"

    def _pressed(self, record: Record, work: Work) -> Messages:
        """The clock's reminder travels with its card; a person's goes to whom it presses."""
        complaint, fact = work.complaint(record.subject), record.fact
        about = f"{_LABELS[fact.limit]}时限" if fact.limit in _LABELS else ""
        if record.type == "Reminded":
            if record.role != Role.CLOCK:
                body = f"【催办】{about or '请尽快办理'}"
                yield from self._to_answerable(complaint, fact.limit, body, work.conn)
            return
        body = f"【督办】{about}{GROUNDS[fact.ground]}"
        yield from self._to_answerable(complaint, fact.limit, body, work.conn)
        yield SUPERVISOR, self._told(complaint, body, work.conn)


def _moment(at: int, zone: ZoneInfo) -> str:
    local = instant(at).astimezone(zone)
    return f"{local.month}月{local.day}日{local:%H:%M}"
