"""留痕导出: who looked at what and who was shown a number, as a file."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from fastapi import APIRouter, Depends
from fastapi.responses import Response

from console.traces import looks, reveals
from console.web.access import SiteHere
from console.web.exporting import download
from console.web.navigation import TRACES
from console.web.office.sought import Account
from console.web.site import Site
from console.wording import ERASED, when

router = APIRouter(prefix="/ops")
MOST_EXPORTED = 20_000
CUT = "只列最新的 {:,} 条，更早的没有列入：请按账号或差评件分开导出"

Form = Literal["csv", "xlsx"]
_Row = tuple[int, *tuple[str, ...]]
"""An instant, and what happened then."""


@router.get("/looks/export", dependencies=[Depends(TRACES)])
def export(
    site: SiteHere, account: Account, subject: str | None = None, form: Form = "xlsx"
) -> Response:
    """Who looked at what, the newest first."""
    with site.office.database.read() as conn:
        found = looks(conn, account, subject, most=MOST_EXPORTED + 1)
    units = site.office.units.printed
    rows = (
        (one.at, one.account, one.role, units.get(one.unit or "", ""), one.subject, one.what)
        for one in found
    )
    heading = ["时间", "账号", "身份", "单位", "差评件", "做了什么"]
    return _exported(site, heading, rows, "查看留痕", form)


@router.get("/reveals/export", dependencies=[Depends(TRACES)])
def export_reveals(
    site: SiteHere, account: Account, subject: str | None = None, form: Form = "xlsx"
) -> Response:
    """Who was shown a number and why, the newest first."""
    office = site.office
    with office.database.read() as conn:
        _, found = reveals(conn, office.vault, account, subject, most=MOST_EXPORTED + 1)
    rows = ((one.at, one.account, one.role, one.subject, one.reason or ERASED) for one in found)
    heading = ["时间", "账号", "身份", "差评件", "理由"]
    return _exported(site, heading, rows, "号码留痕", form)


def _exported(
    site: Site,
    heading: list[str],
    rows: Iterable[_Row],
    name: str,
    form: Form,
) -> Response:
    """These rows as a file, which says at its end where there are more of them."""
    zone = site.office.rulebook.in_force(site.office.clock()).zone
    told = [[when(at, zone), *rest] for at, *rest in rows]
    if len(told) > MOST_EXPORTED:
        told[MOST_EXPORTED:] = [[CUT.format(MOST_EXPORTED)]]
    return download([heading, *told], name, form)
