"""归集: one row in a source's own names and codes → one inbound record in ours, or a refusal."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import ValidationError

from producers.sources.cells import agreeing, cleaned, promised, spoilt_by_spreadsheets
from producers.sources.problems import OUT_OF_RANGE, Problem, problems_of, refused
from producers.sources.profile import Profile, coded
from producers.sources.times import EXAMPLES, instant
from producers.sources.words import codes_told
from schemas.codes import BAD_LEVELS, LEVELS, Channel, Origin
from schemas.rating import Rating, Refusal, ServiceRecord
from schemas.text import clean, is_clean, masked, tidied
from workflow.errors import InvalidInput

_COMMAS = re.compile(r"[,，、;；\s]+")
SHAPES = 32
"""Orders of fields that are remembered: a sender's messages have the same again and again."""

MOMENTS = ("serviceTime", "acceptDate", "resultDate", "assessTime")


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
        self._coded = coded(profile)
        self._origins = [
            (
                rule.field,
                {code: Origin(said) if said else None for code, said in rule.values.items()},
            )
            for rule in profile.origins
        ]
        tables = (*self._origins, *self._coded)
        self._unknown = {
            name: f"来源 {self.name} 没有这个代码{codes_told(table)}" for name, table in tables
        }
        spare = profile.steering | {"satisfactionName"}
        served, rated = _FIELDS[Kind.SERVICE], _FIELDS[Kind.RATING] | spare
        self._wanted = {Kind.SERVICE: served.difference(profile.ignored), Kind.RATING: rated}
        self._remembered = lru_cache(SHAPES)(lambda names: tuple(map(self.field, names)))
        self.layout = lru_cache(SHAPES)(self._layout_of)

    def __reduce__(self) -> tuple[Any, ...]:
        return Source, (self.profile,)

    def field(self, name: str) -> str | None:
        """Our name for one of the source's names; None if the source has no such field."""
        return self._names.get(clean(name).strip().casefold())

    def fields(self, names: tuple[str, ...]) -> tuple[str | None, ...]:
        """Our names for the source's."""
        usual = len(names) <= len(self._names)  # what is sent may be all names, and for ever new
        return self._remembered(names) if usual else tuple(map(self.field, names))

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

    def _layout_of(self, kind: Kind, fields: tuple[str | None, ...]) -> Layout:
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
            moments=tuple(name for name in MOMENTS if name in present),
            origins=tuple(pair for pair in self._origins if pair[0] in present),
            spare=tuple(present - _FIELDS[kind]),
        )

    def parse(
        self, kind: Kind, row: Mapping[str, str], number: int
    ) -> ServiceRecord | Rating | Refusal:
        """One row in the source's own field names; a refusal says field, masked value and why."""
        fields = self.fields(tuple(row))
        if None in fields:
            name = list(row)[fields.index(None)]
            return Refusal(number, masked("", name), masked("userName", row[name]), "不认识的字段")
        if missing := self.missing(kind, fields):
            return refused(number, [Problem(name, "", "缺少") for name in missing])
        return self.parse_cells(self.layout(kind, fields), list(row.values()), number)

    def parse_cells(
        self, layout: Layout, cells: Sequence[str], number: int
    ) -> ServiceRecord | Rating | Refusal:
        """As `parse`, for as many cells as the layout has columns, in its order."""
        wrong: list[Problem] = []
        values = self._values(layout, cells, wrong)
        if layout.kind is Kind.RATING:
            self._rate(layout, values, wrong)
        make = _rating if layout.kind is Kind.RATING else _service_record
        try:
            record: ServiceRecord | Rating = make(values)
        except ValidationError as error:
            # No origin is what follows from another problem.
            named = {"origin", *(problem.field for problem in wrong)}
            wrong += (problem for problem in problems_of(error) if problem.field not in named)
        if not wrong:
            return record
        sent = dict(zip(layout.columns, cells, strict=True))
        return refused(number, [p._replace(value=sent.get(p.field) or p.value) for p in wrong])

    def _values(self, layout: Layout, cells: Sequence[str], wrong: list[Problem]) -> dict[str, Any]:
        text = " ".join(cells)
        if not is_clean(text):
            cells = cleaned(layout.columns, cells, wrong)
        if layout.twins:
            cells = agreeing(layout.columns, cells, wrong)
        values: dict[Any, Any] = dict(zip(layout.columns, map(str.strip, cells), strict=True))
        values.pop(None, None)
        for name, default in layout.defaults:
            values[name] = values.get(name) or default
        for name, table in layout.coded:
            if code := values.pop(name, None):
                if code in table:
                    values[name] = table[code]
                else:
                    wrong.append(Problem(name, code, self._unknown[name]))
        if "promiseDay" in values:
            promised(values, wrong)
        for name in layout.moments:
            if moment := values.pop(name, None):
                self._moment(values, name, moment, wrong)
        if self.profile.requires_unit and not (values.get("proDepart") or values.get("deptCode")):
            wrong.append(Problem("proDepart", "", "缺少单位名称或单位代码"))
        if "+" in text or "=" in text:
            spoilt_by_spreadsheets(values, wrong)
        values["source"] = self.name
        return values

    def _moment(self, values: dict[str, Any], name: str, text: str, wrong: list[Problem]) -> None:
        try:
            values[name] = instant(text, self.profile.times, self._zone)
        except OverflowError:
            wrong.append(Problem(name, text, OUT_OF_RANGE))
        except ValueError:
            shown = " 或 ".join(EXAMPLES[shape] for shape in self.profile.times)
            wrong.append(Problem(name, text, f"不是时间，应如 {shown}"))

    def _rate(self, layout: Layout, values: dict[str, Any], wrong: list[Problem]) -> None:
        """What a rating has beside the columns it is read from."""
        self._set_origin(layout, values, wrong)
        number = self.profile.assess_number
        values["assessNumber"] = number if number.isdigit() else values.get(number, "")
        if codes := values.pop("evalDetail", None):
            values["evalDetail"] = _listed(codes)
        level = values.get("satisfaction")
        for name in layout.spare:
            said = values.pop(name, None)
            if name == "satisfactionName" and said and level and said != LEVELS[level]:
                wrong.append(Problem("satisfaction", said, "满意度名称与满意度代码不符"))
        silent = not (values.get("evalDetail") or tidied(values.get("writingEvaluation", "")))
        if silent and level in BAD_LEVELS and self.profile.requires_reason:
            wrong.append(Problem("evalDetail", "", "差评必须勾选原因或填写文字评价"))

    def _set_origin(self, layout: Layout, values: dict[str, Any], wrong: list[Problem]) -> None:
        before = len(wrong)
        for name, table in layout.origins:
            if not (code := values.get(name)):
                continue
            if code not in table:
                wrong.append(Problem(name, code, self._unknown[name]))
            elif (origin := table[code]) is not None:
                if values.get("pf") is Channel.SYSTEM and origin is not Origin.DEFAULT:
                    wrong.append(Problem(name, code, "与评价渠道“系统默认”不符"))
                values["origin"] = origin
                return
        if len(wrong) == before and not any(problem.field == "pf" for problem in wrong):
            wrong.append(Problem("pf", "", "缺少评价渠道，说不清评价是怎么来的"))


@lru_cache(maxsize=4096)
def _listed(codes: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(code for code in _COMMAS.split(codes) if code))


def _names(profile: Profile) -> dict[str, str]:
    ours = {name.casefold(): name for name in (*profile.readable, *profile.ignored)}
    return ours | {their.casefold(): name for their, name in profile.fields.items()}
