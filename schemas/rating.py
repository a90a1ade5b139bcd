"""归集: what platforms send, in the national field names, after their codes were mapped to ours."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated

from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from schemas.codes import REASONS, Channel, Origin, PromiseUnit, ServiceKind, UserKind
from schemas.text import tidied

_INBOUND = ConfigDict(strict=True, frozen=True, extra="forbid")


def _seen(key: str) -> str:
    if not key.isascii() and not tidied(key):
        raise PydanticCustomError("string_too_short", "不能为空")
    return key


Key = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_seen)]
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
    promiseType: PromiseUnit | None = None
    promiseDay: Annotated[int, Field(ge=1, le=9999)] | None = None
    acceptDate: Moment | None = None
    resultDate: Moment | None = None
    serviceTime: Moment

    @field_validator("resultDate")
    @classmethod
    def _done_after_it_was_accepted(
        cls, done: datetime | None, others: ValidationInfo
    ) -> datetime | None:
        accepted = others.data.get("acceptDate")
        if done is not None and accepted is not None and done < accepted:
            raise PydanticCustomError("order", "办结时间早于受理时间")
        return done


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

    @field_validator("evalDetail")
    @classmethod
    def _reasons_fit_the_level(
        cls, codes: tuple[str, ...], others: ValidationInfo
    ) -> tuple[str, ...]:
        level = others.data.get("satisfaction")
        for code in codes:
            known = REASONS.get(code)
            if known is None:
                raise PydanticCustomError("reason", "没有这个原因代码")
            if level is not None and known.level != level:
                raise PydanticCustomError(
                    "reason", "原因代码与满意度 {level} 不符", {"level": level}
                )
        return codes


@dataclass(frozen=True, slots=True)
class Refusal:
    """One row not taken in: its line (or place in the message), field, masked value and why; `each`
    names every field with its own value and reason where several are wrong.
    """

    row: int
    field: str
    value: str
    reason: str
    each: tuple[tuple[str, str, str], ...] = ()

    @property
    def errors(self) -> tuple[tuple[str, str, str], ...]:
        """Every wrong field with its masked value and reason, one by one."""
        return self.each or ((self.field, self.value, self.reason),)
