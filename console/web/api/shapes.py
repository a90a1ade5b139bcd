"""接口: what is answered, as the document tells it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, BeforeValidator, Field

from workflow.said import MOMENT

Outcome = Literal["accepted", "repeat", "conflict", "refused"]


def _written(value: object) -> object:
    """A bare number would be read as seconds since 1970, a day without dashes among them."""
    if isinstance(value, str) and ":" in value:
        return value
    raise ValueError(MOMENT)


Moment = Annotated[AwareDatetime, Field(strict=False), BeforeValidator(_written)]
"""A time as the document tells it."""


class Wrong(BaseModel):
    """一处不合格。"""

    field: str = Field(examples=["satisfaction"])
    value: str | None = Field(None, description="收到的值，个人信息已隐去", examples=["9"])
    reason: str = Field(examples=["没有这个代码"])


class DeliveredRow(BaseModel):
    """一条的结果。accepted 新收；repeat 收过，内容相同；conflict 收过，内容不同，另存待查，
    先收的不改；refused 不收，写明哪一项、为什么。
    """

    row: int = Field(description="第几条，从 1 数", examples=[1])
    outcome: Outcome = Field(examples=["accepted"])
    complaint: str | None = Field(None, description="差评件编号", examples=["CP21-0125"])
    field: str | None = Field(None, description="不收的是哪一项，几项的写第一项", examples=["pf"])
    value: str | None = Field(None, description="收到的值，个人信息已隐去", examples=["9"])
    reason: str | None = Field(None, description="为什么不收", examples=["没有这个代码"])
    errors: list[Wrong] | None = Field(None, description="不收的每一项、为什么")


class Delivered(BaseModel):
    """报送的结果：答复了的都已存好。"""

    source: str = Field(examples=["bihuan"])
    accepted: int = Field(examples=[1])
    repeat: int = Field(examples=[0])
    conflict: int = Field(examples=[0])
    refused: int = Field(examples=[0])
    rows: list[DeliveredRow]


class Item(BaseModel):
    """一件差评，列表里的一行。限单位的令牌看不到归集时间。"""

    id: str = Field(examples=["CP21-0125"])
    state: str = Field(examples=["RECTIFYING"])
    state_name: str = Field(examples=["整改中"])
    version: int = Field(examples=[8])
    round: int = Field(description="第几轮办理", examples=[1])
    order: str | None = Field(description="最近一张工单", examples=["GD21-0125-1"])
    unit: str | None = Field(description="责任单位代码", examples=["ZD-RSJ"])
    collected: datetime | None = Field(None, description="归集时间")
    ended: datetime | None = Field(description="结案或办结的时间")


class Items(BaseModel):
    """一页。`next` 是下一页的 `after`；没有就是完了。"""

    items: list[Item]
    next: str | None = Field(examples=["CP21-0125"])


class Limit(BaseModel):
    """一项时限。"""

    due: datetime
    provisional: bool = Field(description="暂定：放假通知未公布")
    paused: bool = Field(description="现在停表")


class Happened(BaseModel):
    """时间线上的一步。`occurred` 发生，`recorded` 记录。"""

    version: int | None = Field(description="第几版；限单位的令牌没有", examples=[8])
    event: str = Field(examples=["ComplaintConfirmed"])
    label: str = Field(examples=["确认有效"])
    state: str = Field(description="这一步之后的状态", examples=["ASSIGNING"])
    occurred: datetime
    recorded: datetime
    role: str = Field(examples=["operator"])
    actor: str | None
    details: dict[str, str]
    limits: dict[str, Limit]


class Shown(BaseModel):
    """一件差评，按令牌可见的内容。"""

    id: str = Field(examples=["CP21-0125"])
    state: str = Field(examples=["VERIFYING"])
    version: int = Field(description="办理时写进 expected_version", examples=[3])
    about: dict[str, str] = Field(examples=[{"满意度": "非常不满意(1)", "事项": "灵活就业参保"}])
    limits: dict[str, Limit]
    allowed: list[str] = Field(description="现在能办的", examples=[["认领", "记一次通话"]])
    timeline: list[Happened]


class Now(BaseModel):
    """这一步之后自动办理到了哪里。"""

    state: str = Field(examples=["ASSIGNING"])
    version: int = Field(description="下一步的 expected_version", examples=[9])


class Taken(BaseModel):
    """办了一步。"""

    subject: str = Field(examples=["CP21-0125"])
    event: str = Field(examples=["ComplaintConfirmed"])
    version: int = Field(examples=[8])
    state: str = Field(examples=["ASSIGNING"])
    repeated: bool = Field(description="同一请求键此前办过，没有重复办")
    limits: dict[str, datetime] = Field(description="由此到期的时限")
    now: Now
    phone: str | None = Field(None, description="只在显示号码之后有")
    no_number: str | None = Field(None, description="显示号码时，评价里填的不是电话号码的原文")


class Queued(BaseModel):
    """邀请已进发件箱，送达才算。"""

    recorded: str = Field(examples=["CP21-0125-9/link"])


class Found(BaseModel):
    """查到的一件。"""

    id: str = Field(examples=["CP21-0125"])
    state: str = Field(examples=["整改中"])
    order: str | None = Field(examples=["GD21-0125-1"])
    unit: str | None = Field(examples=["ZD-RSJ"])


class Figures(BaseModel):
    """一个统计期的指标：每个比率都有分子 n、分母 d 和算法。"""

    period: str = Field(examples=["2021Q3"])
    tier: str = Field(examples=["部门"])
    area: str = Field(examples=["张店区"])
    A: int | None = Field(description="办件总数")
    M: int = Field(description="评价总数")
    P: int = Field(description="现场主动评价数")
    D: int = Field(description="差评总数")
    T: int = Field(description="有效差评数")
    figures: list[dict[str, Any]]
    findings: list[str] = Field(description="数据自相矛盾之处，照实列出")
    outside: list[dict[str, Any]] = Field(description="系统之外的数")
    unplaced: dict[str, int] = Field(description="单位待定或不在现行名册，没有计入的评价")
    synthetic: bool = Field(description="合成数据")
    as_of: datetime = Field(description="统计时刻")
    events_behind: int = Field(description="还没有计入的事件")
    chain_heads: list[dict[str, Any]] = Field(description="事件链头")
