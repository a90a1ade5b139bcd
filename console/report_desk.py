"""报表: one snapshot of an office's database for a report, and its way to terminal or machine."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

import typer

from workflow.errors import InvalidInput
from workflow.said import MOMENT

if TYPE_CHECKING:
    from rich.console import Console
    from sqlalchemy import Connection

    from console.reports.footing import Footing
    from console.wiring import Office
    from workflow.units import UnitList


@dataclass(frozen=True, slots=True)
class Reading:
    """One snapshot, and what every report says of it; `now` in microseconds UTC."""

    office: Office
    conn: Connection
    units: UnitList
    footing: Footing
    now: int

    @property
    def zone(self) -> ZoneInfo:
        return self.footing.zone


@contextmanager
def reading(ctx: typer.Context, as_of: int | None = None) -> Iterator[Reading]:
    """The office's database as of one instant, for as long as the report reads."""
    from console.wiring import office  # noqa: PLC0415  # SQLAlchemy is slow

    with office(ctx.obj.data) as opened, snapshot(opened, as_of) as read:
        yield read


@contextmanager
def snapshot(office: Office, as_of: int | None = None) -> Iterator[Reading]:
    """The same of an office that is open."""
    from console.reports.footing import footing_of  # noqa: PLC0415  # rich and SQLAlchemy are slow
    from workflow.units import stored  # noqa: PLC0415

    with office.database.read() as conn:
        now = office.clock()
        zone = office.rulebook.in_force(now).zone
        footing = footing_of(conn, zone, now if as_of is None else as_of)
        yield Reading(office, conn, stored(conn), footing, now)


@dataclass(frozen=True, slots=True)
class Page:
    """A report ready to be shown: `shown` for a machine, `body` for a person."""

    title: str
    shown: dict[str, Any]
    body: Callable[[Console], None]
    notes: tuple[str, ...] = ()


def show(page: Page, footing: Footing, machine: bool) -> None:
    """The page with its footing, as JSON or as text."""
    from console.reports.footing import render_footing, render_heading  # noqa: PLC0415

    if machine:
        shown = {**page.shown, **footing.as_json()}
        typer.echo(json.dumps(shown, ensure_ascii=False, indent=2))
        return
    console = terminal()
    render_heading(console, page.title, footing)
    page.body(console)
    render_footing(console, footing, *page.notes)


def terminal() -> Console:
    """Where text goes; nothing in it is markup."""
    from rich.console import Console  # noqa: PLC0415

    return Console(highlight=False, markup=False)


def checked_scope(units: UnitList, tier: str | None, area: str | None) -> None:
    """InvalidInput for a tier or an area the list does not have."""
    from workflow.units import TIERS  # noqa: PLC0415

    if tier is not None and tier not in TIERS:
        raise InvalidInput("tier", tier, f"层级须是 {'、'.join(TIERS)} 之一")
    if area is not None and area not in units.areas():
        raise InvalidInput("area", area, f"名册中没有这个区县，有 {'、'.join(units.areas())}")


def asked_area(units: UnitList, tier: str, area: str | None) -> str:
    """The area asked for, unless said otherwise the list's own. Raises InvalidInput for a tier or
    an area the list does not have.
    """
    asked = area or units.home
    checked_scope(units, tier, asked)
    return asked


def instant_of(text: str, field: str) -> int:
    """Microseconds UTC of an ISO time with its zone; InvalidInput otherwise."""
    from workflow.calendar import micros  # noqa: PLC0415

    try:
        return micros(datetime.fromisoformat(text.strip()), field)
    except ValueError:
        raise InvalidInput(field, text, MOMENT) from None


def disorders(findings: tuple[str, ...]) -> tuple[str, ...]:
    """Figures that contradict each other, as they are said under a report."""
    return tuple(f"数据矛盾（照实列出，未改动）：{finding}" for finding in findings)
