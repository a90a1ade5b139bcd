"""单位: the list of units in force: shipped, imported, kept in the database."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, delete, insert, select

from workflow.errors import InvalidInput
from workflow.storage import models
from workflow.storage.numbers import next_number, reached
from workflow.unit_files import SHIPPED, load
from workflow.unit_list import TIERS, Unit, UnitList

__all__ = [
    "SHIPPED",
    "TIERS",
    "Unit",
    "UnitList",
    "keeps_used",
    "known",
    "load",
    "revision",
    "seed",
    "stored",
]

REVISION = "units"
"""The counter of how often the list was replaced."""


def known(units: UnitList, field: str, name: str) -> Unit:
    """The unit called so, by code, name or alias. Raises InvalidInput for one that is not in the
    list, or that several areas have.
    """
    found = units.resolve(name)
    if found is None:
        raise InvalidInput(field, name, "单位名册里没有这个单位，或有几个区县同名")
    return found


def seed(conn: Connection, units: UnitList) -> None:
    """Replaces the list in force with this one, in the caller's transaction. Raises InvalidInput as
    `keeps_used` does.
    """
    keeps_used(conn, units)
    next_number(conn, REVISION)
    conn.execute(delete(models.units))
    conn.execute(insert(models.units), [_row(unit, units.version) for unit in units.units])


def keeps_used(conn: Connection, units: UnitList) -> None:
    """InvalidInput if a unit with ratings or services would fall off: its figures would vanish; or
    one that a complaint was sent to, or that assists; or one that somebody can sign in for.
    """
    accounts, complaints = models.accounts.c, models.complaints.c
    signing = select(accounts.unit).where(accounts.disabled_at.is_(None))
    used: set[str] = set()
    for units_of in (select(models.tallies.c.unit), select(complaints.unit), signing):
        used.update(code for code in conn.execute(units_of.distinct()).scalars() if code)
    assisting = select(complaints.assisting).where(complaints.assisting.is_not(None))
    for codes in conn.execute(assisting.distinct()).scalars():
        used.update(codes.split(","))
    known = set(conn.execute(select(models.units.c.code)).scalars())
    lost = sorted((used & known) - units.by_code.keys())
    if lost:
        raise InvalidInput(
            "code", "、".join(lost), "已有办件、评价、工单或可用的账号，不能从名册中去掉"
        )


def revision(conn: Connection) -> int:
    """Another whenever the list in force is."""
    return reached(conn, REVISION)


def _row(unit: Unit, version: str) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "area": unit.area,
        "tier": unit.tier,
        "aliases": "\n".join(unit.aliases),
        "position": unit.order,
        "annex_name": unit.annex,
        "version": version,
    }


def stored(conn: Connection) -> UnitList:
    """The list in force, as the database keeps it; empty before the first was seeded."""
    rows = conn.execute(select(models.units).order_by(models.units.c.position)).all()
    found = tuple(
        Unit(
            r.code,
            r.name,
            r.area,
            r.tier,
            r.position,
            tuple(r.aliases.split("\n")) if r.aliases else (),
            r.annex_name,
        )
        for r in rows
    )
    return UnitList(rows[0].version if rows else "", found)
