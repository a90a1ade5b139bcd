"""指标: the two tables of facts: a batch's complaints read, folded and written, each once."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import reduce
from operator import itemgetter

from pydantic_core import to_json
from sqlalchemy import Connection, Table, bindparam, insert, update

from consumers.metrics_rows import Facts, Row
from workflow.bus.consumer import Record
from workflow.storage.database import Spoken, run_many

Fold = Callable[[Facts | None, Record], Facts | None]
"""The facts after this record; None of a complaint whose beginning was left out."""


class _Rows:
    """One of the tables, as it is read, added to and moved on."""

    def __init__(self, table: Table) -> None:
        self.columns = tuple(column.name for column in table.columns)
        keys = [column.name for column in table.primary_key]
        moving = [name for name in self.columns if name not in keys]
        self._moved = (*moving, *(f"of_{name}" for name in keys))
        self._whole, self._move = itemgetter(*self.columns), itemgetter(*moving, *keys)
        self._insert = insert(table)
        this = (table.c[name] == bindparam(f"of_{name}") for name in keys)
        self._update = update(table).where(*this).values({n: bindparam(n) for n in moving})
        listed = ", ".join(f"f.{name}" for name in self.columns)
        self._read = Spoken(
            f"SELECT {listed} FROM {{keys}} {{cross}} {table.name} AS f"
            " ON f.subject = j.value ->> 0"
        )

    def of(self, conn: Connection, subjects: Iterable[str]) -> Iterator[Row]:
        keys = to_json([(subject,) for subject in subjects]).decode()
        for row in conn.execute(self._read.on(conn), {"keys": keys}).all():
            yield dict(zip(self.columns, row, strict=True))

    def add(self, conn: Connection, rows: Sequence[Row]) -> None:
        run_many(conn, self._insert, self.columns, list(map(self._whole, rows)))

    def move(self, conn: Connection, rows: Sequence[Row]) -> None:
        run_many(conn, self._update, self._moved, list(map(self._move, rows)))


class FactsTables:
    """Complaints' and orders' facts, or their shadows while they are rebuilt."""

    def __init__(self, complaints: Table, orders: Table, fold: Fold) -> None:
        self._complaints, self._orders, self._fold = _Rows(complaints), _Rows(orders), fold

    def write(self, conn: Connection, changes: Mapping[str, Sequence[Record]]) -> None:
        """Folds each complaint's records, in their order, into its rows."""
        known = {row["subject"]: Facts(row, {}) for row in self._complaints.of(conn, changes)}
        for row in self._orders.of(conn, known):
            known[row["subject"]].orders[row["number"]] = row
        numbers = {subject: frozenset(facts.orders) for subject, facts in known.items()}
        folded = {s: reduce(self._fold, changes[s], known.get(s)) for s in sorted(changes)}
        after = {subject: facts for subject, facts in folded.items() if facts is not None}
        _store(conn, self._complaints, [(f.complaint, s in known) for s, f in after.items()])
        orders = [
            (row, number in numbers.get(subject, ()))
            for subject, facts in after.items()
            for number, row in facts.orders.items()
        ]
        _store(conn, self._orders, orders)


def _store(conn: Connection, table: _Rows, rows: Sequence[tuple[Row, bool]]) -> None:
    """Those that are there are moved, the others added."""
    table.add(conn, [row for row, there in rows if not there])
    table.move(conn, [row for row, there in rows if there])
