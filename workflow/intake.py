"""归集: an inbound row made ready to be stored: its unit, its day, its digests, its personal
data apart; pure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b
from typing import Any
from zoneinfo import ZoneInfo

from pydantic_core import to_json

from schemas.codes import Origin
from schemas.rating import Rating, Refusal, ServiceRecord
from workflow.clock import instant, micros
from workflow.unit_list import UnitList

FUTURE = 5 * 60 * 1_000_000
"""Platforms' clocks run a few minutes ahead; more than five minutes is refused."""

PUBLIC_RATING = (
    "source",
    "project_no",
    "service_number",
    "assess_number",
    "batch",
    "level",
    "reasons",
    "origin",
    "channel",
    "unit",
    "day",
    "assessed_at",
    "received_at",
    "item",
    "window",
    "digest",
)
PUBLIC_SERVICE = (
    "source",
    "project_no",
    "service_number",
    "batch",
    "unit",
    "item",
    "window",
    "day",
    "served_at",
    "received_at",
    "digest",
)


@dataclass(frozen=True, slots=True)
class Ready:
    """A row ready to be stored. `digest` covers all that was sent; `private` is JSON for the
    vault, or None.
    """

    sent: Any
    key: tuple[str, ...]
    unit: str | None
    day: str
    at: int
    digest: str
    private: bytes | None
    phone: str


class Desk:
    """What making rows ready needs: the units in force, the office's zone, the key for digests."""

    def __init__(self, units: UnitList, zone: ZoneInfo, key: bytes) -> None:
        self.units, self.zone, self._key = units, zone, key
        self._resolved: dict[tuple[str, str, str], str | None] = {}
        self._days: dict[int, str] = {}

    def ready(self, row: Rating | ServiceRecord, number: int, received_at: int) -> Ready | Refusal:
        """The row ready to be stored, or why not: its unit is not in the list, or its time lies
        ahead.
        """
        rating = isinstance(row, Rating)
        moment = row.assessTime if rating else row.serviceTime  # type: ignore[union-attr]
        at = micros(moment)
        if at > received_at + FUTURE:
            name = "assessTime" if rating else "serviceTime"
            return Refusal(number, name, moment.isoformat(), "时间在收到之后，不能是将来的时间")
        unit = self._unit(row)
        named = row.deptCode or row.proDepart
        if unit is None and (named or not rating):
            name = "proDepart" if row.proDepart or not row.deptCode else "deptCode"
            reason = "单位名录中没有这个单位" if named else "没有写办理单位"
            return Refusal(number, name, row.proDepart or row.deptCode, reason)
        key: tuple[str, ...] = (row.source, row.projectNo, row.serviceNumber)
        private = None
        if isinstance(row, Rating):
            key = (*key, row.assessNumber)
            private = _private(row)
        digest = blake2b(_canonical(row), digest_size=16, key=self._key).hexdigest()
        phone = row.mobile if isinstance(row, Rating) else ""
        return Ready(row, key, unit, self.day_of(at), at, digest, private, phone)

    def day_of(self, at: int) -> str:
        """The office's date of an instant; remembered by quarter hour, the finest step of any
        zone's offset.
        """
        quarter = at // 900_000_000
        day = self._days.get(quarter)
        if day is None:
            if len(self._days) > 50_000:
                self._days.clear()
            day = self._days[quarter] = instant(at).astimezone(self.zone).date().isoformat()
        return day

    def _unit(self, row: Rating | ServiceRecord) -> str | None:
        named = (row.deptCode, row.proDepart, row.areaName)
        if named not in self._resolved:
            found = self.units.resolve(row.deptCode) if row.deptCode else None
            if found is None and row.proDepart:
                found = self.units.resolve(row.proDepart, row.areaName or None)
            self._resolved[named] = None if found is None else found.code
        return self._resolved[named]


def _canonical(row: Rating | ServiceRecord) -> bytes:
    return "\x1f".join(map(str, row.__dict__.values())).encode("utf-8", "surrogatepass")


def _private(row: Rating) -> bytes | None:
    """Phone, name, number and text, where any was sent."""
    if not (row.mobile or row.userName or row.certKey or row.writingEvaluation):
        return None
    return to_json((row.mobile, row.userName, row.certKey, row.writingEvaluation))


def rating_row(ready: Ready, batch: int, received_at: int) -> tuple[Any, ...]:
    """The stored columns of a rating, in the order of PUBLIC_RATING."""
    row: Rating = ready.sent
    return (
        *ready.key,
        batch,
        row.satisfaction,
        ",".join(row.evalDetail),
        row.origin.value,
        row.pf.value,
        ready.unit,
        ready.day,
        ready.at,
        received_at,
        row.taskName or row.taskCode or None,
        row.winName or None,
        ready.digest,
    )


def service_row(ready: Ready, batch: int, received_at: int) -> tuple[Any, ...]:
    """The stored columns of a service record, in the order of PUBLIC_SERVICE."""
    row: ServiceRecord = ready.sent
    return (
        *ready.key,
        batch,
        ready.unit,
        row.taskName or row.taskCode or None,
        row.winName or None,
        ready.day,
        ready.at,
        received_at,
        ready.digest,
    )


def seal_rows(key: bytes, rows: Sequence[tuple[Any, ...]]) -> str:
    """One digest for a batch's rows in any order: keyed digests of the rows as stored, added up."""
    total = 0
    for row in rows:
        text = "\x1f".join(map(str, row))
        total += int(blake2b(text.encode(), digest_size=16, key=key).hexdigest(), 16)
    return f"{total % (1 << 128):032x}"


def counts_of(ready: Ready) -> tuple[int, int]:
    """On-site active and bad, as 0 or 1."""
    row: Rating = ready.sent
    return int(row.origin is Origin.ONSITE_ACTIVE), int(row.is_bad)
