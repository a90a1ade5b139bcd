"""归集: the door for rating platforms: rows of a file or a message → records for a batch."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from producers.files import ADDED, Row, Table, open_table
from producers.sources import Kind, Layout, Source
from schemas.rating import Rating, Refusal, ServiceRecord
from schemas.text import clean, masked
from workflow.errors import InvalidInput
from workflow.said import of_kind

Record = ServiceRecord | Rating

MOST_BYTES = 16 << 20
MOST_ROWS = 5000
"""What one delivery over the network may hold."""


@dataclass(slots=True)
class Batch:
    """Rows that follow each other: records, the line of each, what was refused, how far this is."""

    rows: list[Record] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)
    last_row: int = 0
    bytes_read: int = 0
    total_bytes: int = 0

    def add(self, number: int, record: Record | Refusal) -> None:
        """One more row, taken or refused."""
        if isinstance(record, Refusal):
            self.refused.append(record)
        else:
            self.rows.append(record)
            self.numbers.append(number)


def read_batches(
    path: Path, source: Source, *, size: int = 1000, after_row: int = 0
) -> Iterator[Batch]:
    """The file's rows after a line already taken in (`Batch.last_row`), by at most `size`.

    InvalidInput if the file as a whole cannot be read: nothing of it was yielded then, unless the
    file breaks off in its middle.
    """
    with open_table(path) as table:
        reader = _Reader(source, table.header)
        rows = (row for row in table.rows if row[0] > after_row) if after_row else table.rows
        while chunk := list(islice(rows, size)):
            yield _batch(reader, chunk, table)


def _batch(reader: _Reader, chunk: Sequence[Row], table: Table) -> Batch:
    batch = Batch(
        last_row=chunk[-1][0],
        bytes_read=table.bytes_read(),
        total_bytes=table.total_bytes,
    )
    for number, cells, refused in chunk:
        batch.add(number, refused or reader.record(number, cells))
    return batch


class _Reader:
    """A file's header understood: every row is a 办件 or a 评价, or says itself which it is."""

    def __init__(self, source: Source, header: Sequence[str]) -> None:
        self._source = source
        self._names = header
        fields = tuple(None if name in ADDED else source.field(name) for name in header)
        unknown = [n for n, f in zip(header, fields, strict=True) if f is None and n not in ADDED]
        if unknown:
            listed = "、".join(unknown)
            raise InvalidInput(
                "表头", listed, f"来源 {source.name} 没有这些列，请删去或改名", row=1
            )
        self._record_at = fields.index("record") if "record" in fields else None
        kinds = _kinds_in(source, fields, self._record_at is not None)
        self._layouts = {kind: source.layout(kind, fields) for kind in kinds}
        self._only: Layout | None = self._layouts[kinds[0]] if len(kinds) == 1 else None

    def record(self, number: int, cells: list[str]) -> Record | Refusal:
        """The row as a record, or why it is none."""
        if self._only is not None:
            return self._source.parse_cells(self._only, cells, number)
        said = clean(cells[self._record_at or 0]).strip()
        try:
            kind = self._source.kind_of((), said)
        except InvalidInput as wrong:
            return Refusal(number, wrong.field, masked("record", said), wrong.reason)
        if kind is None:
            return Refusal(number, "record", "", "没有写明是办件还是评价")
        return self._source.parse_cells(self._layouts[kind], cells, number)


def _kinds_in(source: Source, fields: Sequence[str | None], mixed: bool) -> list[Kind]:
    kinds = list(Kind) if mixed else [source.kind_of(fields) or Kind.RATING]
    for kind in kinds:
        if missing := source.missing(kind, fields):
            listed = "、".join(source.shown(name) for name in missing)
            what = "评价" if kind is Kind.RATING else "办件"
            raise InvalidInput("表头", listed, f"{what}表缺少这些列", row=1)
    return kinds


def parse_json_rows(body: bytes, source: Source, kind: Kind | None = None) -> Batch:
    """A message's rows: a JSON array of objects in the source's field names, numbered from 1.

    InvalidInput if the body as a whole is not that; a bad row is refused and stops no other.
    Without `kind` a row says itself what it is (`record`), or shows it by its fields.
    """
    rows = _json_rows(body)
    batch = Batch(last_row=len(rows), bytes_read=len(body), total_bytes=len(body))
    for number, row in enumerate(rows, 1):
        batch.add(number, json_record(source, kind, row, number))
    return batch


def read_json(body: bytes, most: int) -> object:
    """The body's JSON; an object that names a field twice is told from one that does not.

    InvalidInput for what is too long, not UTF-8 or no JSON.
    """
    if len(body) > most:
        raise InvalidInput("正文", f"{len(body)} 字节", f"不得超过 {most} 字节")
    try:
        return _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput("正文", "", f"不是合格的 UTF-8 JSON：{_where(error)}") from error


def _json_rows(body: bytes) -> list[object]:
    rows = read_json(body, MOST_BYTES)
    if not isinstance(rows, list):
        raise InvalidInput("正文", of_kind(rows), "应为对象的数组")
    if len(rows) > MOST_ROWS:
        raise InvalidInput("正文", f"{len(rows)} 条", f"一次不得超过 {MOST_ROWS} 条")
    return rows


def _where(error: ValueError | RecursionError) -> str:
    if isinstance(error, json.JSONDecodeError):
        return f"第 {error.lineno} 行第 {error.colno} 个字处读不下去"
    if isinstance(error, UnicodeDecodeError):
        return f"第 {error.start + 1} 个字节不是 UTF-8"
    return "嵌套过深"


class _Twice(dict[str, Any]):
    """An object that names a field twice: which one is meant would be a guess."""


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    row = dict(pairs)
    return row if len(row) == len(pairs) else _Twice(row)


_DECODER = json.JSONDecoder(object_pairs_hook=_once, parse_int=str)
"""Whole numbers stay as they were written: a code of thousands of digits is one bad row."""


def json_record(source: Source, kind: Kind | None, row: object, number: int) -> Record | Refusal:
    """One row as `read_json` gave it."""
    if not isinstance(row, dict):
        return Refusal(number, "", "", "应为对象")
    if isinstance(row, _Twice):
        return Refusal(number, "", "", "同一字段出现两次")
    fields = source.fields(tuple(row))
    texts: dict[str, str] = {}
    for (name, value), ours in zip(row.items(), fields, strict=True):
        text = value if isinstance(value, str) else _json_text(value)
        if isinstance(value, bool) and ours == "anonymityFlag":
            text = "1" if value else "2"
        if text is None:
            shown = "" if isinstance(value, list | dict) else str(value)
            field = ours or masked("", name)
            return Refusal(number, field, masked(field, shown), "应为文本")
        texts[name] = text
    try:
        said = list(texts.values())[fields.index("record")] if "record" in fields else ""
        found = kind or source.kind_of(fields, said)
        if found is None:
            return Refusal(number, "satisfaction", "", "看不出是办件还是评价")
        return source.parse(found, texts, number)
    except InvalidInput as wrong:
        return Refusal(number, wrong.field, masked(wrong.field, str(wrong.value)), wrong.reason)


def _json_text(value: object) -> str | None:
    if value is None:
        return ""
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return ",".join(value)
    return None
