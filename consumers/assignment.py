"""整改: sends a confirmed complaint to the unit that shall answer: 谁办理谁负责."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal, Protocol

from sqlalchemy import Connection, select, text

from schemas import DepartmentAssigned
from workflow.bus.consumer import Record, Work
from workflow.complaint import Complaint
from workflow.errors import InvalidInput
from workflow.states import State
from workflow.storage.models import events

SHIPPED = Path(__file__).parent / "assignment_rules.toml"
NAMED, AGAIN, HANDLER = "named", "same-again", "handler"
"""What an assignment names as its rule where none of the file's applied."""


class Resolve(Protocol):
    """A unit's code by code, name or alias, in an area if one is given; None if unknown."""

    def __call__(self, conn: Connection, name: str, area: str | None = None) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Rule:
    """Items and area for which another unit than the handling one answers."""

    id: str
    items: tuple[str, ...]
    area: str | None
    main: str
    assisting: tuple[str, ...]

    def fits(self, item: str | None, area: str | None) -> bool:
        """Whether the item's name holds one of the words, and the area is the rule's."""
        if self.area is not None and self.area != area:
            return False
        return not self.items or any(word in (item or "") for word in self.items)


@dataclass(frozen=True, slots=True)
class Choice:
    """A main unit, those that assist it, and why."""

    unit: str
    assisting: tuple[str, ...]
    rule: str


@cache
def shipped() -> tuple[Rule, ...]:
    """The rules that come with the product, their ids with the file's version."""
    return rules_of(tomllib.loads(SHIPPED.read_text(encoding="utf-8")))


def rules_of(table: Mapping[str, Any]) -> tuple[Rule, ...]:
    """The rules of a parsed file, in order. Raises InvalidInput for what is missing."""
    try:
        return tuple(
            Rule(
                f"{row['id']}@{table['version']}",
                tuple(map(str, row.get("items", ()))),
                row.get("area"),
                str(row["main"]),
                tuple(map(str, row.get("assisting", ()))),
            )
            for row in table["rule"]
        )
    except (KeyError, TypeError) as error:
        raise InvalidInput("assignment_rules", str(error), "派单规则不完整或写法不对") from None


class Assignment:
    """A unit named by a person wins; a redo goes to who did it; then the rules; then the handler.

    Where nobody is found the complaint stays with the operators, under its limit.
    """

    name = "assignment"
    handles = frozenset(
        {
            "ComplaintAnalysed",
            "ComplaintConfirmed",
            "ReturnAccepted",
            "ComplaintReevaluated",
            "FactChecked",
            "RulingGiven",
            "CitizenObjected",
        }
    )
    start: Literal["beginning", "now"] = "beginning"
    replayable = False
    recording = True

    def __init__(self, resolve: Resolve, rules: tuple[Rule, ...] | None = None) -> None:
        self._resolve = resolve
        self._rules = shipped() if rules is None else rules

    def handle(self, record: Record, work: Work) -> None:
        if record.state != State.ASSIGNING:
            return
        complaint = work.complaint(record.subject)
        choice = self.choice(complaint, work.conn)
        if choice is not None:
            fact = DepartmentAssigned(
                order=complaint.next_order,
                unit=choice.unit,
                assisting=choice.assisting,
                rule=choice.rule,
                named_by_person=choice.rule == NAMED,
            )
            work.record(record, fact)

    def choice(self, complaint: Complaint, conn: Connection) -> Choice | None:
        """Who would get the order now; None: nobody is found."""
        if complaint.named_unit:
            return Choice(complaint.named_unit, tuple(complaint.named_assisting), NAMED)
        disowned = _disowned(conn, complaint) if complaint.returns else frozenset()
        choices = self._choices(complaint, conn)
        return next((choice for choice in choices if choice.unit not in disowned), None)

    def _choices(self, complaint: Complaint, conn: Connection) -> Iterator[Choice]:
        """Who may answer, the likeliest first."""
        if complaint.unit is not None:
            yield Choice(complaint.unit, tuple(complaint.assisting), AGAIN)
        handled_by, item = complaint.handled_by, None
        if handled_by is None or self._rules:
            unit, item = _service(conn, complaint)
            handled_by = handled_by or unit
        yield from self._by_rule(conn, item, complaint.area)
        if handled_by is not None and (found := self._resolve(conn, handled_by)) is not None:
            yield Choice(found, (), HANDLER)

    def _by_rule(self, conn: Connection, item: str | None, area: str | None) -> Iterator[Choice]:
        for rule in self._rules:
            if not rule.fits(item, area):
                continue
            main = self._resolve(conn, rule.main, area)
            if main is not None:
                others = (self._resolve(conn, name, area) for name in rule.assisting)
                found = dict.fromkeys(code for code in others if code not in (None, main))
                yield Choice(main, tuple(code for code in found if code), rule.id)


_ITEM = text(
    """
    SELECT s.unit AS unit, coalesce(s.item, r.item) AS item
    FROM (SELECT :source AS source, :project_no AS project_no, :service AS service_number) k
    LEFT JOIN services s ON s.source = k.source AND s.project_no = k.project_no
      AND s.service_number = k.service_number
    LEFT JOIN contacts r ON r.subject = :subject
    """
)


def _service(conn: Connection, complaint: Complaint) -> tuple[str | None, str | None]:
    """The unit and the item of the complaint's service, as far as they are known."""
    row = conn.execute(
        _ITEM,
        {
            "source": complaint.source,
            "project_no": complaint.project_no,
            "service": complaint.service_number,
            "subject": complaint.id,
        },
    ).one()
    return row.unit, row.item


def _disowned(conn: Connection, complaint: Complaint) -> frozenset[str]:
    """Units whose return was accepted: they never get the same complaint again by a rule."""
    query = (
        select(events.c.type, events.c.unit)
        .where(
            events.c.subject == complaint.id,
            events.c.type.in_(("WorkOrderReturned", "ReturnAccepted")),
        )
        .order_by(events.c.version)
    )
    found, last = set(), None
    for kind, unit in conn.execute(query):
        if kind == "WorkOrderReturned":
            last = unit
        elif last is not None:
            found.add(last)
    return frozenset(found)
