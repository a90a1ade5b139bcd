"""归集: what platforms send, in the national field names, after their codes were mapped to ours."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import (
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from schemas.codes import BAD_LEVELS, REASONS, Channel, Origin, ServiceKind, UserKind

_INBOUND = ConfigDict(strict=True, frozen=True, extra="forbid")

Key = Annotated[str, StringConstraints(min_length=1, max_length=64)]
Short = Annotated[str, StringConstraints(max_length=64)]
Name = Annotated[str, StringConstraints(max_length=200)]
Text = Annotated[str, StringConstraints(max_length=4000)]
Moment = Annotated[
    AwareDatetime,
    Field(ge=datetime(2000, 1, 1, tzinfo=UTC), lt=datetime(2100, 1, 1, tzinfo=UTC)),
]
"""An aware time no clock error could have made; "not in the future" is for who knows the time."""


class ServiceRecord(BaseModel):
    """办件服务: one service given; key (source, projectNo, serviceNumber). No citizen's data."""

    model_config = _INBOUND

    source: Key
    projectNo: Key
    serviceNumber: Key
    areaCode: Short = ""
    areaName: Name = ""
    deptCode: Short = ""
    proDepart: Name = ""
    taskCode: Short = ""
    taskName: Name = ""
    winName: Name = ""
    proManager: Name = ""
    promiseTime: ServiceKind | None = None
    acceptDate: Moment | None = None
    resultDate: Moment | None = None
    serviceTime: Moment


class Rating(BaseModel):
    """评价: one rating of one service; key (source, projectNo, serviceNumber, assessNumber)."""

    model_config = _INBOUND

    source: Key
    projectNo: Key
    serviceNumber: Key
    assessNumber: Key
    areaCode: Short = ""
    areaName: Name = ""
    deptCode: Short = ""
    proDepart: Name = ""
    taskCode: Short = ""
    taskName: Name = ""
    winName: Name = ""
    proManager: Name = ""
    device: Short = ""
    userName: Name = ""
    userProp: UserKind | None = None
    mobile: Short = ""
    certKey: Short = ""
    anonymityFlag: bool = False
    pf: Channel
    origin: Origin
    satisfaction: Annotated[int, Field(ge=1, le=5)]
    evalDetail: tuple[str, ...] = ()
    writingEvaluation: Text = ""
    assessTime: Moment

    @model_validator(mode="after")
    def _reasons_fit_the_level(self) -> Self:
        for code in self.evalDetail:
            known = REASONS.get(code)
            if known is None:
                raise _wrong("evalDetail", f"没有原因代码 {code}")
            if known.level != self.satisfaction:
                raise _wrong("evalDetail", f"原因代码 {code} 与满意度 {self.satisfaction} 不符")
        return self

    @property
    def is_bad(self) -> bool:
        """差评: level 1 or 2."""
        return self.satisfaction in BAD_LEVELS

    @property
    def says_why(self) -> bool:
        """Whether a reason was ticked or a text written (差评必须勾选详情或填写文字评价)."""
        return bool(self.evalDetail or self.writingEvaluation)


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row not taken in: its line (or place in the message), field, masked value and why."""

    row: int
    field: str
    value: str
    reason: str


def _wrong(field_name: str, reason: str) -> PydanticCustomError:
    return PydanticCustomError("refused", "{reason}", {"field": field_name, "reason": reason})
