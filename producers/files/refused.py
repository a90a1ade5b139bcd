"""归集: the refused rows of a file, with reasons, in a file that can be corrected and imported."""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from producers.files import ADDED, Row, open_table
from schemas.rating import Refusal
from schemas.text import guarded


def write_refused(target: Path, original: Path, refused: Iterable[Refusal]) -> int:
    """Copy these rows of a file, given in its order, with line, field and reason; how many.

    CSV in UTF-8 with BOM: the original columns, then `ADDED`, which are ignored on import.
    """
    with open_table(original) as table, target.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        kept = [place for place, name in enumerate(table.header) if name not in ADDED]
        writer.writerow([*(guarded(table.header[place]) for place in kept), *ADDED])
        written = 0
        for cells, refusal in _matched(table.rows, refused):
            own, over = _own(cells, kept, len(table.header))
            why = (str(refusal.row), refusal.field, refusal.reason, over)
            writer.writerow([guarded(cell) for cell in (*own, *why)])
            written += 1
    return written


def _matched(
    rows: Iterator[Row], refused: Iterable[Refusal]
) -> Iterator[tuple[Sequence[str], Refusal]]:
    row = next(rows, None)
    for refusal in refused:
        while row is not None and row[0] < refusal.row:
            row = next(rows, None)
        if row is not None and row[0] == refusal.row:
            yield row[1], refusal


def _own(cells: Sequence[str], kept: Sequence[int], width: int) -> tuple[list[str], str]:
    own = [cells[place] if place < len(cells) else "" for place in kept]
    return own, ",".join(cells[width:])
