"""待我裁决: the list of decisions, one of them with all it needs, and its answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import Connection

from console.accounts import Signed
from console.foreseen import extended
from console.refusals import line
from console.web.access import Present, Sent, SiteHere, step
from console.web.navigation import DECISIONS, PageNo, page_there
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import text, whole
from console.web.supervisors.acting import ACTS
from console.web.supervisors.decisions import (
    KINDS,
    PER_PAGE,
    counts,
    kind_for,
    own,
    waiting,
)
from console.web.supervisors.effects import effects
from console.web.supervisors.history import history
from console.web.supervisors.proposals import Waiting, proposal_for
from console.web.supervisors.spans import Spans, spans
from console.web.supervisors.taking import Asked, taking, told
from producers.supervisors import refuse_policy, take_policy_into_force
from schemas.envelope import Role
from workflow.errors import Refused

router = APIRouter()
POLICY = "policy"
_SETTLED = {"agreed": "规则已定生效时间", "refused": "提请没有同意，规则照旧"}


@router.get("/decisions")
def decisions(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(DECISIONS)],
    kind: str | None = None,
    page_no: PageNo = 1,
    did: str | None = None,
    of: str | None = None,
) -> HTMLResponse:
    """Everything that waits for this person, the most pressing first."""
    shown = _listed(site, viewer, kind, page_no) | {"done": _SETTLED.get(did or "", told(did, of))}
    shown |= {"refused": "", "reason": ""}
    return page(request, "supervisors/decisions.html", title="待我裁决", **shown)


@router.get("/decisions/rows")
def rows(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(DECISIONS)],
    kind: str | None = None,
    page_no: PageNo = 1,
) -> HTMLResponse:
    """The list alone, for a page that is open."""
    return page(request, "supervisors/waiting.html", **_listed(site, viewer, kind, page_no))


def _listed(site: Site, viewer: Signed, kind: str | None, page_no: int) -> dict[str, Any]:
    only = kind if kind is not None and kind in (*KINDS, POLICY) else ""
    with site.office.database.read() as conn:
        count = counts(conn, viewer.actor)
        total = sum(count.values())
        page_no, pages = page_there(page_no, count.get(only, 0) if only else total, PER_PAGE)
        proposal = _proposal(site, conn, viewer)
        found = waiting(site.office, conn, viewer.actor, _spans(site), only, page_no)
    kinds = [(key, KINDS[key].label, n) for key, n in count.items()]
    if viewer.role is Role.SUPERVISOR:
        kinds.append((POLICY, "规则生效", int(proposal is not None)))
    return {
        "kinds": kinds,
        "total": total + (proposal is not None),
        "proposal": proposal if only in ("", POLICY) else None,
        "only": only,
        "rows": found,
        "answers": {event: act.label for event, act in ACTS.items()},
        "page_no": page_no,
        "pages": pages,
    }


def _proposal(site: Site, conn: Connection, viewer: Signed) -> Waiting | None:
    decides = viewer.role is Role.SUPERVISOR
    return proposal_for(site.office, conn, viewer.actor) if decides else None


@router.post("/decisions/policy/agree", dependencies=[Depends(step("PolicyTakenIntoForce"))])
def agree(request: Request, site: SiteHere, viewer: Present, form: Sent) -> Response:
    """What another one proposed counts from the time he named."""
    seen = whole(form, "expected_version")

    def take() -> None:
        ledger = site.office.ledger
        take_policy_into_force(ledger, account=viewer.account, expected_version=seen)

    return _settled(request, site, viewer, take, "agreed")


@router.post("/decisions/policy/refuse", dependencies=[Depends(step("PolicyRefused"))])
def refuse(request: Request, site: SiteHere, viewer: Present, form: Sent) -> Response:
    """It does not; whoever proposed it may take it back so."""
    seen, reason = whole(form, "expected_version"), text(form, "reason") or ""

    def take() -> None:
        ledger = site.office.ledger
        refuse_policy(ledger, account=viewer.account, reason=reason, expected_version=seen)

    return _settled(request, site, viewer, take, "refused", reason)


def _settled(
    request: Request,
    site: Site,
    viewer: Signed,
    take: Callable[[], None],
    did: str,
    reason: str = "",
) -> Response:
    try:
        take()
    except Refused as error:
        shown = _listed(site, viewer, POLICY, 1) | {"done": "", "refused": line(error)}
        shown |= {"reason": reason}
        name = "supervisors/decisions.html"
        return page(request, name, status_of(error), title="待我裁决", **shown)
    site.moved()
    return RedirectResponse(f"/decisions?did={did}", 303)


def _spans(site: Site) -> Spans:
    office, now = site.office, site.office.clock()
    return spans(office.rulebook.calendar_at(now), now)


@router.get("/decisions/{subject}")
def one(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(DECISIONS)],
    subject: str,
    answer: str | None = None,
) -> HTMLResponse:
    """One decision: what is asked and why, what happened so far, what each answer would do."""
    shown = _one(site, viewer, subject, answer, {})
    return page(request, "supervisors/decision.html", title=f"裁决 {subject}", **shown)


def _one(
    site: Site, viewer: Signed, subject: str, answer: str | None, given: Mapping[str, Any]
) -> dict[str, Any]:
    office = site.office
    found = history(office, subject, viewer.actor)
    c, kind = found.complaint, kind_for(found.complaint, viewer.role, answer)
    rules = office.rulebook.of(c)
    legal = [ACTS[event] for event in kind.answers if event in found.legal] if kind else []
    asked = [e for e in found.timeline.entries if kind and e.type in kind.asked]
    return {
        "found": found,
        "c": c,
        "kind": kind,
        "asked": asked[-1] if asked else None,
        "effects": effects(kind.key, c, rules.policy) if kind else (),
        "extended": extended(rules, c),
        "own": own(c, kind, viewer.actor) if kind else "",
        "acts": legal,
        "chosen": next((act.event for act in legal if act.event == answer), ""),
        "given": given,
        "units": office.units.units,
        "refused": "",
    }


def _again(request: Request, site: Site, viewer: Signed, asked: Asked) -> HTMLResponse:
    """The decision with what was typed, and why it was refused."""
    shown = _one(site, viewer, asked.subject, asked.event, asked.given)
    shown["refused"] = line(asked.error)
    title, status = f"裁决 {asked.subject}", status_of(asked.error)
    return page(request, "supervisors/decision.html", status, title=title, **shown)


for _event in (answer for kind in KINDS.values() for answer in kind.answers):
    router.add_api_route(
        f"/decisions/{{subject}}/{_event}",
        taking(_event, _again),
        methods=["POST"],
        dependencies=[Depends(step(_event))],
    )
