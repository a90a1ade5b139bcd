"""归集: what a row must be as JSON to be taken, made from its source's profile and the models."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pydantic import BaseModel

from producers.sources import source
from producers.sources.cells import PROMISED
from producers.sources.coding import MOMENTS, Kind, Source
from producers.sources.profile import Profile
from producers.sources.times import EXAMPLES, pattern
from schemas.codes import BAD_LEVELS, REASONS
from schemas.rating import Rating, ServiceRecord

_MODELS: Mapping[Kind, type[BaseModel]] = {Kind.RATING: Rating, Kind.SERVICE: ServiceRecord}
_OWN = "bihuan"
_SEEN = r"\S"
_TOLD = (
    "字段名写国家接口的（docs/import.md 的中文列名也收）。单位须在单位名册里；"
    "时间在 2000 年至 2099 年之间，不晚于现在；没有写时区的按 {zone}。"
)


def row_schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each kind of row of our own source, by its model's name."""
    ours = source(_OWN)
    return {_MODELS[kind].__name__: row_schema(ours, kind) for kind in Kind}


def row_schema(known: Source, kind: Kind) -> dict[str, Any]:
    """The JSON Schema of one row in the field names of ours that the source reads. What it allows
    is taken, unless the list of units, the clock, the order of its times, or a reason's level says
    no.
    """
    profile, model = known.profile, _MODELS[kind]
    required = profile.required[kind.value]
    names = [name for name in model.model_fields if name in profile.readable]
    limits = model.model_json_schema()["properties"]
    fields = {name: _field(known, name, name not in required, limits[name]) for name in names}
    if profile.codes.record:
        fields["record"] = _codes([c for c, said in profile.codes.record.items() if said == kind])
    read = {name: _named(known, name) | field for name, field in fields.items()}
    return {
        "title": model.__name__,
        "description": f"{profile.title}的一行。{_TOLD.format(zone=profile.zone)}",
        "type": "object",
        "properties": {
            "source": {"enum": [profile.name, *profile.aliases]},
            **read,
            **{name: {"description": "收而不读"} for name in profile.ignored},
        },
        "required": list(required),
        "additionalProperties": False,
        "allOf": _conditions(known, kind),
    }


def _named(known: Source, name: str) -> dict[str, Any]:
    """What people call the field, and what it counts as where it is not written."""
    theirs = next((their for their, ours in known.profile.fields.items() if ours == name), name)
    default = known.profile.defaults.get(name)
    return {"description": theirs} | ({} if default is None else {"default": default})


def _table(profile: Profile, name: str) -> Mapping[str, Any] | None:
    """The codes that the field may hold; None where it holds none."""
    by_origin = {rule.field: rule.values for rule in profile.origins}
    return getattr(profile.codes, name, None) or by_origin.get(name)


def _field(known: Source, name: str, optional: bool, limits: dict[str, Any]) -> dict[str, Any]:
    if codes := _table(known.profile, name):
        flags = [True, False] if name == "anonymityFlag" else []
        return _codes(codes, *flags, optional=optional)
    absent = ["null"] if optional else []
    if name in MOMENTS:
        shapes = known.profile.times
        examples = [EXAMPLES[shape] for shape in shapes]
        said = f"^(?:{pattern(shapes)}){'?' if optional else ''}$"
        return {"type": ["string", *absent], "pattern": said, "examples": examples}
    text = {"type": ["string", "integer", *absent]}
    if name == "promiseDay":
        return text | {"pattern": f"^(?:{PROMISED.pattern})?$", "minimum": 0, "maximum": 9999}
    if name == "evalDetail":
        listed = {"type": "array", "items": {"enum": list(REASONS)}}
        return {"anyOf": [text, listed], "examples": ["109", "109,115"]}
    longest = {"maxLength": limits["maxLength"]}
    return text | longest | ({} if optional else {"pattern": _SEEN})


def _codes(codes: Iterable[str], *others: Any, optional: bool = True) -> dict[str, Any]:
    """These codes, as numbers too where they are such."""
    written = list(codes)
    numbers = [int(code) for code in written if code.isdecimal()]
    return {"enum": [*written, *numbers, *others, *(["", None] if optional else [])]}


def _conditions(known: Source, kind: Kind) -> list[dict[str, Any]]:
    """What several fields must say together."""
    found = []
    if known.profile.requires_unit:
        found.append(_one_of("proDepart", "deptCode"))
    if known.profile.requires_reason and kind is Kind.RATING:
        levels = known.profile.codes.satisfaction
        bad = _codes([code for code, level in levels.items() if level in BAD_LEVELS])
        reason = _one_of("evalDetail", "writingEvaluation")
        found.append({"if": {"properties": {"satisfaction": bad}}, "then": reason})
    if known.profile.codes.promiseType and kind is Kind.SERVICE:
        some = {"type": ["string", "integer"], "pattern": "[1-9]", "minimum": 1}
        said = {"required": ["promiseDay"], "properties": {"promiseDay": some}}
        found.append({"if": said, "then": _one_of("promiseType")})
    return found


def _one_of(*names: str) -> dict[str, Any]:
    filled = {"type": ["string", "integer", "array"], "pattern": _SEEN, "minItems": 1}
    return {"anyOf": [{"required": [name], "properties": {name: filled}} for name in names]}
