"""A person's step at a door: values checked and texts sealed in one place, then one command to
the ledger.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import Any, TypedDict, TypeVar

from pydantic import ValidationError
from pydantic_core import PydanticSerializationError, to_json

from schemas.envelope import Digest, Fact, Role
from schemas.text import tidied
from workflow import said
from workflow.clock import instant, micros
from workflow.errors import InvalidInput, StaleVersion, UnknownComplaint
from workflow.ledger import Actor, Ledger, Posting, Recorded
from workflow.storage.vault import Sealed, seal_text

TEXT_MOST = 2000
"""Characters a free text may have."""

INSIDERS = frozenset({Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR})
AHEAD_MOST = timedelta(days=366)
SUBJECT = re.compile(r"[A-Za-z0-9][A-Za-z0-9-]{0,63}")
NAME = re.compile(r"[^\s\x00-\x1f\x7f\ud800-\udfff]{1,120}")
_DIGEST = Digest.__metadata__[0]  # type: ignore[attr-defined]


class Step(TypedDict, total=False):
    """What every door takes beside its own fields.

    A repeat of `key` gets the first answer; `expected_version` is the version the person was
    looking at.
    """

    key: str | None
    expected_version: int | None


_Door = TypeVar("_Door", bound=Callable[..., Any])
DOORS: dict[str, list[tuple[Callable[..., Any], type[Fact], frozenset[Role]]]] = {}
"""Every door by its party, with the event it records and the roles that may stand at it."""


def records(kind: type[Fact], *roles: Role) -> Callable[[_Door], _Door]:
    """Enters a door in the register; the function itself stays as it is."""

    def register(door: _Door) -> _Door:
        party = door.__module__.split(".")[1]
        DOORS.setdefault(party, []).append((door, kind, frozenset(roles)))
        return door

    return register


def take(
    ledger: Ledger,
    subject: str,
    kind: type[Fact],
    actor: Actor,
    step: Step,
    /,
    also: Callable[[Posting], None] | None = None,
    **values: object,
) -> Recorded:
    """Records this kind of step with these values; its free texts are cleaned, sealed and kept in
    the vault. `also` is done in the same transaction.

    Raises InvalidInput (field, value, reason) before anything is asked of the ledger, then what
    `Ledger.command` raises.
    """
    key = step.get("key")
    _check_names(subject, {"account": actor.name, "unit": actor.unit, "key": key})
    expected = seen_version(step.get("expected_version"))
    fact, texts = stated(kind, values)
    try:
        return ledger.command(
            subject,
            fact,
            actor,
            key=key,
            expected_version=expected,
            texts=texts,
            also=also,
        )
    except StaleVersion as stale:
        if actor.role in INSIDERS:
            raise
        # What the hotline and the citizen did meanwhile is not for the unit to know.
        raise StaleVersion(subject, stale.expected, stale.current) from None


def seen_version(value: object) -> int | None:
    """The version somebody was looking at. Raises InvalidInput."""
    if value is not None and type(value) is not int:
        raise InvalidInput("expected_version", value, "须是整数")
    return value


def written(field: str, value: object) -> str:
    """A value that is a text. Raises InvalidInput."""
    if not isinstance(value, str):
        raise InvalidInput(field, value, "须是文字")
    return value


def listed(field: str, value: object) -> list[str]:
    """Several values that are texts. Raises InvalidInput."""
    if not isinstance(value, list | tuple):
        raise InvalidInput(field, value, "须是一列文字")
    return [written(field, one) for one in value]


def _check_names(subject: object, names: Mapping[str, object]) -> None:
    if not isinstance(subject, str) or SUBJECT.fullmatch(subject) is None:
        raise UnknownComplaint(str(subject))
    for field, name in names.items():
        if name is not None:
            checked_name(field, name)


def checked_name(field: str, name: object) -> str:
    """An account, unit or key as it may stand in the log. Raises InvalidInput."""
    text = written(field, name)
    if NAME.fullmatch(text) is None or not tidied(text):
        raise InvalidInput(field, text, "须是1至120个字，不含空白")
    return text


def stated(kind: type[Fact], values: Mapping[str, object]) -> tuple[Fact, dict[str, Sealed]]:
    """The fact these values make, and the sealed texts its digests stand for. Raises
    InvalidInput.
    """
    plain: dict[str, object] = {}
    texts: dict[str, Sealed] = {}
    free = texts_of(kind)
    for field, value in values.items():
        if field in free:
            text = _text(field, value, required=free[field])
            if text is not None:
                texts[field] = seal_text(text)
                plain[field] = texts[field].digest
        elif (tidy := _tidy(value)) is not None:
            plain[field] = tidy
    try:
        # Through JSON, for there the strict models take a code's plain text for the code.
        return kind.model_validate_json(_said(plain)), texts
    except ValidationError as error:
        raise invalid(error) from None


def _said(plain: Mapping[str, object]) -> bytes:
    try:
        return to_json(plain)
    except PydanticSerializationError:
        for field, value in plain.items():
            try:
                to_json(value)
            except PydanticSerializationError:
                raise InvalidInput(field, "", "不是能记录的值") from None
        raise


@lru_cache(maxsize=256)
def texts_of(kind: type[Fact]) -> Mapping[str, bool]:
    """The event's free-text fields, each with whether it is required."""
    return {
        name: field.is_required()
        for name, field in kind.model_fields.items()
        if _DIGEST in field.metadata or _DIGEST in _inner(field.annotation)
    }


def _inner(annotation: Any) -> tuple[Any, ...]:
    parts = getattr(annotation, "__args__", ())
    return tuple(m for part in parts for m in getattr(part, "__metadata__", ()))


def _text(field: str, value: object, *, required: bool) -> str | None:
    if value is not None and not isinstance(value, str):
        raise InvalidInput(field, value, "须是文字")
    text = tidied(value or "")
    if len(text) > TEXT_MOST:
        raise InvalidInput(field, f"{len(text)}字", f"最多{TEXT_MOST}字")
    if not text and required:
        raise InvalidInput(field, value or "", said.REQUIRED)
    return text or None


def needed(field: str, value: object) -> str:
    """A text that this door cannot do without, though its event can. Raises InvalidInput."""
    return _text(field, value, required=True) or ""


def _tidy(value: object) -> object:
    if isinstance(value, str):
        return tidied(value) or None
    if isinstance(value, tuple | list):
        return [_tidy(part) for part in value]
    return value


def acting(role: Role | str, *allowed: Role) -> Role:
    """The role a person says he acts in, if this door lets it in. Raises InvalidInput."""
    if role not in tuple(allowed):
        raise InvalidInput("role", str(role), said.ONLY + "、".join(allowed))
    return Role(role)


def moment(field: str, value: object) -> int:
    """An aware time, or its ISO 8601 text, in microseconds UTC. Raises InvalidInput, also for a
    time without a zone.
    """
    try:
        at = datetime.fromisoformat(value.strip()) if isinstance(value, str) else value
    except ValueError:
        at = None
    if not isinstance(at, datetime):
        raise InvalidInput(field, value, said.MOMENT)
    if at.utcoffset() is None:
        raise InvalidInput(field, value, said.WITH_ZONE)
    return micros(at)


def ahead(ledger: Ledger, field: str, value: object) -> int | None:
    """The same for a time to come: later than now, by no more than a year; None stays None."""
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    at, now = moment(field, value), ledger.clock()
    if not now < at <= now + AHEAD_MOST // timedelta(microseconds=1):
        here = instant(now).astimezone(ledger.rulebook.in_force(now).zone)
        raise InvalidInput(field, "", f"须晚于现在（{here:%Y-%m-%d %H:%M}），一年以内")
    return at


def invalid(error: ValidationError) -> InvalidInput:
    """The first thing a model found wrong, as the refusal a person can act on."""
    first = error.errors(include_url=False)[0]
    field = ".".join(str(part) for part in first["loc"]) or "内容"
    given = "" if first["type"] == "missing" else first["input"]
    return InvalidInput(field, given, said.of_model(first))
