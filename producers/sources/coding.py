"""归集: one row in a source's own names and codes → one inbound record in ours, or a refusal."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from producers.sources.cells import agreeing, cleaned
from producers.sources.profile import Profile
from producers.sources.times import EXAMPLES, instant
from schemas.codes import LEVELS, Channel, Origin, ServiceKind, UserKind
from schemas.rating import Rating, Refusal, ServiceRecord
from schemas.text import clean, is_clean, masked
from workflow.errors import InvalidInput

_COMMAS = re.compile(r"[,，、;；\s]+")
_MOMENTS = ("serviceTime", "acceptDate", "resultDate", "assessTime")
_WHY = {
    "missing": "缺少",
    "string_too_short": "不能为空",
    "string_too_long": "太长，最多 {max_length} 字",
    "greater_than_equal": "时间不在 2000 年至 2099 年之间",
    "less_than": "时间不在 2000 年至 2099 年之间",
}


class Kind(StrEnum):
    """What a row is: 办件 or 评价."""

    SERVICE = "service"
    RATING = "rating"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file's or message's cells are read: what stands in which place."""

    kind: Kind
    columns: tuple[str | None, ...]
    twins: bool
    defaults: tuple[tuple[str, str], ...]
    coded: tuple[tuple[str, Mapping[str, Any]], ...]
    moments: tuple[str, ...]
    origins: tuple[tuple[str, Mapping[str, Origin | None]], ...]
    spare: tuple[str, ...]


_FIELDS = {
    Kind.SERVICE: frozenset(ServiceRecord.model_fields) - {"source"},
    Kind.RATING: frozenset(Rating.model_fields) - {"source"},
}
_service_record = ServiceRecord.__pydantic_validator__.validate_python
_rating = Rating.__pydantic_validator__.validate_python


class Source:
    """A source of ratings: how its names, codes and times are to be read."""

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        self.name, self.title = profile.name, profile.title
        self._zone = ZoneInfo(profile.zone)
        self._names = _names(profile)
        self._coded = _coded(profile)
        self._origins = [
            (
                rule.field,
                {code: Origin(said) if said else None for code, said in rule.values.items()},
            )
            for rule in profile.origins
        ]
        spare = profile.steering | {"satisfactionName"}
        self._wanted = {**_FIELDS, Kind.RATING: _FIELDS[Kind.RATING] | spare}

    def field(self, name: str) -> str | None:
        """Our name for one of the source's names; None if the source has no such field."""
        return self._names.get(clean(name).strip().casefold())

    def shown(self, field: str) -> str:
        """A field of ours as people know it: with the source's own name if it has one."""
        theirs = next((name for name, ours in self.profile.fields.items() if ours == field), "")
        return f"{field}（{theirs}）" if theirs else field

    def kind_of(self, fields: Collection[str | None], record: str = "") -> Kind | None:
        """What a row is, by its `record` cell or else by its fields of ours; None if unclear."""
        if record:
            named = self.profile.codes.record.get(record)
            if named is None:
                raise InvalidInput("record", record, "只能是 办件 或 评价")
            return Kind(named)
        if "satisfaction" in fields:
            return Kind.RATING
        return Kind.SERVICE if "serviceTime" in fields else None

    def missing(self, kind: Kind, fields: Collection[str | None]) -> list[str]:
        """The required fields that are not among these; InvalidInput if it has no such kind."""
        required = self.profile.required.get(kind.value)
        if required is None:
            raise InvalidInput("record", kind.value, f"来源 {self.name} 没有这类记录")
        return [name for name in required if name not in fields]

    def layout(self, kind: Kind, fields: Sequence[str | None]) -> Layout:
        """How cells in the order of these fields of ours are read as this kind of record."""
        wanted = self._wanted[kind]
        columns = tuple(field if field in wanted else None for field in fields)
        kept = [column for column in columns if column]
        defaults = [(name, text) for name, text in self.profile.defaults.items() if name in wanted]
        present = {*kept, *dict(defaults)}
        return Layout(
            kind=kind,
            columns=columns,
            twins=len(kept) > len(set(kept)),
            defaults=tuple(defaults),
            coded=tuple(pair for pair in self._coded if pair[0] in present),
            moments=tuple(name for name in _MOMENTS if name in present),
            origins=tuple(pair for pair in self._origins if pair[0] in present),
            spare=tuple(present - _FIELDS[kind]),
        )

    def parse(
        self, kind: Kind, row: Mapping[str, str], number: int
    ) -> ServiceRecord | Rating | Refusal:
        """One row in the source's own field names; a refusal says field, masked value and why."""
        fields = [self.field(name) for name in row]
        for name, field in zip(row, fields, strict=True):
            if field is None:
                return Refusal(number, masked("", name), "", "不认识的字段")
        if missing := self.missing(kind, fields):
            return Refusal(number, missing[0], "", "缺少")
        return self.parse_cells(self.layout(kind, fields), list(row.values()), number)

    def parse_cells(
        self, layout: Layout, cells: Sequence[str], number: int
    ) -> ServiceRecord | Rating | Refusal:
        """As `parse`, for as many cells as the layout has columns, in its order."""
        try:
            values = self._values(layout, cells)
            if layout.kind is Kind.RATING:
                return self._read_rating(layout, values)
            service: ServiceRecord = _service_record(values)
            return service
        except InvalidInput as wrong:
            field, value, reason = wrong.field, wrong.value, wrong.reason
        except ValidationError as error:
            field, value, reason = _first(error)
        sent = dict(zip(layout.columns, cells, strict=True)).get(field) or str(value)
        return Refusal(number, field, masked(field, sent), reason)

    def _values(self, layout: Layout, cells: Sequence[str]) -> dict[str, Any]:
        if not is_clean(" ".join(cells)):
            cells = cleaned(layout.columns, cells)
        if layout.twins:
            cells = agreeing(layout.columns, cells)
        values: dict[Any, Any] = dict(zip(layout.columns, map(str.strip, cells), strict=True))
        values.pop(None, None)
        for name, default in layout.defaults:
            values[name] = values.get(name) or default
        for name, table in layout.coded:
            if code := values.pop(name, None):
                values[name] = self._ours(name, table, code)
        for name in layout.moments:
            if text := values.pop(name, None):
                values[name] = self._instant(name, text)
        if self.profile.requires_unit and not (values.get("proDepart") or values.get("deptCode")):
            raise InvalidInput("proDepart", "", "缺少单位名称或单位代码")
        if "E+" in values.get("projectNo", ""):
            reason = "像是被电子表格改写成了科学计数，请把该列存为文本"
            raise InvalidInput("projectNo", values["projectNo"], reason)
        values["source"] = self.name
        return values

    def _ours(self, name: str, table: Mapping[str, Any], code: str) -> Any:
        try:
            return table[code]
        except KeyError:
            raise InvalidInput(name, code, f"来源 {self.name} 没有这个代码") from None

    def _instant(self, name: str, text: str) -> datetime:
        try:
            return instant(text, self.profile.times, self._zone)
        except (ValueError, OverflowError) as error:
            shown = " 或 ".join(EXAMPLES[shape] for shape in self.profile.times)
            raise InvalidInput(name, text, f"不是时间，应如 {shown}") from error

    def _read_rating(self, layout: Layout, values: dict[str, Any]) -> Rating:
        values["origin"] = self._origin(layout, values)
        number = self.profile.assess_number
        values["assessNumber"] = number if number.isdigit() else values.get(number, "")
        if codes := values.pop("evalDetail", None):
            values["evalDetail"] = _listed(codes)
        for name in layout.spare:
            named = values.pop(name, None)
            if name == "satisfactionName" and named and named != LEVELS[values["satisfaction"]]:
                raise InvalidInput("satisfaction", named, "满意度名称与满意度代码不符")
        rating: Rating = _rating(values)
        if rating.satisfaction < 3 and self.profile.requires_reason and not rating.says_why:
            raise InvalidInput("evalDetail", "", "差评必须勾选原因或填写文字评价")
        return rating

    def _origin(self, layout: Layout, values: Mapping[str, Any]) -> Origin:
        for name, table in layout.origins:
            if code := values.get(name):
                origin: Origin | None = self._ours(name, table, code)
                if origin is not None:
                    return origin
        raise InvalidInput("pf", "", "缺少评价渠道，说不清评价是怎么来的")


@lru_cache(maxsize=4096)
def _listed(codes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in _COMMAS.split(codes) if code))


def _names(profile: Profile) -> dict[str, str]:
    ours = {name.casefold(): name for name in (*profile.readable, *profile.ignored)}
    return ours | {their.casefold(): name for their, name in profile.fields.items()}


def _coded(profile: Profile) -> list[tuple[str, Mapping[str, Any]]]:
    codes = profile.codes
    return [
        ("satisfaction", codes.satisfaction),
        ("pf", {code: Channel(ours) for code, ours in codes.pf.items()}),
        ("userProp", {code: UserKind(ours) for code, ours in codes.userProp.items()}),
        ("promiseTime", {code: ServiceKind(ours) for code, ours in codes.promiseTime.items()}),
        ("anonymityFlag", codes.anonymityFlag),
    ]


def _first(error: ValidationError) -> tuple[str, str, str]:
    first = error.errors(include_url=False)[0]
    field = str(first["loc"][0]) if first["loc"] else "record"
    value = "" if isinstance(first["input"], dict) else str(first["input"])
    why = _WHY.get(first["type"])
    return field, value, why.format(**first.get("ctx", {})) if why else first["msg"]
