"""What every event is: a frozen fact, and the envelope it travels in, named after CloudEvents
1.0.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

STRICT = ConfigDict(strict=True, frozen=True, extra="forbid", str_max_length=4000)

Code = Annotated[str, StringConstraints(min_length=1, max_length=120)]
"""A short identifier: a unit's code, a unit's name, a ticket number."""

Digest = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Salted digest of a free text; the text itself lies in the vault under (event id, field name)."""

Micros = Annotated[int, Field(ge=0, le=32_503_680_000_000_000)]
"""An instant: microseconds since 1970-01-01T00:00:00Z."""


class Role(StrEnum):
    """Who may record a step; CONSUMER and CLOCK are the engine itself."""

    PLATFORM = "platform"  # 评价平台
    OPERATOR = "operator"  # 热线话务员
    REVIEWER = "reviewer"  # 复核人
    DEPARTMENT = "department"  # 责任单位经办人
    CLERK = "clerk"  # 单位数据员
    SUPERVISOR = "supervisor"  # 监督员
    CITIZEN = "citizen"  # 群众
    HOTLINE = "hotline"  # 热线自有系统
    CONSUMER = "consumer"  # 引擎自身的反应
    CLOCK = "clock"  # 时钟
    ADMINISTRATOR = "administrator"  # 管理员: accounts, never complaints
    AUDITOR = "auditor"  # 审计员
    IT = "it"  # 信息科


class Fact(BaseModel):
    """Base of every event's data: immutable, strict, closed; the class's name is the event's
    type.
    """

    model_config = STRICT


class LimitStamp(BaseModel):
    """One limit opened or moved by an event: when it falls due, in microseconds UTC, and by
    which calendar.
    """

    model_config = STRICT
    due_at: Micros
    warn_at: Micros | None = None
    red_at: Micros | None = None
    original_due_at: Micros
    generation: Annotated[int, Field(ge=1)]
    opened_at: Micros
    provisional: bool = False
    calendar: str


class LimitChanges(BaseModel):
    """What an event did to the complaint's limits: opened or moved, met, cancelled, paused."""

    model_config = STRICT
    opened: dict[str, LimitStamp] = {}
    met: tuple[str, ...] = ()
    cancelled: tuple[str, ...] = ()
    paused: tuple[str, ...] = ()


class EnvelopeBase(BaseModel):
    """CloudEvents attributes, then our extensions: sequence, state, actor, cause, recorded time,
    limits, lane, position.

    `time` is when the fact occurred, `recordedtime` when it was committed; both aware UTC.
    """

    model_config = STRICT
    specversion: Literal["1.0"] = "1.0"
    id: str
    source: str
    type: str
    subject: str
    time: AwareDatetime
    datacontenttype: Literal["application/json"] = "application/json"
    dataschema: str
    sequence: Annotated[int, Field(ge=1)]
    state: str
    actor: str
    role: Role
    unit: str | None = None
    causationid: str | None = None
    recordedtime: AwareDatetime
    limits: LimitChanges = LimitChanges()
    lane: Annotated[int, Field(ge=0, le=15)]
    position: Annotated[int, Field(ge=1)]
