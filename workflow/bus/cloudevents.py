"""An event of the log as a CloudEvents message in binary mode, and back: the value is the event's
data by its published schema, everything else is a header `ce_…`. In structured mode it is one JSON
object.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import SimpleNamespace
from typing import Any

from pydantic_core import from_json
from sqlalchemy import Row

from workflow.clock import instant, micros
from workflow.errors import InvalidInput
from workflow.storage.log import LANES

SOURCE = "/bihuan"
_TEXTS = ("subject", "type", "state", "actor", "role", "unit", "cause", "limits")
_ALWAYS = ("subject", "type", "state", "actor", "role")
_NUMBERS = ("lane", "pos", "version")
_TIMES = ("occurred_at", "recorded_at")
_NAMES = {
    "version": "sequence",
    "pos": "position",
    "cause": "causationid",
    "occurred_at": "time",
    "recorded_at": "recordedtime",
}
"""Ours by the envelope's; the others are called alike."""

Headers = Sequence[tuple[str, bytes | None]]


def headers_of(row: Row[Any]) -> list[tuple[str, bytes]]:
    """The event's attributes; what is None has no header."""
    found = [(f"ce_{name}", str(value).encode()) for name, value in _attributes(row).items()]
    return [("content-type", b"application/json"), *found]


def structured(row: Row[Any]) -> dict[str, Any]:
    """The event as one JSON object: its attributes, and its data."""
    said = {**_attributes(row), "datacontenttype": "application/json", "data": from_json(row.data)}
    return said | {"limits": from_json(row.limits)} if row.limits else said


def _attributes(row: Row[Any]) -> dict[str, Any]:
    said: dict[str, Any] = {
        "specversion": "1.0",
        "id": f"{row.subject}-{row.version}",
        "source": SOURCE,
        "dataschema": f"{row.type}.json",
    }
    said |= {name: getattr(row, name) for name in (*_TEXTS, *_NUMBERS)}
    said |= {name: instant(getattr(row, name)).isoformat() for name in _TIMES}
    return {_NAMES.get(name, name): value for name, value in said.items() if value is not None}


def row_from(value: bytes | None, headers: Headers) -> Row[Any]:
    """The row of the log that a message carries; its data are decoded by whoever needs them.
    Raises InvalidInput for what is no event of ours.
    """
    attributes = {name.removeprefix("ce_"): v for name, v in headers if name.startswith("ce_")}
    try:
        row: Row[Any] = _row(
            value, {name: v.decode() for name, v in attributes.items() if v is not None}
        )
    except Exception as error:  # whatever it is: one that cannot be read may stop nobody
        said = f"{type(error).__name__}: {error}"
        raise InvalidInput("headers", said, "不是本系统发出的事件") from None
    return row


def _row(value: bytes | None, said: Mapping[str, str]) -> Any:
    if value is None:
        raise ValueError("empty")
    row: dict[str, Any] = {name: said.get(_NAMES.get(name, name)) for name in _TEXTS}
    row |= {name: int(said[_NAMES.get(name, name)]) for name in _NUMBERS}
    row |= {name: micros(datetime.fromisoformat(said[_NAMES[name]])) for name in _TIMES}
    row |= {name: said[name] for name in _ALWAYS}
    if not 0 <= row["lane"] < LANES:
        raise ValueError(f"lane {row['lane']}")
    return SimpleNamespace(**row, data=value.decode())
