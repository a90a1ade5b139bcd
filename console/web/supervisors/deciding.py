"""待我裁决: the list of decisions, one of them with all it needs, and its answers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.accounts import Signed
from console.foreseen import extended
from console.refusals import line
from console.web.access import SiteHere, step
from console.web.navigation import DECISIONS, PageNo
from console.web.rendering import page, status_of
from console.web.site import Site
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
from console.web.supervisors.spans import Spans, spans
from console.web.supervisors.taking import Asked, taking, told

router = APIRouter()


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
    shown = _listed(site, viewer, kind, page_no) | {"done": told(did, of)}
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
    only = kind if kind is not None and kind in KINDS else ""
    with site.office.database.read() as conn:
        count = counts(conn, viewer.actor)
        found = waiting(site.office, conn, viewer.actor, _spans(site), only, page_no)
    total = sum(count.values())
    return {
        "kinds": [(key, KINDS[key].label, number) for key, number in count.items()],
        "total": total,
        "only": only,
        "rows": found,
        "answers": {event: act.label for event, act in ACTS.items()},
        "page_no": page_no,
        "pages": max(1, -(-(count.get(only, 0) if only else total) // PER_PAGE)),
    }


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
    c, kind = found.complaint, kind_for(found.complaint, viewer.role)
    rules = office.rulebook.bound(c.profile, c.profile_version)
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
