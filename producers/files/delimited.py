"""归集: the rows of a CSV file in UTF-8 or GB18030; one that cannot be read hides no other."""

import csv
from collections import deque
from collections.abc import Iterator, Sequence
from typing import IO

from schemas.rating import Refusal
from schemas.text import clean, masked

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


def csv_rows(file: IO[bytes]) -> Iterator[tuple[int, list[str], Refusal | None]]:
    """Each row with the number of its first line, from the header (1) on; memory stays flat."""
    encoding = _encoding(file)
    file.seek(len(_BOM) if file.read(len(_BOM)) == _BOM else 0)
    lines = _Lines(file)
    header: list[str] = []
    while line := lines.take():
        number = lines.number
        if len(line) >= _LONGEST and not line.endswith(b"\n"):
            lines.skip_rest()
            yield number, [], Refusal(number, "", "", f"一行超过 {_LONGEST} 字节")
            continue
        record = _record(lines, line, len(header)) if b'"' in line else line
        text = _decoded(record, encoding)
        if text is None:
            cells = record.decode(encoding, "replace").rstrip("\r\n").split(",")
            yield number, cells, _undecodable(number, record, encoding, header)
        elif (read := _cells(text)) is None:
            refused = Refusal(number, "", masked("", text.strip()), "引号没有成对")
            yield number, text.rstrip("\r\n").split(","), refused
        else:
            header = header or read
            yield number, read, None


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
    text = text.rstrip("\r\n")
    if '"' not in text:
        return text.split(",")
    try:
        return next(csv.reader((text,), strict=True))
    except csv.Error:
        return None


def _decoded(record: bytes, encoding: str) -> str | None:
    try:
        text = record.decode(encoding)
    except UnicodeDecodeError:
        return None
    return None if encoding == "gb18030" and _is_utf8(record) else text


def _is_utf8(record: bytes) -> bool:
    """Whether a row of a GB18030 file is Chinese in UTF-8, which GB18030 would read as nonsense."""
    if record.isascii():
        return False
    try:
        return any("一" <= character <= "鿿" for character in record.decode("utf-8"))
    except UnicodeDecodeError:
        return False


def _undecodable(number: int, record: bytes, encoding: str, header: Sequence[str]) -> Refusal:
    for place, cell in enumerate(record.split(b",")):
        if _decoded(cell, encoding) is None:
            field = clean(header[place]) if place < len(header) else ""
            value = cell.decode(encoding, "replace").strip()
            return Refusal(number, field, masked(field, value), f"不是 {encoding.upper()} 编码")
    return Refusal(number, "", "", f"不是 {encoding.upper()} 编码")


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
    votes = [_is_valid(line, "utf-8") - _is_valid(line, "gb18030") for line in sample.splitlines()]
    return "gb18030" if sum(votes) < 0 else "utf-8"


def _is_valid(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True
