"""工单办理: the order's page as a form left it: what was typed is there again, with the refusal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from console.accounts import Signed
from console.foreseen import Foreseen
from console.refusals import line
from console.reports.periods import quarter_of
from console.scope import complaint_for
from console.web.departments.figures import own_figures
from console.web.departments.order import FIELDS, Order, effect, order_page
from console.web.rendering import page, status_of
from console.web.site import Site
from schemas.codes import Post
from schemas.rectification import ATTACHMENTS_MOST
from workflow.clock import instant
from workflow.door import TEXT_MOST
from workflow.errors import BihuanError

FEEDBACK = "feedback"
DONE = {
    "acknowledge": "已签收。整改期限从派单时起算，不因签收而变。",
    "return": "已退回，等热线裁定；裁定以前整改期限照走。",
    "extension": "已申请延期，等监督员裁定；裁定以前仍按原来的到期时间。",
    "appeal": "已提出申诉，由核实人以外的复核人决定。",
    "ask": "已请热线代问，答复会显示在本页左侧。",
    "assist": "协办反馈已提交给主办单位所在的工单。",
    FEEDBACK: "整改反馈已提交。",
    "draft": "草稿已存。",
    "attach": "附件已存，提交反馈时一并提交。",
}


def shown(
    request: Request,
    site: Site,
    viewer: Signed,
    number: str,
    *,
    act: str = "",
    typed: Mapping[str, str] | None = None,
    error: BihuanError | None = None,
    chosen: frozenset[str] | None = None,
) -> HTMLResponse:
    """The page, after a refusal (409, 422 …) with what was typed in this act's form."""
    order = order_page(site.office, viewer.actor, number)
    status = 200 if error is None else status_of(error)
    told = DONE.get(request.query_params.get("done", ""), "")
    given = dict(typed or {})
    context = {
        "title": f"{order.number} 工单办理",
        "order": order,
        "act": act,
        "typed": given if act != FEEDBACK else {},
        "written": _written(order, given if act == FEEDBACK else None),
        "chosen": chosen,
        "refusal": "" if error is None else line(error),
        "done": told,
        **_words(site, viewer, order),
    }
    return page(request, "departments/order.html", status, **context)


def _written(order: Order, typed: Mapping[str, str] | None) -> dict[str, str]:
    """What the form holds: just typed, else the draft, else what was submitted and sent back."""
    source = typed or (order.draft.values if order.draft else order.last)
    return {name: source.get(name, "") for name in FIELDS}


def _words(site: Site, viewer: Signed, order: Order) -> dict[str, Any]:
    office, unit = site.office, str(viewer.unit)
    now = office.clock()
    with office.database.read() as conn:
        c = complaint_for(conn, viewer.actor, order.subject)
        rules = office.rulebook.of(c)
        quarter = quarter_of(instant(now).astimezone(rules.policy.zone))
        own = own_figures(office, conn, unit, quarter)

    def effect_of(step: Foreseen) -> str:
        return effect(step, rules, now)

    return {
        "effect": effect_of,
        "own": own,
        "posts": tuple(Post),
        "units": [u.name for u in office.units.units if u.code != unit],
        "text_most": TEXT_MOST,
        "files_most": ATTACHMENTS_MOST,
        "extension_most": rules.policy.extension_max.amount,
    }
