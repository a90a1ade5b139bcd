"""试推: what one message would be read as, field by field; nothing is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from console.wiring import Office
from producers.message import MOST_BYTES, SOURCE
from producers.platforms import json_record, read_json
from producers.sources import source
from producers.sources.words import field_words
from schemas.codes import LEVELS, REASONS
from schemas.rating import Rating, Refusal, ServiceRecord
from schemas.text import masked
from workflow.errors import InvalidInput
from workflow.intake import Ready
from workflow.said import of_kind


@dataclass(frozen=True, slots=True)
class Mapped:
    """One field: our name, what it is called, the value with names and numbers masked."""

    name: str
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Trial:
    """A message understood, or why not. `unit`: whose it would be, "" for nobody's yet."""

    kind: str
    fields: tuple[Mapped, ...]
    unit: str
    refusal: Refusal | None


def trial(office: Office, named: str, body: str) -> Trial:
    """Reads one JSON object in the source's field names. Raises InvalidInput for an unknown source,
    and for a text that is no such object.
    """
    known = source(named)
    row = read_json(body.encode(), MOST_BYTES)
    if not isinstance(row, dict):
        raise InvalidInput("正文", of_kind(row), "应为一个对象：一条办件或评价")
    row.pop(SOURCE, None)
    made = json_record(known, None, row, 1)
    if isinstance(made, Refusal):
        return Trial("", (), "", made)
    kind = "评价" if isinstance(made, Rating) else "办件"
    ready = office.desk().ready(1, made)
    fields = tuple(_fields(made, office))
    if isinstance(ready, Refusal):
        return Trial(kind, fields, "", ready)
    return Trial(kind, fields, _unit(office, ready), None)


def _fields(made: Rating | ServiceRecord, office: Office) -> Iterator[Mapped]:
    zone = office.rulebook.in_force(office.clock()).zone
    for name, value in made:
        if value in (None, "", ()) or name == SOURCE:
            continue
        if isinstance(value, datetime):
            shown = f"{value.astimezone(zone):%Y-%m-%d %H:%M:%S}"
        elif name == "satisfaction":
            shown = f"{value} {LEVELS.get(value, '')}"
        elif name == "evalDetail":
            shown = "、".join(f"{code} {REASONS[code].text}" for code in value)
        elif isinstance(value, bool):
            shown = "是" if value else "否"
        else:
            code = f"{getattr(value, 'label', '')}（{value}）" if isinstance(value, Enum) else value
            shown = masked(name, str(code))
        yield Mapped(name, field_words().get(name, ""), shown)


def _unit(office: Office, ready: Ready) -> str:
    return office.unit_name(ready.unit) if ready.unit else ""
