"""归集: tables in files, CSV and XLSX, read as a stream: row by row, a bad row is one bad row."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from os import SEEK_END
from pathlib import Path
from typing import IO

from producers.files.delimited import csv_rows
from producers.files.spreadsheets import DISTORTED, open_xlsx
from schemas.rating import Refusal
from schemas.text import clean, is_distorted, unguarded
from workflow import said
from workflow.errors import InvalidInput

Row = tuple[int, list[str], Refusal | None]
"""A row's line in the file (header = 1), its cells, and why they cannot be read if they cannot."""

ADDED = ("行号", "字段", "原因", "多出的内容")
"""The columns a refused-rows file has beside the original ones; ignored when it comes back."""


_HEAD = 65_536
"""Bytes of a text file among which its first line ends."""


@dataclass(frozen=True, slots=True)
class Table:
    """A file's header, its rows as a stream, and how far the reading has come."""

    header: tuple[str, ...]
    rows: Iterator[Row]
    bytes_read: Callable[[], int]
    total_bytes: int


@contextmanager
def open_table(path: Path) -> Iterator[Table]:
    """A CSV or XLSX file as a table; InvalidInput if the file as a whole cannot be read."""
    try:
        file = path.open("rb")
    except OSError as error:
        raise InvalidInput("文件", path.name, f"打不开：{said.of_system(error)}") from error
    with file, table_of(file, path.name) as table:
        yield table


@contextmanager
def table_of(file: IO[bytes], name: str) -> Iterator[Table]:
    """The same of an open file, which is read from its beginning."""
    size = file.seek(0, SEEK_END)
    file.seek(0)
    magic = file.read(8)
    file.seek(0)
    if magic.startswith(b"PK\x03\x04"):
        with open_xlsx(file) as (rows, done):
            yield _table(rows, lambda: int(size * done()), size)
    else:
        _refuse_other_kinds(magic, name)
        _refuse_bare_returns(file, name)
        yield _table(csv_rows(file), file.tell, size)


def _refuse_other_kinds(magic: bytes, name: str) -> None:
    if not magic.strip():
        raise InvalidInput("文件", name, "是空文件")
    if magic.startswith(b"\xd0\xcf\x11\xe0"):
        raise InvalidInput("文件", name, "是旧式 .xls，请另存为 .xlsx 或 CSV")
    if magic.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise InvalidInput("文件", name, "是 UTF-16 编码，请另存为 CSV UTF-8")


def _refuse_bare_returns(file: IO[bytes], name: str) -> None:
    """The line ends of old Macs: the whole file would be one line."""
    head = file.read(_HEAD)
    file.seek(0)
    if b"\r" in head and b"\n" not in head:
        raise InvalidInput("文件", name, "各行之间只有回车符，没有换行符，请另存为 CSV UTF-8")


def _table(rows: Iterator[Row], bytes_read: Callable[[], int], size: int) -> Table:
    first = next(rows, None)
    if first is None:
        raise InvalidInput("文件", "", "没有表头")
    if first[2] is not None:
        raise InvalidInput("表头", first[2].value, first[2].reason, row=1)
    if any("\0" in name for name in first[1]):
        raise InvalidInput("表头", "", "含空字节，像是 UTF-16 编码，请另存为 CSV UTF-8", row=1)
    header = tuple(clean(name).strip() for name in first[1])
    while header and not header[-1]:
        header = header[:-1]
    _refuse_bad_header(header)
    return Table(header, _fitted(rows, header), bytes_read, size)


def _refuse_bad_header(header: Sequence[str]) -> None:
    if not header:
        raise InvalidInput("表头", "", "第 1 行是空行", row=1)
    for place, name in enumerate(header, 1):
        if not name:
            raise InvalidInput("表头", "", f"第 {place} 列没有名称", row=1)
        if name in header[: place - 1]:
            raise InvalidInput("表头", name, "有两列同名", row=1)
    if len(header) == 1 and any(mark in header[0] for mark in "\t;；，"):
        raise InvalidInput("表头", header[0], "只有一列：各列之间要用英文逗号分隔", row=1)


def _fitted(rows: Iterator[Row], header: Sequence[str]) -> Iterator[Row]:
    width, corrected = len(header), set(ADDED) <= set(header)
    for row in rows:
        number, cells, refused = row
        if refused is not None:
            yield row
            continue
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if not any(cells):
            continue
        if len(cells) != width:
            yield number, cells, Refusal(number, "列数", str(len(cells)), f"应有 {width} 列")
        elif corrected:
            yield _corrected(number, [unguarded(cell) for cell in cells], header)
        else:
            yield row


def _corrected(number: int, cells: list[str], header: Sequence[str]) -> Row:
    """A row that came back; what a spreadsheet had distorted must have been put right."""
    for name, cell in zip(header, cells, strict=True):
        if is_distorted(cell):
            return number, cells, Refusal(number, name, cell, DISTORTED)
    return number, cells, None
