"""归集: an inbound row made ready to be stored: unit, day, digests, personal data apart; pure."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from pydantic_core import from_json, to_json

from schemas.codes import BAD_LEVELS, Origin
from schemas.rating import Rating, Refusal, ServiceRecord
from workflow.clock import MINUTE, instant, micros
from workflow.phones import number_in
from workflow.unit_list import UnitList

FUTURE = 5 * MINUTE
"""Platforms' clocks run a few minutes ahead; more than five minutes is refused."""

QUARTER_HOUR = 15 * MINUTE
"""The finest offset of a zone."""

RATING_CONTENT = (
    "level",
    "reasons",
    "origin",
    "channel",
    "unit",
    "day",
    "assessed_at",
    "item",
    "window",
    "private",
    "digest",
)
SERVICE_CONTENT = (
    "unit",
    "day",
    "served_at",
    "item",
    "window",
    "kind",
    "promised",
    "promised_in",
    "accepted_at",
    "done_at",
    "digest",
)
UNIT, DAY = RATING_CONTENT.index("unit"), RATING_CONTENT.index("day")


class Ready(NamedTuple):
    """A row ready to be stored: plain values, cheap to send between processes.

    `content` are the stored columns after the key (RATING_CONTENT, SERVICE_CONTENT), digest last;
    `private` is JSON for the vault, or None; `sent` is kept for bad ratings alone.
    """

    number: int
    rating: bool
    key: tuple[str, ...]
    content: tuple[Any, ...]
    unit: str | None
    day: str
    at: int
    private: bytes | None = None
    phone: str = ""
    onsite: int = 0
    bad: int = 0
    sent: Rating | None = None

    @property
    def digest(self) -> str:
        return str(self.content[-1])


class Private(NamedTuple):
    """What a rating says of people, as it lies in the vault."""

    mobile: str
    userName: str
    certKey: str
    writingEvaluation: str
    proManager: str
    device: str
    anonymous: bool = False


class Desk:
    """What making rows ready needs: the units in force, the office's zone, the key for digests;
    with `own`, rows of every other unit are refused.
    """

    def __init__(self, units: UnitList, zone: ZoneInfo, key: bytes, own: str | None = None) -> None:
        self.units, self.zone, self._key, self._own = units, zone, key, own
        self._resolved: dict[tuple[str, str, str], str | None] = {}
        self._days: dict[int, str] = {}

    def ready(self, number: int, row: Rating | ServiceRecord) -> Ready | Refusal:
        """The row ready to be stored, or why not: its unit is not in the list, or not the own."""
        named = (row.deptCode, row.proDepart, row.areaName)
        try:
            unit = self._resolved[named]
        except KeyError:
            unit = self._resolved[named] = self._unit(*named)
        if self._own is not None and unit not in (None, self._own):
            return _not_this_unit(number, row, "不是本单位的行")
        if isinstance(row, Rating):
            if unit is None and (row.deptCode or row.proDepart):
                return _unknown_unit(number, row)
            return self._rating(number, row, unit)
        return _unknown_unit(number, row) if unit is None else self._service(number, row, unit)

    def _rating(self, number: int, row: Rating, unit: str | None) -> Ready:
        at = micros(row.assessTime)
        day = self.day_of(at)
        private, sealed = _private(row), ""
        if private is not None:
            sealed = blake2b(private, digest_size=16, key=self._key).hexdigest()
        content = (
            row.satisfaction,
            ",".join(row.evalDetail),
            str(row.origin),
            str(row.pf),
            unit,
            day,
            at,
            row.taskName or row.taskCode or None,
            row.winName or None,
            sealed,
        )
        key = (row.source, row.projectNo, row.serviceNumber, row.assessNumber)
        onsite, bad = int(row.origin is Origin.ONSITE_ACTIVE), int(row.satisfaction in BAD_LEVELS)
        full = (*content, content_digest(self._key, key, content))
        sent, phone = row if bad else None, number_in(row.mobile)
        return Ready(number, True, key, full, unit, day, at, private, phone, onsite, bad, sent)

    def _service(self, number: int, row: ServiceRecord, unit: str) -> Ready:
        at = micros(row.serviceTime)
        day = self.day_of(at)
        item = row.taskName or row.taskCode or None
        kind, promised_in = row.promiseTime, row.promiseType
        accepted, done = row.acceptDate, row.resultDate
        told = (
            None if kind is None else str(kind),
            row.promiseDay,
            None if promised_in is None else str(promised_in),
            None if accepted is None else micros(accepted),
            None if done is None else micros(done),
        )
        content = (unit, day, at, item, row.winName or None)
        key = (row.source, row.projectNo, row.serviceNumber)
        # rows stored before there was room for the rest said no more than they say now
        said = (*content, *told) if any(told) else content
        full = (*content, *told, content_digest(self._key, key, said))
        return Ready(number, False, key, full, unit, day, at)

    def day_of(self, at: int) -> str:
        """The office's date of an instant; remembered by quarter hour."""
        quarter = at // QUARTER_HOUR
        day = self._days.get(quarter)
        if day is None:
            if len(self._days) > 50_000:
                self._days.clear()
            day = self._days[quarter] = instant(at).astimezone(self.zone).date().isoformat()
        return day

    def _unit(self, code: str, name: str, area: str) -> str | None:
        found = self.units.resolve(code) if code else None
        if found is None and name:
            found = self.units.resolve(name, area or None)
        return None if found is None else found.code


def _unknown_unit(number: int, row: Rating | ServiceRecord) -> Refusal:
    named = row.proDepart or row.deptCode
    return _not_this_unit(number, row, "单位名册里没有这个单位" if named else "没有写办理单位")


def _not_this_unit(number: int, row: Rating | ServiceRecord, reason: str) -> Refusal:
    field = "deptCode" if row.deptCode and not row.proDepart else "proDepart"
    return Refusal(number, field, row.proDepart or row.deptCode, reason)


def ahead_of(ready: Ready, received_at: int) -> Refusal | None:
    """Refused if its time lies more than five minutes after it was received."""
    if ready.at <= received_at + FUTURE:
        return None
    field = "assessTime" if ready.rating else "serviceTime"
    return Refusal(ready.number, field, ready.day, "时间在收到之后，不能是将来的时间")


def content_digest(key: bytes, row_key: tuple[str, ...], content: tuple[Any, ...]) -> str:
    """The keyed digest of all that a row says: a repeat is told from a conflict by it.

    `content` ends before the digest itself; a unit that came later from the service record is
    None here, as it was sent. What a service says of its promise and its end counts where it says
    any of it.
    """
    text = "\x1f".join(map(str, row_key + content))
    return blake2b(text.encode(), digest_size=16, key=key).hexdigest()


def _private(row: Rating) -> bytes | None:
    """What the rating says of people, where it says anything."""
    said = (
        row.mobile,
        row.userName,
        row.certKey,
        row.writingEvaluation,
        row.proManager,
        row.device,
    )
    if not any(said):
        return None
    return to_json((*said, True) if row.anonymityFlag else said)


def opened_private(plain: bytes | None) -> Private:
    """The vault's JSON of a rating, read again; all empty for None."""
    return Private("", "", "", "", "", "") if plain is None else Private(*from_json(plain))


def sum_of(digests: list[str]) -> str:
    """One number for a batch's rows in any order: their digests added up."""
    return f"{sum(int(digest, 16) for digest in digests) % (1 << 128):032x}"
