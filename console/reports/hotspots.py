"""误操作集中处: at which windows and on which devices citizens pressed the wrong level."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pydantic_core import from_json
from sqlalchemy import ColumnElement, Connection, and_, select

from console.reports.periods import Period
from console.reports.reading import OF_ITS_SERVICE
from schemas.codes import Channel, DismissalReason
from workflow.intake import opened_private
from workflow.storage.database import looked_up
from workflow.storage.models import complaint_facts, complaints, contacts, events, ratings
from workflow.storage.models import vault as vault_table
from workflow.storage.vault import Vault

IN_THE_HALL = (Channel.PAD.value, Channel.TERMINAL.value)
"""Channels whose device is the hall's; by any other it would be the citizen's own."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A window of a unit, or a device: misoperations among the bad ratings it brought."""

    unit: str | None
    name: str
    misoperations: int
    complaints: int


_WRONG = and_(
    complaint_facts.c.verdict == "invalid",
    complaint_facts.c.ground == DismissalReason.MISOPERATION.value,
)


@dataclass(frozen=True, slots=True)
class Seen:
    """One complaint at its spot, and whether it was a misoperation."""

    subject: str
    unit: str | None
    name: str
    wrong: bool


def by_window(
    conn: Connection, period: Period, units: Mapping[str, str | None]
) -> tuple[Spot, ...]:
    """Every window with a misoperation among these complaints, the worst first; `units`: of each
    complaint the unit that was rated.
    """
    return _counted(at_windows(conn, period, units))


def at_windows(conn: Connection, period: Period, units: Mapping[str, str | None]) -> Iterator[Seen]:
    """The complaints that `by_window` counts."""
    rows = conn.execute(
        select(complaint_facts.c.subject, contacts.c.window, _WRONG.label("bad"))
        .join(contacts, contacts.c.subject == complaint_facts.c.subject)
        .where(_inside(period), contacts.c.window.is_not(None))
    )
    for row in rows:
        if row.subject in units:
            yield Seen(row.subject, units[row.subject], row.window, bool(row.bad))


def by_device(
    conn: Connection, vault: Vault, period: Period, units: Mapping[str, str | None]
) -> tuple[Spot, ...]:
    """The same by the hall's device that the rating was given on, or by the rating's channel where
    none was sent or it is erased.
    """
    return _counted(on_devices(conn, vault, period, units))


def on_devices(
    conn: Connection, vault: Vault, period: Period, units: Mapping[str, str | None]
) -> Iterator[Seen]:
    """The complaints that `by_device` counts."""
    rows = conn.execute(
        select(
            complaint_facts.c.subject,
            ratings.c.assess_number,
            ratings.c.channel,
            _WRONG.label("bad"),
        )
        .select_from(complaint_facts)
        .join(complaints, complaints.c.id == complaint_facts.c.subject)
        .join(ratings, OF_ITS_SERVICE)
        .where(_inside(period))
    ).all()
    rated = Counter(row.subject for row in rows)
    opened = _opened_by(conn, (subject for subject, times in rated.items() if times > 1))
    # What the rating that opened it said of its device lies with the complaint.
    of_hall = {row.subject for row in rows if row.channel in IN_THE_HALL} & units.keys()
    devices = _devices(conn, vault, of_hall)
    for row in rows:
        its_own = opened.get(row.subject, row.assess_number) == row.assess_number
        if row.subject in units and its_own:
            device = devices.get(row.subject) if row.channel in IN_THE_HALL else None
            unit, name = units[row.subject] if device else None, _LABELS.get(row.channel)
            name = name or row.channel
            yield Seen(row.subject, unit, f"{name} {device}" if device else name, bool(row.bad))


_LABELS = {channel.value: channel.label for channel in Channel}


def _devices(conn: Connection, vault: Vault, subjects: Iterable[str]) -> dict[str, str]:
    """The device's number of each complaint that has one."""
    query = select(vault_table.c.owner, vault_table.c.sealed)
    found = looked_up(
        conn, query.where(vault_table.c.field == "contact"), vault_table.c.owner, subjects
    )
    said = (
        (owner, opened_private(vault.unseal(owner, "contact", bytes(sealed))).device.strip())
        for owner, sealed in found
    )
    return {owner: device for owner, device in said if device}


def _opened_by(conn: Connection, subjects: Iterable[str]) -> dict[str, str]:
    """Of complaints whose service was rated several times: which rating opened each."""
    query = select(events.c.subject, events.c.data).where(events.c.version == 1)
    found = looked_up(conn, query, events.c.subject, subjects)
    return {subject: from_json(data)["assess_number"] for subject, data in found}


def _inside(period: Period) -> ColumnElement[bool]:
    return complaint_facts.c.day.between(period.first, period.last)


def _counted(found: Iterable[Seen]) -> tuple[Spot, ...]:
    counts: dict[tuple[str | None, str], list[int]] = {}
    for one in found:
        cell = counts.setdefault((one.unit, one.name), [0, 0])
        cell[0] += one.wrong
        cell[1] += 1
    spots = (Spot(unit, name, bad, all_) for (unit, name), (bad, all_) in counts.items() if bad)
    return tuple(
        sorted(spots, key=lambda s: (-s.misoperations, s.complaints, s.unit or "", s.name))
    )
