"""归集: the rows of an XLSX file's first sheet, as text, read as a stream; bombs are not opened."""

import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import IO

import openpyxl
from openpyxl.worksheet._read_only import ReadOnlyWorksheet

from schemas.rating import Refusal
from workflow.errors import InvalidInput

_MOST_BYTES = 1 << 30
_MOST_SHARED = 64 << 20
"""openpyxl holds all shared strings in memory, the sheet's rows it does not."""
_MOST_RATIO = 200
_MOST_COLUMNS = 256
_EXACT = 10**15
_BROKEN = (
    zipfile.BadZipFile,
    zlib.error,
    KeyError,
    ValueError,
    TypeError,
    AttributeError,
    IndexError,
    SyntaxError,
    EOFError,
    OSError,
    NotImplementedError,
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
        raise InvalidInput("文件", "", f"不是完好的 XLSX：{type(error).__name__}") from error
    try:
        last, at = sheet.max_row or 0, [0]
        sheet.reset_dimensions()
        yield _rows(sheet, at), lambda: min(1.0, at[0] / last) if last else 0.0
    finally:
        book.close()


def _refuse_bombs(file: IO[bytes]) -> None:
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
    for member in members:
        most = _MOST_SHARED if member.filename.endswith("sharedStrings.xml") else _MOST_BYTES
        swollen = member.file_size > 10 << 20 and (
            member.file_size > _MOST_RATIO * max(1, member.compress_size)
        )
        if member.file_size > most or swollen:
            raise InvalidInput("文件", member.filename, "解压后过大，请改用 CSV")
    if sum(member.file_size for member in members) > _MOST_BYTES:
        raise InvalidInput("文件", "", "解压后过大，请改用 CSV")
    file.seek(0)


def _rows(sheet: ReadOnlyWorksheet, at: list[int]) -> Iterator[Row]:
    header: list[str] = []
    rows = sheet.iter_rows(max_col=_MOST_COLUMNS, values_only=True)  # type: ignore[misc]
    while True:
        try:
            values = next(rows)
        except StopIteration:
            return
        except _BROKEN as error:
            reason = f"文件从此处起损坏：{type(error).__name__}"
            raise InvalidInput("文件", "", reason, row=at[0] + 1) from error
        at[0] += 1
        row = _row(at[0], values, header)
        header = header or row[1]
        yield row


def _row(number: int, values: tuple[object, ...], header: list[str]) -> Row:
    cells = [_text(value) for value in values]
    cells += [""] * (len(header) - len(cells))
    for place, value in enumerate(values):
        if isinstance(value, int | float) and abs(value) >= _EXACT:
            # A spreadsheet keeps 15 digits of a number: what stands here is not what was typed.
            field = header[place] if place < len(header) else ""
            reason = "数字超过 15 位已失真，请把该列存为文本"
            return number, cells, Refusal(number, field, f"{value:.2g}", reason)
    return number, cells, None


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        # A day's fraction as a float is off by some microseconds.
        rounded = value + timedelta(seconds=1) if value.microsecond >= 500_000 else value
        return rounded.strftime("%Y-%m-%d %H:%M:%S")
    if isinstance(value, date):
        return value.strftime("%Y-%m-%d 00:00:00")
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
