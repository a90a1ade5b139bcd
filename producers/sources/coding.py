"""归集: one row in a source's own names and codes → one inbound record in ours, or a refusal."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from producers.sources.profile import Profile
from producers.sources.times import EXAMPLES, instant
from schemas.codes import LEVELS, Channel, Origin, ServiceKind, UserKind
from schemas.rating import Rating, Refusal, ServiceRecord
from schemas.text import clean, is_clean, masked
from workflow.errors import InvalidInput

_COMMAS = re.compile(r"[,，、;；\s]+")
_KEYS = frozenset({"projectNo", "serviceNumber", "assessNumber"})
_MOMENTS = ("serviceTime", "acceptDate", "resultDate", "assessTime")
_WHY = {
    "missing": "缺少",
    "string_too_short": "不能为空",
    "string_too_long": "太长，最多 {max_length} 字",
    "greater_than_equal": "时间不在 2000 年至 2099 年之间",
    "less_than": "时间不在 2000 年至 2099 年之间",
    "refused": "{reason}",
}


_Ours = TypeVar("_Ours")


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
    coded: tuple[tuple[str, Mapping[str, object]], ...]
    moments: tuple[str, ...]


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
        self._spare = spare - _FIELDS[Kind.RATING]

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
        )

    def parse(
        self, kind: Kind, row: Mapping[str, str], number: int
    ) -> ServiceRecord | Rating | Refusal:
        """One row in the source's own field names; a refusal says field, masked value and why."""
        fields = [self.field(name) for name in row]
        for name, field in zip(row, fields, strict=True):
            if field is None:
                return Refusal(number, clean(name)[:60], "", "不认识的字段")
        if missing := self.missing(kind, fields):
            return Refusal(number, missing[0], "", "缺少")
        return self.parse_cells(self.layout(kind, fields), list(row.values()), number)

    def parse_cells(
        self, layout: Layout, cells: Sequence[str], number: int
    ) -> ServiceRecord | Rating | Refusal:
        """As `parse`, for as many cells as the layout has columns, in its order."""
        try:
            values = self._values(layout, cells)
            read = self._read_rating if layout.kind is Kind.RATING else self._read_service
            return read(values)
        except InvalidInput as wrong:
            field, value, reason = wrong.field, wrong.value, wrong.reason
        except ValidationError as error:
            field, value, reason = _first(error)
        sent = dict(zip(layout.columns, cells, strict=True)).get(field) or str(value)
        return Refusal(number, field, masked(field, sent), reason)

    def _values(self, layout: Layout, cells: Sequence[str]) -> dict[str, object]:
        columns = layout.columns
        if not is_clean("\n".join(cells)):
            cells = _cleaned(columns, cells)
        if layout.twins:
            _agree(columns, cells)
        stripped = zip(columns, map(str.strip, cells), strict=True)
        values: dict[str, object] = {name: text for name, text in stripped if text and name}
        values["source"] = self.name
        _refuse_rewritten(values)
        for name, default in layout.defaults:
            values.setdefault(name, default)
        for name, table in layout.coded:
            if (code := values.get(name)) is not None:
                values[name] = self._ours(name, table, code)
        for name in layout.moments:
            if (text := values.get(name)) is not None:
                values[name] = self._instant(name, str(text))
        if self.profile.requires_unit and "proDepart" not in values and "deptCode" not in values:
            raise InvalidInput("proDepart", "", "缺少单位名称或单位代码")
        return values

    def _ours(self, name: str, table: Mapping[str, _Ours], code: object) -> _Ours:
        if code not in table:
            raise InvalidInput(name, code, f"来源 {self.name} 没有这个代码")
        return table[str(code)]

    def _instant(self, name: str, text: str) -> datetime:
        try:
            return instant(text, self.profile.times, self._zone)
        except (ValueError, OverflowError) as error:
            shown = " 或 ".join(EXAMPLES[shape] for shape in self.profile.times)
            raise InvalidInput(name, text, f"不是时间，应如 {shown}") from error

    def _read_service(self, values: dict[str, object]) -> ServiceRecord:
        service: ServiceRecord = _service_record(values)
        return service

    def _read_rating(self, values: dict[str, object]) -> Rating:
        named = values.get("satisfactionName")
        if named and named != LEVELS.get(values.get("satisfaction", 0)):  # type: ignore[call-overload]
            raise InvalidInput("satisfaction", named, "满意度名称与满意度代码不符")
        values["origin"] = self._origin(values)
        first = self.profile.assess_number
        values["assessNumber"] = first if first.isdigit() else values.get(first, "")
        if text := values.get("evalDetail"):
            codes = (code for code in _COMMAS.split(str(text)) if code)
            values["evalDetail"] = tuple(dict.fromkeys(codes))
        for name in self._spare:
            values.pop(name, None)
        rating: Rating = _rating(values)
        if rating.is_bad and self.profile.requires_reason and not rating.says_why:
            raise InvalidInput("evalDetail", "", "差评必须勾选原因或填写文字评价")
        return rating

    def _origin(self, values: Mapping[str, object]) -> Origin:
        for name, table in self._origins:
            if (code := values.get(name)) is not None:
                origin = self._ours(name, table, code)
                if origin is not None:
                    return origin
        raise InvalidInput("pf", "", "缺少评价渠道，说不清评价是怎么来的")


def _names(profile: Profile) -> dict[str, str]:
    ours = {name.casefold(): name for name in (*profile.readable, *profile.ignored)}
    return ours | {their.casefold(): name for their, name in profile.fields.items()}


def _coded(profile: Profile) -> list[tuple[str, Mapping[str, object]]]:
    codes = profile.codes
    return [
        ("satisfaction", codes.satisfaction),
        ("pf", {code: Channel(ours) for code, ours in codes.pf.items()}),
        ("userProp", {code: UserKind(ours) for code, ours in codes.userProp.items()}),
        ("promiseTime", {code: ServiceKind(ours) for code, ours in codes.promiseTime.items()}),
        ("anonymityFlag", codes.anonymityFlag),
    ]


def _refuse_rewritten(values: Mapping[str, object]) -> None:
    if "E+" in str(values.get("projectNo", "")):
        reason = "像是被电子表格改写成了科学计数，请把该列存为文本"
        raise InvalidInput("projectNo", values["projectNo"], reason)


def _agree(columns: Sequence[str | None], cells: Sequence[str]) -> None:
    seen: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=True):
        if column and (text := cell.strip()) and seen.setdefault(column, text) != text:
            raise InvalidInput(column, text, "两栏内容不一致")


def _cleaned(columns: Sequence[str | None], cells: Sequence[str]) -> list[str]:
    for column, cell in zip(columns, cells, strict=True):
        if column in _KEYS and not is_clean(cell):
            # Cleaning could make two keys one.
            raise InvalidInput(str(column), clean(cell), "含控制字符或乱码")
    return [clean(cell) for cell in cells]


def _first(error: ValidationError) -> tuple[str, str, str]:
    first = error.errors(include_url=False)[0]
    context = first.get("ctx", {})
    field = str(context.get("field") or (first["loc"][0] if first["loc"] else "record"))
    value = "" if isinstance(first["input"], dict | Rating) else str(first["input"])
    return field, value, _WHY.get(first["type"], first["msg"]).format(**context)
