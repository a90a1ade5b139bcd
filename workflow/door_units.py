"""派单: a unit named by a person is found in the list in force, and the work order gets its
number.
"""

from __future__ import annotations

from collections.abc import Sequence

from schemas import DepartmentAssigned
from schemas.text import clean, tidied
from workflow.door import Step, take, written
from workflow.errors import InvalidInput
from workflow.ledger import Actor, Ledger, Recorded
from workflow.said import REQUIRED
from workflow.storage.rows import as_it_stands
from workflow.units import known, stored

BY_PERSON = "person"
"""The rule an assignment names when a person chose the unit."""


def unit_code(ledger: Ledger, field: str, name: object) -> str | None:
    """The code of the unit called so, by code, name or alias. Raises InvalidInput for an unknown
    one.

    Where no list of units is in force, the name stands for itself.
    """
    text = "" if name is None else written(field, name)
    if not tidied(text):
        return None
    with ledger.database.read() as conn:
        units = stored(conn)
    return known(units, field, clean(text)).code if units.units else tidied(text)


def required_unit(ledger: Ledger, field: str, name: object) -> str:
    """The same where a unit must be named."""
    code = unit_code(ledger, field, name)
    if code is None:
        raise InvalidInput(field, name or "", REQUIRED)
    return code


def assign_to(
    ledger: Ledger,
    subject: str,
    actor: Actor,
    unit: str,
    assisting: Sequence[str],
    step: Step,
) -> Recorded:
    """派单, 改派 by a person. Raises InvalidInput for an unknown unit or one that would assist
    itself.

    Without an expected version the one just read is expected, so that two orders never get one
    number.
    """
    main, others = _units(ledger, unit, assisting)
    with ledger.database.read() as conn:
        complaint = as_it_stands(conn, clean(str(subject)))
    expected = step.get("expected_version")
    return take(
        ledger,
        subject,
        DepartmentAssigned,
        actor,
        {**step, "expected_version": complaint.version if expected is None else expected},
        order=complaint.next_order,
        unit=main,
        assisting=others,
        rule=BY_PERSON,
        named_by_person=True,
    )


def named_units(
    ledger: Ledger, unit: str | None, assisting: Sequence[str]
) -> tuple[str | None, tuple[str, ...]]:
    """The main unit, which may be left to assignment where nobody assists, and those that assist.
    Raises InvalidInput.
    """
    return (
        (unit_code(ledger, "unit", unit), ()) if not assisting else _units(ledger, unit, assisting)
    )


def _units(
    ledger: Ledger, unit: str | None, assisting: Sequence[str]
) -> tuple[str, tuple[str, ...]]:
    main = unit_code(ledger, "unit", unit)
    if main is None:
        written = "必填：写了协办单位，须同时写明责任单位" if assisting else REQUIRED
        raise InvalidInput("unit", "", written)
    if not isinstance(assisting, list | tuple):
        raise InvalidInput("assisting", assisting, "须是一列单位")
    others = tuple(required_unit(ledger, "assisting", name) for name in assisting)
    if main in others or len(set(others)) != len(others):
        raise InvalidInput("assisting", "、".join(assisting), "协办单位不能是主办单位，也不能重复")
    return main, others
