"""表格导出: rows of texts and numbers as a file for a spreadsheet; no cell is ever a formula."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

from console.accounts.sheets import Cell, sheet
from schemas.text import guarded
from workflow.file_kinds import MEDIA_TYPES

XLSX = MEDIA_TYPES["xlsx"]
CSV = "text/csv; charset=utf-8"


def as_csv(rows: Sequence[Sequence[Cell]]) -> bytes:
    """UTF-8 with its mark, as spreadsheets expect; the first row is the heading."""
    text = io.StringIO()
    csv.writer(text).writerows([guarded(str(cell)) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Sequence[Sequence[Cell]]) -> bytes:
    """One sheet; the first row is the heading."""
    return sheet(list(map(str, rows[0])), rows[1:])
