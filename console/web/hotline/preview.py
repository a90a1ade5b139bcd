"""预计: when the unit would have to be done if the complaint were confirmed and sent out now: the
steps themselves, taken on the complaint's row and thrown away.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection
from starlette.datastructures import FormData

import schemas as s
from console.foreseen import after
from console.reasons import Reason, why
from console.web.hotline.choices import rule_words
from console.wiring import Office
from consumers import UnitsInForce
from consumers.assignment import Assignment
from schemas.codes import CaseClass
from schemas.envelope import Role
from schemas.text import tidied
from workflow.complaint import Complaint
from workflow.ledger import Actor
from workflow.rulebook import BoundRules
from workflow.stamping import found_too_late, reclassed
from workflow.states import State

SYSTEM = Actor("assignment", Role.CONSUMER)
UNNAMED = "-"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is chosen so far: the class, the units by code or name, whether the unit may be told the
    service's number, and whether the hotline may put it through.
    """

    case_class: str = CaseClass.CLEAR
    unit: str = ""
    assisting: tuple[str, ...] = ()
    agreed: bool = False
    relayed: bool = False

    @classmethod
    def of(cls, form: Mapping[str, object] | FormData) -> Wanted:
        """What stands in the form, as far as it can be read."""
        chosen, unit = form.get("case_class"), form.get("unit")
        return cls(
            chosen if isinstance(chosen, str) and chosen in list(CaseClass) else CaseClass.CLEAR,
            tidied(unit) if isinstance(unit, str) else "",
            agreed=form.get("show_service_number") is not None,
            relayed=form.get("contact_by_unit") is not None,
        )


@dataclass(frozen=True, slots=True)
class Preview:
    """`unit`: who would get the order, by `rule`; empty: nobody is found, it waits to be sent out.
    `reason`: its due time, day by day; None where the profile sets none. `late`: it was
    missed, and that the case is complex does not move it.
    """

    unit: str
    rule: str
    reason: Reason | None
    unknown: str = ""
    late: bool = False

    @property
    def rule_words(self) -> str:
        """Why this unit gets the order."""
        return rule_words(self.rule)


def preview(office: Office, conn: Connection, c: Complaint, wanted: Wanted, now: int) -> Preview:
    """As of now (microseconds UTC); nothing is changed."""
    units, rules = UnitsInForce(), office.rulebook.of(c)
    named = units.code_of(conn, wanted.unit) if wanted.unit else None
    if wanted.unit and named is None:
        return Preview("", "", None, wanted.unit)
    confirmed = c.copy()
    confirmed.case_class, confirmed.named_unit = wanted.case_class, named
    if c.state != State.VERIFYING:  # dispatch came first: the order is out
        confirmed.class_late = found_too_late(confirmed, now)
        if (moved := reclassed(confirmed, rules)) is not None:
            confirmed.limits = {**c.limits, "rectify": moved}
        name, reason = units.name_of(conn, c.unit or UNNAMED), _reason(confirmed, rules)
        late = confirmed.class_late and wanted.case_class == CaseClass.COMPLEX
        return Preview(name, "", reason, late=late)
    choice = Assignment(units.code_of).choice(confirmed, conn)
    code = choice.unit if choice else UNNAMED
    confirmed.state = State.ASSIGNING
    sent = s.DepartmentAssigned(order=c.next_order, unit=code, rule="named")
    reason = _reason(after(confirmed, sent, SYSTEM, now, rules), rules)
    return (
        Preview(units.name_of(conn, code), choice.rule, reason)
        if choice
        else Preview("", "", reason)
    )


def _reason(c: Complaint, rules: BoundRules) -> Reason | None:
    return why(rules, c, "rectify") if "rectify" in c.limits else None
