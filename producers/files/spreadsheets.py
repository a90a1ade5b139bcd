"""归集: the rows of an XLSX file's first sheet, as text, read as a stream; bombs are not opened."""

import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import MAXYEAR, date, datetime, timedelta
from decimal import Decimal
from typing import IO, Any

import openpyxl
from openpyxl.worksheet._reader import CELL_TAG, DATA_TAG, ROW_TAG, WorkSheetParser
from openpyxl.xml.functions import iterparse

from schemas.rating import Refusal
from schemas.text import distorted
from workflow.errors import InvalidInput
from workflow.file_kinds import PACKED

_MOST_BYTES = 1 << 30
_MOST_SHARED = 32 << 20
"""openpyxl holds all shared strings in memory, the sheet's rows it does not."""
_MOST_BESIDE = 8 << 20
"""Styles and the like: they are parsed whole before the first row is."""
_MOST_RATIO = 200
_MOST_ROWS, _MOST_CELLS = 1 << 20, 1 << 14
"""As many as a spreadsheet can have, and in a row."""
_EXACT = 10**15
DISTORTED = "数字超过 15 位已失真，请把该列存为文本"
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    SyntaxError,
    EOFError,
    OSError,
    RuntimeError,
)

Row = tuple[int, list[str], Refusal | None]


@contextmanager
def open_xlsx(file: IO[bytes]) -> Iterator[tuple[Iterator[Row], Callable[[], float]]]:
    """The first sheet's rows with their numbers, and the share read so far."""
    try:
        _refuse_bombs(file)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            book = openpyxl.load_workbook(file, read_only=True, keep_links=False)
        sheet = book.worksheets[0]
    except _BROKEN as error:
        raise InvalidInput("文件", "", "不是完好的 XLSX，请用表格软件打开、另存一次再传") from error
    try:
        last, at = sheet.max_row or 0, [0]
        yield _rows(sheet, at), lambda: min(1.0, at[0] / last) if last else 0.0
    finally:
        book.close()


def _refuse_bombs(file: IO[bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    if any(member.compress_type not in PACKED for member in members):
        raise zipfile.BadZipFile("packed as no spreadsheet is")
    for member in members:
        swollen = member.file_size > 10 << 20 and (
            member.file_size > _MOST_RATIO * max(1, member.compress_size)
        )
        if member.file_size > _most(member.filename) or swollen:
            raise InvalidInput("文件", member.filename, "解压后过大，请改用 CSV")
    if sum(member.file_size for member in members) > _MOST_BYTES:
        raise InvalidInput("文件", "", "解压后过大，请改用 CSV")
    file.seek(0)


def _most(name: str) -> int:
    if name.endswith("sharedStrings.xml"):
        return _MOST_SHARED
    beside = name.endswith((".xml", ".rels")) and not name.startswith("xl/worksheets/")
    return _MOST_BESIDE if beside else _MOST_BYTES


def _rows(sheet: Any, at: list[int]) -> Iterator[Row]:
    header: list[str] = []
    rows = _numbered(sheet)
    while True:
        try:
            number, cells = next(rows)
        except StopIteration:
            return
        except _BROKEN as error:
            raise InvalidInput("文件", "", "文件从此处起损坏", row=at[0] + 1) from error
        if not at[0] and number > 1:
            yield 1, [], None
        at[0] = number
        row = _row(number, cells, header)
        header = header or row[1]
        yield row


def _numbered(sheet: Any) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """Rows that are written down, with their numbers; each is let go when the next is read."""
    with sheet._get_source() as source:
        parser = _parser(sheet, source)
        data, number, cells = None, 0, 0
        for event, element in iterparse(source, events=("start", "end")):
            if event == "start":
                data = element if element.tag == DATA_TAG else data
                cells += element.tag == CELL_TAG
                if cells > _MOST_CELLS:
                    raise ValueError("too many cells in a row")
            elif element.tag == ROW_TAG:
                before, cells = number, 0
                number, found = parser.parse_row(element)
                if not before < number <= _MOST_ROWS:
                    raise ValueError("rows out of order")
                yield number, found
                if data is not None:
                    data.clear()


def _parser(sheet: Any, source: IO[bytes]) -> WorkSheetParser:
    book = sheet.parent
    return WorkSheetParser(
        source,
        sheet._shared_strings,
        epoch=book.epoch,
        date_formats=book._date_formats,
        timedelta_formats=book._timedelta_formats,
    )


def _row(number: int, cells: list[dict[str, Any]], header: list[str]) -> Row:
    texts = [""] * len(header)
    refused = None
    for cell in cells:
        if (value := cell["value"]) is None:
            continue
        place = cell["column"] - 1
        texts += [""] * (place + 1 - len(texts))
        texts[place] = _text(value)
        if reason := _not_as_typed(value, cell["data_type"]):
            field = header[place] if place < len(header) else ""
            shown = "" if cell["data_type"] == "f" else f"{Decimal(value):.2g}"
            refused = refused or Refusal(number, field, shown, reason)
    return number, texts, refused


def _not_as_typed(value: object, kind: str) -> str:
    """Why a cell does not hold what was typed or is seen there; empty if it does."""
    if kind == "f":
        return "是公式，请复制后粘贴为数值"
    if kind == "n" and isinstance(value, int | float) and abs(value) >= _EXACT:
        return DISTORTED
    return ""


def _text(value: object) -> str:
    if isinstance(value, datetime):
        # A day's fraction as a float is off by some microseconds; no second follows the last one.
        if value.microsecond >= 500_000 and value.year < MAXYEAR:
            value += timedelta(seconds=1)
        return value.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d 00:00:00")
    if isinstance(value, int | float) and abs(value) >= _EXACT:
        return distorted(value)
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
