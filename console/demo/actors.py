"""演示：the simulated people beside the hotline; each sees what such a person sees, no more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING, Any, Final, Protocol

from console.demo.clock import at_office, slot, working_day_after
from console.demo.fates import Fate, Key
from console.demo.looking import look
from console.demo.people import phone
from console.queues import queue
from producers import departments, supervisors
from schemas.envelope import Role
from workflow.calendar import Calendar
from workflow.clock import MINUTE
from workflow.states import State

if TYPE_CHECKING:
    from console.wiring import Office

HANDLER, CLERK, REVIEWER = "联络员乙", "数据员戊", "复核人己"
_OBJECTS: Final[Mapping[State | None, int]] = {State.RETURNED: 1, State.APPEALED: 2}
"""On which working day after its dispatch a unit sends an order back, or appeals."""


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint in a person's hands: where it stands since when, and its script.

    Instants in microseconds UTC; `again`: he has tried in this state before; `original` is the
    complaint that a duplicate repeats.
    """

    subject: str
    key: Key
    state: State
    at: int
    fate: Fate
    calendar: Calendar
    again: bool = False
    dispatched_at: int = 0
    round: int = 1
    original: str = ""

    def rng(self, what: str) -> Random:
        """The complaint's own chance: the same at every run with the same seed, and in whatever
        company it is played.
        """
        return Random(f"{self.fate}/{self.key}/{self.round}/{what}/{self.at}")

    def minutes_later(self, least: int, most: int) -> int:
        """The first working instant after so many minutes of whatever else there was to do."""
        rng = self.rng(self.state)
        wanted = self.at + rng.randint(least, most) * MINUTE
        begin = slot(self.calendar, wanted)
        return (
            begin if begin == wanted else slot(self.calendar, begin + rng.randint(3, 40) * MINUTE)
        )

    def on_working_day(self, after: int, days: int) -> int:
        """An instant well inside the so manieth working day after that of `after`."""
        day = working_day_after(self.calendar, after, days)
        return at_office(self.calendar, day, self.rng("day").randint(60, 400))


class Person(Protocol):
    """Somebody at a desk: says when he will turn to a complaint, then takes his next step in it."""

    def when(self, case: Case) -> int: ...

    def act(self, case: Case) -> None: ...


class Handler:
    """责任单位的联络员: sees the work order, never who rated."""

    def __init__(self, office: Office, unit: str) -> None:
        self._office, self._ledger = office, office.ledger
        self._who: dict[str, Any] = {"account": HANDLER, "unit": unit}
        self._unit = unit

    def when(self, case: Case) -> int:
        if case.state is State.DISPATCHED:
            return case.minutes_later(20, 110)
        days = _OBJECTS.get(_stage(case.fate), case.fate.days)
        return case.on_working_day(case.dispatched_at, days)

    def act(self, case: Case) -> None:
        mine = queue(self._office, Role.DEPARTMENT, self._unit)
        if all(item.subject != case.subject for item in mine):
            return
        look(self._office, case.subject, HANDLER, Role.DEPARTMENT, self._unit)
        if _stage(case.fate) is State.ASSIGNING:
            self._return(case)
        elif case.state is State.DISPATCHED:
            departments.acknowledge(self._ledger, case.subject, **self._who)
        elif _stage(case.fate) is State.RETURNED:
            self._return(case)
        elif _stage(case.fate) is State.APPEALED:
            reason = "当日系统停电检修已提前公告，窗口按预案办理，不应列为差评。"
            departments.appeal(self._ledger, case.subject, reason=reason, **self._who)
        else:
            self._submit(case)

    def _return(self, case: Case) -> None:
        departments.return_order(
            self._ledger,
            case.subject,
            reason="所反映的事项已划转，不再由本单位办理。",
            legal_basis="相对集中行政许可权划转事项清单",
            suggested_unit="区行政审批服务局",
            **self._who,
        )

    def _submit(self, case: Case) -> None:
        departments.submit(
            self._ledger,
            case.subject,
            facts="经核查，群众反映的情况属实。",
            cause=case.fate.cause,
            measures=case.fate.remedy,
            reply=f"您反映的问题属实，给您添了麻烦，我们道歉。{case.fate.remedy}",
            signed_by="分管负责人",
            **self._who,
        )


def _stage(fate: Fate) -> State | None:
    return State(fate.stage) if fate.stage in list(State) else None


class Clerk:
    """单位的数据员: looks up phones without learning which service was rated."""

    def __init__(self, office: Office, unit: str, fates: Mapping[Key, Fate]) -> None:
        self._office, self._unit, self._fates = office, unit, fates

    def when(self, case: Case) -> int:
        return case.minutes_later(60, 180)

    def act(self, _case: Case) -> None:
        ledger = self._office.ledger
        for wanted in departments.contacts_wanted(ledger, unit=self._unit):
            departments.supply_contact(
                ledger,
                wanted.project_no,
                wanted.service_number,
                account=CLERK,
                unit=self._unit,
                phone=self._register(wanted.project_no, wanted.service_number),
            )

    def _register(self, project_no: str, service_number: str) -> str | None:
        """What the unit's own files hold: a number for nearly everybody."""
        fate = self._fates.get((project_no, service_number))
        return phone(int(project_no[-4:]) % 8000) if fate is None else fate.supplied or None


class Reviewer:
    """复核人: the second person who decides on malice."""

    def __init__(self, office: Office) -> None:
        self._office = office

    def when(self, case: Case) -> int:
        return case.minutes_later(60, 200)

    def act(self, case: Case) -> None:
        look(self._office, case.subject, REVIEWER, Role.REVIEWER)
        supervisors.uphold_malice(
            self._office.ledger,
            case.subject,
            account=REVIEWER,
            reason="调听录音，情况属实。",
        )
