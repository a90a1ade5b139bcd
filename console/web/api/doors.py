"""接口: the doors as other systems find them: each one's address, and the body it takes, made from
its own signature and from the event it records.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from enum import StrEnum
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, get_args, get_origin, get_type_hints

from pydantic import BaseModel, ConfigDict, Field, create_model
from pydantic.fields import FieldInfo

from console.door_words import command_name, help_of
from console.web.api.shapes import Moment
from producers import departments, hotline, supervisors
from schemas import EVENTS
from schemas.envelope import Fact, Role
from workflow.door import DOORS, TEXT_MOST, texts_of

PARTIES = {"hotline": hotline, "department": departments, "supervisor": supervisors}
"""Whose steps systems may take, by the word in the address."""

TOKENS_OWN = frozenset({"ledger", "subject", "account"})
"""What no body says: the token and the address do."""

EXAMPLES: dict[str, Any] = {
    "ticket": "12345-20211021-0007",
    "outcome": "answered",
    "next_call_at": "2021-10-22T09:30:00+08:00",
    "recording": "R-20211021-031",
    "reason": "群众说窗口让其补交指南之外的证明",
    "note": "群众说是按错了",
    "by": "call",
    "reason_code": "109",
    "case_class": "clear",
    "verdict": "invalid",
    "ground": "misoperation",
    "unit": "区人社局",
    "assisting": ["张店医保分局"],
    "suggested_unit": "张店医保分局",
    "answer": "群众说是10月第3周去的",
    "channel": "link",
    "level": 5,
    "rectified": True,
    "words": "这次不用再跑了",
    "legal_basis": "《社会保险经办条例》第十六条",
    "working_days": 5,
    "question": "请问去的是哪个窗口",
    "facts": "窗口多要了一份证明",
    "cause": "不熟悉办事指南",
    "measures": "已组织培训，撤下旧清单",
    "reply": "给您添了麻烦，向您道歉",
    "signed_by": "张局长",
    "kind": "rectified",
    "limit": "rectify",
    "decision": "close_unresolved",
    "role": "operator",
}


class OpenDoor(NamedTuple):
    """A door at its address `steps/{party}/{name}`; `keyed`: it takes a key and a version."""

    party: str
    name: str
    door: Callable[..., Any]
    kind: type[Fact]
    roles: frozenset[Role]

    @property
    def path(self) -> str:
        return f"{self.party}/{self.name}"

    @property
    def keyed(self) -> bool:
        return "step" in self.asked

    @property
    def asked(self) -> dict[str, inspect.Parameter]:
        return dict(inspect.signature(self.door).parameters)


@cache
def open_doors() -> tuple[OpenDoor, ...]:
    """Every step of a complaint, in the order of the loop."""
    order = [event.__name__ for event in EVENTS]
    found = [
        OpenDoor(party, command_name(door), door, kind, roles)
        for party, module in PARTIES.items()
        for door, kind, roles in DOORS[module.__name__.split(".")[1]]
        if "subject" in inspect.signature(door).parameters
    ]
    return tuple(sorted(found, key=lambda one: (order.index(one.kind.__name__), one.path)))


def paths_of(event: str) -> list[str]:
    """Where this event can be recorded."""
    return [f"steps/{one.path}" for one in open_doors() if one.kind.__name__ == event]


def body_of(one: OpenDoor) -> type[BaseModel]:
    """The body a door takes: its own fields, and the version that was seen."""
    hints = get_type_hints(one.door)
    own = TOKENS_OWN | ({"unit"} if one.party == "department" else set())
    fields: dict[str, Any] = {
        name: _field(one, name, parameter, hints[name])
        for name, parameter in one.asked.items()
        if name not in own and parameter.kind is not inspect.Parameter.VAR_KEYWORD
    }
    if one.keyed:
        seen = Field(None, ge=0, description="您看到的版本；其间有人办理过就不办", examples=[6])
        fields["expected_version"] = (int | None, seen)
    needed = {name for name, (_, field) in fields.items() if field.is_required()}
    example = {name: EXAMPLES[name] for name in fields if name in needed and name in EXAMPLES}
    config = ConfigDict(strict=True, extra="forbid", json_schema_extra={"examples": [example]})
    name = "".join(part.title() for part in one.path.replace("/", "-").split("-"))
    return create_model(name, __config__=config, **fields)


def _field(one: OpenDoor, name: str, parameter: inspect.Parameter, hint: Any) -> tuple[Any, Any]:
    default = ... if parameter.default is inspect.Parameter.empty else parameter.default
    said = EXAMPLES.get(name)
    field: Any = Field(
        [] if default == () else default,
        description=help_of(one.party, one.door, name),
        examples=None if said is None else [said],
    )
    kind = _kind(one, name, hint)
    return (kind | None if default is None else kind), field


def _kind(one: OpenDoor, name: str, hint: Any) -> Any:
    """What the event says of the field, where the door takes it as it is."""
    if name == "role":
        return Literal[tuple(sorted(map(str, one.roles)))]
    if name == "next_call_at":
        return Moment
    if name in texts_of(one.kind):
        return Annotated[str, Field(max_length=TEXT_MOST)]
    if get_origin(hint) is Sequence:
        return Annotated[list[Annotated[str, Field(max_length=120)]], Field(max_length=20)]
    kinds = set(get_args(hint) or (hint,)) - {type(None)}
    return _coded(kinds.pop(), one.kind.model_fields.get(name))


def _coded(kind: Any, known: FieldInfo | None) -> Any:
    if kind is bool:
        return bool
    if kind is int:
        return Annotated[int, *(known.metadata if known else ()), Field(ge=0, le=10_000)]
    codes = _codes(known.annotation) if known else ()
    return Literal[codes] if codes else Annotated[str, Field(max_length=120)]


def _codes(annotation: Any) -> tuple[str, ...]:
    """The values of an enumeration or of a literal, also of an optional one."""
    for part in (annotation, *get_args(annotation)):
        if isinstance(part, type) and issubclass(part, StrEnum):
            return tuple(str(code) for code in part)
        if get_origin(part) is Literal:
            return tuple(str(code) for code in get_args(part))
    return ()
