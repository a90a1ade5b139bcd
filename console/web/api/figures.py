"""接口: 指标 of a period, as the reports give them."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from console.accounts.tokens import Scope, System
from console.report_desk import asked_area, snapshot
from console.reports import indicators as report
from console.reports.periods import parse_period
from console.web.access import SiteHere
from console.web.api.granted import Granted
from console.web.api.problems import problems
from console.web.api.shapes import Figures
from workflow.errors import NotPermitted

FIGURES = Granted(Scope.FIGURES)
router = APIRouter(tags=["指标"])


@router.get(
    "/figures/{period}",
    summary="一个统计期的指标",
    description="统计期如 2021Q3、2021-09、2021、2021-07..2021-09。"
    "每个比率都有分子、分母、范围和算法；分母为零照所写的规则。",
    response_model=Figures,
    responses=problems(),
)
def figures(
    site: SiteHere,
    system: Annotated[System, Depends(FIGURES)],
    period: str,
    tier: Annotated[str, Query(max_length=20, description="层级：部门、镇办、村居")] = "部门",
    area: Annotated[str | None, Query(max_length=40, description="区县，不写是本地的")] = None,
) -> dict[str, Any]:
    if system.unit is not None:
        raise NotPermitted("限单位的令牌看不到全区的指标")
    when = parse_period(period)
    with snapshot(site.office) as read:
        asked = asked_area(read.units, tier, area)
        ask = report.Question(when, tier, asked, read.now, None, read.footing.synthetic)
        found = report.indicators(read.conn, read.units, site.office.rulebook.policies, ask)
    return {**report.indicators_json(found), **read.footing.as_json()}
