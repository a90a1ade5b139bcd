"""单位名册：the list of units as a sheet, and what a sheet would change in it."""

from __future__ import annotations

from pathlib import Path
from typing import IO, NamedTuple

from console.accounts.sheets import sheet
from producers.files import Table, open_table, table_of
from workflow.errors import InvalidInput
from workflow.unit_files import HEADER, load, of_table
from workflow.unit_list import Unit, UnitList

_LONGEST = 60


class Difference(NamedTuple):
    """What another list would bring: units that are new, gone, or other than before."""

    new: list[Unit]
    gone: list[Unit]
    changed: list[tuple[Unit, Unit]]


def units_sheet(units: UnitList) -> bytes:
    """The list in force as the XLSX that is read back."""
    rows = (
        (u.code, u.name, "；".join(u.aliases), u.area, u.tier, u.annex or "", u.order)
        for u in units.units
    )
    return sheet(tuple(HEADER), rows)


def read_units(file: IO[bytes], name: str) -> UnitList:
    """The list of an XLSX or CSV file; its name is the list's version. Raises InvalidInput with
    row and field.
    """
    with table_of(file, name) as table:
        return _of_sheet(table, name)


def load_units(path: Path) -> UnitList:
    """The same of a file on this host, which may be TOML as well."""
    if path.suffix.lower() != ".xlsx":
        return load(path)
    with open_table(path) as table:
        return _of_sheet(table, path.name)


def _of_sheet(table: Table, name: str) -> UnitList:
    rows: list[tuple[int, list[str]]] = []
    for number, cells, refused in table.rows:
        if refused is not None:
            raise InvalidInput(refused.field, refused.value, refused.reason, number)
        rows.append((number, cells))
    return of_table(table.header, rows, name.rpartition(".")[0][:_LONGEST] or "名册")


def difference(before: UnitList, after: UnitList) -> Difference:
    """What `after` changes, in its order; the order itself is no change."""
    old, new = before.by_code, after.by_code
    return Difference(
        [unit for code, unit in new.items() if code not in old],
        [unit for code, unit in old.items() if code not in new],
        [
            (old[code], unit)
            for code, unit in new.items()
            if code in old and _other(old[code], unit)
        ],
    )


def _other(one: Unit, two: Unit) -> bool:
    return (one.name, one.aliases, one.area, one.tier, one.annex) != (
        *(two.name, two.aliases, two.area, two.tier, two.annex),
    )
