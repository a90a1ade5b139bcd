"""演示：what the platforms send, generated and made ready in a process of its own, in order."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo

from console.demo.days import Day
from console.demo.desks import Row
from console.demo.generator import RATING_FIELDS, SERVICE_FIELDS, Quarter
from producers.apart import apart
from producers.sources import Kind, Layout, Source, source
from schemas.rating import Refusal
from workflow.clock import micros
from workflow.collection import MOST
from workflow.intake import Desk, Ready
from workflow.unit_list import UnitList

SOURCE = "bihuan"


@dataclass(frozen=True, slots=True)
class Delivery:
    """Rows that arrive together, at most a batch of them; `bad`: pushed at once, not at night."""

    date: date
    at: int
    bad: bool
    rows: list[Ready]
    refused: list[Refusal]


@dataclass(frozen=True, slots=True)
class Script:
    """What the feeding process needs: the seed, by how much to thin, and the office's own keys."""

    seed: int
    one_in: int
    units: UnitList
    zone: ZoneInfo
    key: bytes


class Reader:
    """Rows through the door of platforms: each is read by its source's coding, then made ready."""

    def __init__(self, desk: Desk) -> None:
        self._desk, self._source = desk, source(SOURCE)
        self._service = _layout(self._source, Kind.SERVICE, SERVICE_FIELDS)
        self._rating = _layout(self._source, Kind.RATING, RATING_FIELDS)

    def deliveries(self, day: Day) -> Iterator[Delivery]:
        """A day's arrivals in their order, then its nightly batch by at most a thousand rows."""
        for arrival in day.bad:
            at = micros(arrival.received_at)
            yield self._delivery(day.date, at, True, 1, arrival.services, arrival.ratings)
        at, first = micros(day.received_at), 1
        for services in _parts(day.services):
            yield self._delivery(day.date, at, False, first, services, ())
            first += len(services)
        for ratings in _parts(day.ratings):
            yield self._delivery(day.date, at, False, first, (), ratings)
            first += len(ratings)

    def _delivery(
        self,
        day: date,
        at: int,
        bad: bool,
        first: int,
        services: Sequence[Row],
        ratings: Sequence[Row],
    ) -> Delivery:
        delivery = Delivery(day, at, bad, [], [])
        self._read(delivery, self._service, first, services)
        self._read(delivery, self._rating, first + len(services), ratings)
        return delivery

    def _read(self, delivery: Delivery, layout: Layout, first: int, rows: Sequence[Row]) -> None:
        parse, ready = self._source.parse_cells, self._desk.ready
        for number, cells in enumerate(rows, first):
            record = parse(layout, cells, number)
            made = record if isinstance(record, Refusal) else ready(number, record)
            if isinstance(made, Refusal):
                delivery.refused.append(made)
            else:
                delivery.rows.append(made)


def _layout(from_source: Source, kind: Kind, fields: Iterable[str]) -> Layout:
    return from_source.layout(kind, tuple(from_source.field(name) for name in fields))


def _parts(rows: Sequence[Row]) -> Iterator[Sequence[Row]]:
    for start in range(0, len(rows), MOST):
        yield rows[start : start + MOST]


@contextmanager
def feeding(script: Script) -> Iterator[Iterator[Delivery]]:
    """The quarter's deliveries, made one step ahead by another process, which ends with this.

    Transient if that process dies.
    """
    died = "生成数据的进程意外中止，请重新运行演示"
    with closing(apart(_deliveries, script, died=died)) as deliveries:
        yield deliveries


def _deliveries(script: Script) -> Iterator[Delivery]:
    gc.disable()  # a million rows and no cycle among them: looking for some costs an eighth
    reader = Reader(Desk(script.units, script.zone, script.key))
    for day in Quarter(script.seed, script.one_in).days():
        yield from reader.deliveries(day)
