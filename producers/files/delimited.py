"""归集: the rows of a CSV file in UTF-8 or GB18030; one that cannot be read hides no other."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO

from schemas.rating import Refusal
from schemas.text import clean, masked

Row = tuple[int, list[str], Refusal | None]

_LONGEST = 65_536
_MOST_LINES = 50
_CHUNK = 1 << 20
_BOM = b"\xef\xbb\xbf"


class _Lines:
    """A file's lines, counted; lines may be handed back to be read again."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._back: deque[bytes] = deque()
        self.number = 0

    def take(self) -> bytes:
        """The next line with its end, cut off where no row may be longer; empty at the end."""
        line = self._back.popleft() if self._back else self._file.readline(_LONGEST)
        self.number += bool(line)
        return line

    def hand_back(self, lines: Sequence[bytes]) -> None:
        """Put these lines before the next one."""
        self._back.extendleft(reversed(lines))
        self.number -= len(lines)

    def skip_rest(self) -> None:
        """Go to the end of a line that was cut off."""
        while (rest := self._file.readline(_LONGEST)) and not rest.endswith(b"\n"):
            pass


def csv_rows(file: IO[bytes]) -> Iterator[Row]:
    """Each row with the number of its first line, from the header (1) on; memory stays flat."""
    encoding = _encoding(file)
    file.seek(len(_BOM) if file.read(len(_BOM)) == _BOM else 0)
    lines, recoded = _Lines(file), encoding == "gb18030"
    header: list[str] = []
    while line := lines.take():
        if b'"' in line or len(line) >= _LONGEST:
            row = _quoted(lines, line, encoding, header)
        else:
            try:
                text = line.decode(encoding)
            except UnicodeDecodeError:
                row = _undecodable(lines.number, line, encoding, header)
            else:
                row = lines.number, text.rstrip("\r\n").split(","), None
                if recoded and _is_utf8(line):
                    row = _undecodable(lines.number, line, encoding, header)
        header = header or row[1]
        yield row


def _quoted(lines: _Lines, line: bytes, encoding: str, header: Sequence[str]) -> Row:
    number = lines.number
    if len(line) >= _LONGEST and not line.endswith(b"\n"):
        lines.skip_rest()
        return number, [], Refusal(number, "", "", f"一行超过 {_LONGEST} 字节")
    record = _record(lines, line, len(header))
    try:
        text = record.decode(encoding)
    except UnicodeDecodeError:
        return _undecodable(number, record, encoding, header)
    if encoding == "gb18030" and _is_utf8(record):
        return _undecodable(number, record, encoding, header)
    if (cells := _cells(text)) is None:
        refused = Refusal(number, "", "", "引号没有成对")
        return number, text.rstrip("\r\n").split(","), refused
    return number, cells, None


def _record(lines: _Lines, line: bytes, width: int) -> bytes:
    """The line with those its quoted line breaks belong to; alone if they do not make one row."""
    taken, quotes = [line], line.count(b'"')
    while quotes % 2 and len(taken) < _MOST_LINES and (more := lines.take()):
        taken.append(more)
        quotes += more.count(b'"')
    whole = b"".join(taken)
    if len(taken) > 1 and not (quotes % 2 == 0 and _fits(whole, width)):
        lines.hand_back(taken[1:])
        return line
    return whole


def _fits(record: bytes, width: int) -> bool:
    cells = _cells(record.decode("latin-1"))
    return cells is not None and width in (0, len(cells))


def _cells(text: str) -> list[str] | None:
    try:
        return next(csv.reader((text.rstrip("\r\n"),), strict=True))
    except csv.Error:
        return None


def _is_utf8(record: bytes) -> bool:
    """Whether a row of a GB18030 file is Chinese in UTF-8, which GB18030 would read as nonsense."""
    if record.isascii():
        return False
    try:
        return any("一" <= character <= "鿿" for character in record.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _undecodable(number: int, record: bytes, encoding: str, header: Sequence[str]) -> Row:
    other = "utf-8" if encoding == "gb18030" else "gb18030"
    text = record.decode(other if _is_valid(record, other) else encoding, "replace")
    cells = text.rstrip("\r\n").split(",")
    wrong = (place for place, cell in enumerate(record.split(b",")) if not _reads(cell, encoding))
    place = next(wrong, len(header))
    field = clean(header[place]) if place < len(header) else ""
    value = masked(field, cells[place]) if place < len(cells) else ""
    return number, cells, Refusal(number, field, value, f"不是 {encoding.upper()} 编码")


def _reads(cell: bytes, encoding: str) -> bool:
    return _is_valid(cell, encoding) and not (encoding == "gb18030" and _is_utf8(cell))


def _encoding(file: IO[bytes]) -> str:
    """UTF-8 or GB18030, by the header, else by most lines of the first part that is not ASCII."""
    if file.read(len(_BOM)) == _BOM:
        file.seek(0)
        return "utf-8"
    file.seek(0)
    header = file.readline(_LONGEST)
    sample = b"" if header.isascii() else header
    while not sample and (chunk := file.read(_CHUNK)):
        sample = b"" if chunk.isascii() else chunk + file.readline(_LONGEST)
    file.seek(0)
    return "gb18030" if sum(map(_vote, sample.splitlines())) < 0 else "utf-8"


def _vote(line: bytes) -> int:
    """Chinese in UTF-8 is mostly valid GB18030 too, as nonsense; the other way round seldom."""
    if _is_utf8(line):
        return 1
    return -1 if not _is_valid(line, "utf-8") and _is_valid(line, "gb18030") else 0


def _is_valid(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
