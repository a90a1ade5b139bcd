"""表格：XLSX sheets: a number is a number, everything else text, and nothing a formula."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence

import xlsxwriter

Cell = str | int
"""A text, or a number to be reckoned with; what only looks like one, as a code, is a text."""

_WIDTHS = {"身份": 24, "单位": 28, "链接": 80}
_AS_TEXT = {"strings_to_formulas": False, "strings_to_urls": False, "in_memory": True}


def sheet(header: Sequence[str], rows: Iterable[Sequence[Cell]]) -> bytes:
    """One sheet with a bold header; what is given as text is text, phone numbers too."""
    made = io.BytesIO()
    with xlsxwriter.Workbook(made, _AS_TEXT) as book:
        text, bold = book.add_format({"num_format": "@"}), book.add_format({"bold": True})
        whole = book.add_format({"num_format": "0"})
        page = book.add_worksheet()
        page.freeze_panes(1, 0)
        for column, name in enumerate(header):
            page.set_column(column, column, _WIDTHS.get(name, 16), text)
            page.write_string(0, column, name, bold)
        for number, row in enumerate(rows, 1):
            for column, value in enumerate(row):
                if isinstance(value, int):
                    page.write_number(number, column, value, whole)
                else:
                    page.write_string(number, column, value, text)
    return made.getvalue()
