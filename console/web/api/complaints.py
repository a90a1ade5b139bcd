"""接口: complaints read: a page of them, one with its timeline, and by any number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import ColumnElement, Connection, select, tuple_

from console import wording
from console.accounts.tokens import Scope, System
from console.finding import MOST, found_by
from console.scope import complaint_for, parts
from console.sight import version_for
from console.timeline import timeline
from console.timeline_json import timeline_json
from console.web.access import SiteHere
from console.web.api.bodies import SAID_ONCE
from console.web.api.granted import Granted, viewer_of
from console.web.api.problems import problems
from console.web.api.shapes import Found, Item, Items, Moment, Shown
from console.wiring import Office
from schemas.text import clean
from workflow.clock import instant, micros
from workflow.complaint import load
from workflow.door_units import required_unit
from workflow.errors import InvalidInput, UnknownComplaint
from workflow.ledger import Actor
from workflow.states import OPEN, State
from workflow.storage.models import complaints

READ, SEARCH = Granted(Scope.READ), Granted(Scope.SEARCH)
PAGE_MOST = 200
router = APIRouter(tags=["差评件"])
_PLACE = tuple_(complaints.c.collected_at, complaints.c.id)
_APART = (complaints.c.collected_at + 0, complaints.c.id)
"""The same order, by no index: one unit's are found and sorted, all would be gone through."""

Reader = Annotated[System, Depends(READ)]


class Asked(BaseModel):
    """查找。号码放在正文里，不放网址里。"""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"q": "CP21-0125"}]})
    q: str = Field(
        min_length=1,
        max_length=64,
        description="差评件编号、工单号、办件号、12345工单号、电话或其后四位；"
        "限单位的令牌只能用差评件编号和工单号",
    )


class Wanted(BaseModel):
    """哪些件，从哪一件之后。"""

    state: State | None = Field(None, description="状态")
    unit: str | None = Field(
        None, min_length=1, max_length=120, description="责任单位：代码、名称或别名"
    )
    since: Moment | None = Field(None, description="归集时间不早于，带时区；限单位的令牌不能用")
    after: str | None = Field(None, max_length=64, description="上一页答复里的 next")
    limit: int = Field(50, ge=1, le=PAGE_MOST, description="一页几件")


@router.get(
    "/complaints",
    summary="差评件一页",
    description="按归集先后。限单位的令牌只见派给本单位的和请本单位协办的。"
    "只有编号、状态、单位和时间，如网页上的列表，不算查看，不留痕；打开一件才留痕。",
    response_model_exclude_none=False,
    responses=problems(),
)
def listed(site: SiteHere, system: Reader, wanted: Annotated[Wanted, Query()]) -> Items:
    office, viewer = site.office, viewer_of(system)
    if wanted.since is not None and system.unit is not None:
        raise InvalidInput("since", "", "限单位的令牌不能按归集时间筛选")
    unit = None if wanted.unit is None else required_unit(office.ledger, "unit", wanted.unit)
    with office.database.read() as conn:
        asked = (*_conditions(wanted, unit), *_after(conn, viewer, wanted.after))
        order = _PLACE if unit is None and viewer.unit is None else _APART
        page = select(*_PLACE, complaints.c.fold).where(*asked).order_by(*order)
        found = (conn.execute(page.where(one).limit(wanted.limit + 1)) for one in parts(viewer))
        rows = sorted(tuple(row) for part in found for row in part)
    shown = [_item(office, fold, viewer) for _, _, fold in rows[: wanted.limit]]
    return Items(items=shown, next=shown[-1].id if len(rows) > wanted.limit else None)


def _conditions(wanted: Wanted, unit: str | None) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    if wanted.state is not None:
        found.append(complaints.c.state == wanted.state)
        if wanted.state in OPEN:
            found.append(complaints.c.ended_at.is_(None))  # by the index of those
    if unit is not None:
        found.append(complaints.c.unit == unit)
    if wanted.since is not None:
        found.append(complaints.c.collected_at >= micros(wanted.since))
    return found


def _after(conn: Connection, viewer: Actor, number: str | None) -> list[ColumnElement[bool]]:
    """What comes after this complaint, which must be one the viewer may know of."""
    if number is None:
        return []
    try:
        last = complaint_for(conn, viewer, number)
    except UnknownComplaint:
        raise InvalidInput("after", number, "须是上一页答复里的 next") from None
    return [(last.collected_at, last.id) < _PLACE]


def _item(office: Office, fold: str, viewer: Actor) -> Item:
    c = load(fold)
    zone = office.rulebook.of(c).policy.zone

    def local(at: int | None) -> datetime | None:
        return None if at is None else instant(at).astimezone(zone)

    return Item(
        id=c.id,
        state=c.state,
        state_name=wording.state_name(c.state),
        version=version_for(c, unit=viewer.unit is not None),
        round=c.round,
        order=c.order,
        unit=c.unit,
        collected=local(c.collected_at) if viewer.unit is None else None,
        ended=local(c.ended_at),
    )


@router.get(
    "/complaints/{no}",
    summary="一件差评",
    description="编号或工单号都行。每次查看都留痕。限单位的令牌只见自己的一段，见不到评价人；"
    "别的单位的件，等于没有。",
    response_model=Shown,
    responses=problems(404),
)
def one(site: SiteHere, system: Reader, no: str) -> dict[str, Any]:
    viewer = viewer_of(system)
    with site.office.database.read() as conn:
        subject = complaint_for(conn, viewer, no).id
    return timeline_json(timeline(site.office, subject, viewer))


@router.post(
    "/search",
    summary="按号码查找",
    description="最多 50 件。查到的每一件都留痕；按电话查而没有查到的，也留痕。",
    responses=problems(400, 413),
    dependencies=[Depends(SEARCH), SAID_ONCE],
)
def search(site: SiteHere, system: Annotated[System, Depends(SEARCH)], asked: Asked) -> list[Found]:
    found = found_by(site.office, clean(asked.q), viewer_of(system))
    return [Found(**item._asdict()) for item in found[:MOST]]
