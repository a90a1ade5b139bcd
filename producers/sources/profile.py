"""归集: what a source's TOML file may say; anything else in it is refused, never ignored."""

import tomllib
from collections.abc import Iterable, Mapping, Set
from pathlib import Path
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from schemas.codes import Channel, Origin, PromiseUnit, ServiceKind, UserKind
from schemas.rating import Rating, ServiceRecord
from workflow.errors import InvalidInput
from workflow.said import of_model

_MOST_BYTES = 200_000
_CLOSED = ConfigDict(strict=True, frozen=True, extra="forbid")

Codes = dict[str, str]
TimeShape = Literal["national", "offset", "basic", "spreadsheet"]
RecordKind = Literal["service", "rating"]

_OURS = frozenset(Rating.model_fields) | frozenset(ServiceRecord.model_fields)


class CodeTables(BaseModel):
    """Their code → ours, a table for each coded field; a code that is in no table is refused."""

    model_config = _CLOSED

    satisfaction: dict[str, Annotated[int, Field(ge=1, le=5)]]
    pf: Codes
    userProp: Codes = {}
    promiseTime: Codes = {}
    promiseType: Codes = {}
    anonymityFlag: dict[str, bool] = {}
    record: dict[str, RecordKind] = {}


class OriginRule(BaseModel):
    """What one field says about how a rating came about; "" says nothing: ask the next rule."""

    model_config = _CLOSED

    field: str
    values: Codes


class Profile(BaseModel):
    """One source's TOML file."""

    model_config = _CLOSED

    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
    aliases: list[str] = []
    version: str
    title: str
    zone: str
    times: Annotated[list[TimeShape], Field(min_length=1)]
    requires_reason: bool
    requires_unit: bool
    assess_number: str
    ignored: list[str]
    required: dict[RecordKind, list[str]]
    defaults: Codes = {}
    fields: Codes
    codes: CodeTables
    origins: Annotated[list[OriginRule], Field(min_length=1)]

    @property
    def steering(self) -> frozenset[str]:
        """Fields that say how a rating came about or which rating of its service it is."""
        said = {rule.field for rule in self.origins}
        return frozenset(said if self.assess_number.isdigit() else said | {self.assess_number})

    @property
    def readable(self) -> frozenset[str]:
        """Our names that its rows may carry."""
        never = {"source", "origin", "assessNumber"}
        if not self.codes.promiseType:  # a number says nothing where its unit is not known
            never |= {"promiseType", "promiseDay"}
        record = {"record"} if self.codes.record else set()
        return (_OURS - never) | self.steering | record | {"satisfactionName"}

    @model_validator(mode="after")
    def _means_only_what_is_known(self) -> "Profile":
        readable = self.readable
        _only(readable.union(self.ignored), self.fields.values(), "fields")
        _only(readable, self.defaults, "defaults")
        for kind, names in self.required.items():
            _only(readable, names, f"required.{kind}")
        _only({*map(str, Channel)}, self.codes.pf.values(), "codes.pf")
        _only({*map(str, UserKind)}, self.codes.userProp.values(), "codes.userProp")
        _only({*map(str, ServiceKind)}, self.codes.promiseTime.values(), "codes.promiseTime")
        _only({*map(str, PromiseUnit)}, self.codes.promiseType.values(), "codes.promiseType")
        for rule in self.origins:
            _only({"", *map(str, Origin)}, rule.values.values(), f"origins.{rule.field}")
        if twice := (readable | set(self.fields)).intersection(self.ignored):
            raise ValueError(f"ignored：{'、'.join(sorted(twice))} 既要读又要忽略")
        _zone(self.zone)
        return self


def coded(profile: Profile) -> list[tuple[str, Mapping[str, Any]]]:
    """Each coded field with its table: their code → ours."""
    codes = profile.codes
    return [
        ("satisfaction", codes.satisfaction),
        ("pf", {code: Channel(ours) for code, ours in codes.pf.items()}),
        ("userProp", {code: UserKind(ours) for code, ours in codes.userProp.items()}),
        ("promiseTime", {code: ServiceKind(ours) for code, ours in codes.promiseTime.items()}),
        ("promiseType", {code: PromiseUnit(ours) for code, ours in codes.promiseType.items()}),
        ("anonymityFlag", codes.anonymityFlag),
    ]


def read_profile(path: Path) -> Profile:
    """The profile in a TOML file; InvalidInput names the file, the key and what is wrong."""
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise InvalidInput(path.name, "", f"来源文件超过 {_MOST_BYTES} 字节")
        return Profile.model_validate(tomllib.loads(path.read_text(encoding="utf-8")))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        raise InvalidInput(path.name, "", f"来源文件读不出：{error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = "：".join((path.name, ".".join(map(str, first["loc"]))))
        given = "" if isinstance(first["input"], dict) else first["input"]
        raise InvalidInput(where, given, of_model(first)) from error


def _only(known: Set[str], given: Iterable[str], where: str) -> None:
    for name in given:
        if name not in known:
            raise ValueError(f"{where}：不认识 {name}")


def _zone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"zone：没有时区 {name}") from error
