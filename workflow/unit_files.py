"""单位名册: the list of units from TOML or CSV; a bad value is refused by line and field."""

from __future__ import annotations

import csv
import io
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any, Final

from schemas.text import clean, tidied
from workflow import said
from workflow.errors import InvalidInput
from workflow.unit_list import TIERS, Unit, UnitList, name_key

__all__ = ["HEADER", "SHIPPED", "decoded", "load", "of_table"]

SHIPPED: Final = Path(__file__).parent / "unit_lists" / "zibo-2021.toml"
"""The units the circular of 2021 Q3 names; the list a new database starts with."""

_LARGEST: Final = 8 << 20
_LONGEST: Final = 120
_FIELDS: Final = {"code", "name", "aliases", "area", "tier", "annex", "order"}
_TABLE: Final = re.compile(r"\s*\[\[\s*unit\s*\]\]")
_ORDER: Final = re.compile("[0-9]{1,9}")
HEADER: Final = {
    "代码": "code",
    "名称": "name",
    "别名": "aliases",
    "区县": "area",
    "层级": "tier",
    "附件名称": "annex",
    "序号": "order",
}
"""The columns of a roster of units, and what they are."""


def load(path: Path = SHIPPED) -> UnitList:
    """A list from TOML or a CSV roster. InvalidInput names the file or line, field and reason."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise InvalidInput("file", str(path), f"读不到文件：{said.of_system(error)}") from error
    if len(raw) > _LARGEST:
        raise InvalidInput("file", path.name, "单位名册过大，最多 8 MB")
    text = decoded(raw, path.name)
    if path.suffix.lower() == ".toml":
        return _from_toml(text, path.name)
    rows = _csv_rows(text, path.name)
    return of_table(rows[0][1], rows[1:], path.stem)


def of_table(
    header: Sequence[str], rows: Iterable[tuple[int, list[str]]], version: str
) -> UnitList:
    """The same of a table's header and its rows with their lines."""
    fields = [HEADER.get(cell.strip(), cell.strip()) for cell in header]
    if set(fields) - _FIELDS or len(set(fields)) != len(fields):
        raise InvalidInput("header", ",".join(header), f"表头须取自 {'、'.join(HEADER)}，不重复")
    return UnitList(version, _checked([_csv_row(line, fields, cells) for line, cells in rows]))


def decoded(raw: bytes, name: str) -> str:
    """A file's text, UTF-8 or GB18030; InvalidInput otherwise."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput("file", name, "不是 UTF-8 或 GB18030 编码的文字")


def _from_toml(text: str, name: str) -> UnitList:
    try:
        table = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput("file", name, said.of_toml(error)) from error
    unknown = set(table) - {"version", "effective", "unit"}
    if unknown:
        raise InvalidInput(min(unknown), table[min(unknown)], "单位名册没有这一项")
    version, effective, rows = table.get("version"), table.get("effective"), table.get("unit")
    if not isinstance(version, str) or not tidied(version):
        raise InvalidInput("version", version, "须写名册的版本")
    if type(effective) is not date:
        raise InvalidInput("effective", effective, "须写生效日期，如 2021-01-01")
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise InvalidInput("unit", rows, "须是若干 [[unit]] 表")
    return UnitList(version, _checked(zip(_lines(text, len(rows)), rows, strict=True)), effective)


def _lines(text: str, units: int) -> Iterable[int]:
    """The line of each [[unit]]; its place in the file where that cannot be told."""
    found = [n for n, line in enumerate(text.split("\n"), start=1) if _TABLE.match(line)]
    return found if len(found) == units else range(1, units + 1)


def _csv_rows(text: str, name: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        rows = [(reader.line_num, row) for row in reader if any(cell.strip() for cell in row)]
    except csv.Error as error:
        raise InvalidInput(
            "file", name, f"第 {reader.line_num} 行不是有效的 CSV：{error}"
        ) from error
    if not rows:
        raise InvalidInput("file", name, "名册是空的")
    return rows


def _csv_row(line: int, header: Sequence[str], cells: list[str]) -> tuple[int, dict[str, Any]]:
    if len(cells) != len(header):
        raise InvalidInput(
            "row", ",".join(cells), f"应有 {len(header)} 列，实有 {len(cells)} 列", line
        )
    row: dict[str, Any] = {k: v.strip() for k, v in zip(header, cells, strict=True) if v.strip()}
    if "aliases" in row:
        row["aliases"] = [
            a.strip() for a in row["aliases"].replace("；", ";").split(";") if a.strip()
        ]
    if "order" in row:
        row["order"] = int(row["order"]) if _ORDER.fullmatch(row["order"]) else -1
    return line, row


def _checked(rows: Iterable[tuple[int, dict[str, Any]]]) -> tuple[Unit, ...]:
    found = [(line, _unit(line, row, place)) for place, (line, row) in enumerate(rows, start=1)]
    if not found:
        raise InvalidInput("unit", "", "名册里没有单位")
    codes: dict[str, int] = {}
    claims: dict[tuple[str, str], Unit] = {}
    for line, unit in found:
        if unit.code in codes:
            raise InvalidInput("code", unit.code, f"与第 {codes[unit.code]} 行重复", line)
        codes[unit.code] = line
        for name in unit.names:
            first = claims.setdefault((unit.area, name_key(name)), unit)
            if first is not unit:
                raise InvalidInput("aliases", name, f"已是“{first.name}”的名称或别名", line)
    return tuple(sorted((unit for _, unit in found), key=lambda unit: unit.order))


def _unit(line: int, row: Mapping[str, Any], place: int) -> Unit:
    for unknown in sorted(set(row) - _FIELDS):
        raise InvalidInput(unknown, row[unknown], "单位没有这一项", line)
    texts = {name: _text(line, name, row.get(name)) for name in ("code", "name", "area", "tier")}
    if texts["tier"] not in TIERS:
        raise InvalidInput("tier", texts["tier"], f"层级须是 {'、'.join(TIERS)} 之一", line)
    _usable(line, texts["code"])
    aliases = row.get("aliases", [])
    if not isinstance(aliases, list):
        raise InvalidInput("aliases", aliases, "别名须是若干文字", line)
    order = row.get("order", place)
    if type(order) is not int or not 0 < order < 1_000_000:
        raise InvalidInput("order", order, "序号须是大于零的整数", line)
    annex = None if row.get("annex") is None else _text(line, "annex", row["annex"])
    return Unit(
        order=order,
        aliases=tuple(_text(line, "aliases", alias) for alias in aliases),
        annex=annex,
        **texts,
    )


def _usable(line: int, code: str) -> None:
    """A code stands in the log, in lists that commas part, and in the addresses of pages."""
    if "," in code or " " in code:
        raise InvalidInput("code", code, "代码不能含逗号或空格", line)
    if not any(map(str.isalnum, code)):
        raise InvalidInput("code", code, "代码须有字母、数字或汉字", line)


def _text(line: int, name: str, value: Any) -> str:
    if not isinstance(value, str) or not 0 < len(tidied(value)) <= _LONGEST:
        raise InvalidInput(name, value, f"须是 1 至 {_LONGEST} 个字的文字", line)
    if not value.strip().isprintable():
        raise InvalidInput(name, value, "含有不能印出的字符", line)
    return clean(value).strip()
