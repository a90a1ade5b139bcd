"""归集: the refused rows of a file, with reasons, in a file that can be corrected and imported."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from producers.files import ADDED, Row, Table, open_table
from producers.sources.words import field_title
from schemas.rating import Refusal
from schemas.text import guarded
from workflow import said
from workflow.errors import InvalidInput


def check_target(target: Path, original: Path, kept: Path) -> None:
    """InvalidInput if the refused rows could not be written there, would overwrite their own
    file, or would lie in the folder where the office keeps its own.
    """
    if target.resolve().is_relative_to(kept.resolve()):
        reason = "在数据文件夹里，那里只放系统自己的文件，请用 --refused 另指定一个位置"
        raise InvalidInput("--refused", str(target), reason)
    if target.exists() and original.exists() and target.samefile(original):
        raise InvalidInput("--refused", str(target), "就是要导入的文件，请另取一个名字")
    if target.is_dir() or not os.access(target.parent, os.W_OK):
        raise InvalidInput("--refused", str(target), "写不了，请用 --refused 另指定一个位置")


def is_own(target: Path, original: Path, ever: Iterable[Refusal]) -> bool:
    """Whether the target lists nothing but refusals of this file, each as it was written: `ever`
    are all there have been, in the file's order.
    """
    if not target.is_file():
        return False
    try:
        with open_table(original) as table, target.open(encoding="utf-8-sig", newline="") as file:
            written, found = _listed(table, ever), csv.reader(file)
            return next(found, None) == next(written) and all(line in written for line in found)
    except (OSError, UnicodeError, csv.Error):
        return False


def write_refused(target: Path, original: Path, refused: Iterable[Refusal]) -> int:
    """Copy these rows of a file, given in its order, with line, field and reason; how many.

    CSV in UTF-8 with BOM: the original columns, then `ADDED`, which are ignored on import. The
    target is replaced when all is written, and not before.
    """
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    written = 0
    try:
        with open_table(original) as table, part.open("w", encoding="utf-8-sig", newline="") as to:
            writer = csv.writer(to)
            for written, line in enumerate(_listed(table, refused)):  # noqa: B007
                writer.writerow(line)
        part.replace(target)
    except OSError as error:
        raise InvalidInput("--refused", str(target), f"写不了：{said.of_system(error)}") from error
    finally:
        part.unlink(missing_ok=True)
    return written


def _listed(table: Table, refused: Iterable[Refusal]) -> Iterator[list[str]]:
    """The list's header and its rows."""
    kept = [place for place, name in enumerate(table.header) if name not in ADDED]
    yield [*(guarded(table.header[place]) for place in kept), *ADDED]
    for cells, refusal in _matched(table.rows, refused):
        own, over = _own(cells, kept, len(table.header))
        why = (str(refusal.row), field_title(refusal.field), refusal.reason, over)
        yield [guarded(cell) for cell in (*own, *why)]


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
