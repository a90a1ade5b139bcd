"""规则与日历: what is in force and why, the year's calendar, a notice before it is recorded, and a
limit reckoned day by day.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from starlette.datastructures import FormData

from console.accounts import Signed
from console.notices import Notice, check_year, listed, understood
from console.refusals import line
from console.revising import Preview, preview, revisions, version_of
from console.settings_shown import limit_name, limits_of, rules_of
from console.web.access import Present, Sent, SiteHere, step
from console.web.navigation import RULES
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import moment, text, whole
from console.web.supervisors.proposals import not_taken, proposal_for
from producers.supervisors import propose_policy, revise_calendar
from producers.supervisors.rules import NOTICE_YEARS, known_years
from schemas import CalendarRevised
from workflow.calendar import Calendar, due, explain
from workflow.errors import BihuanError, InvalidInput, Refused
from workflow.rulebook import CALENDAR_SUBJECT

router = APIRouter(prefix="/rules")
TABS = {"rules": "规则", "calendar": "日历", "reckon": "算一算"}
YEARS = Query(ge=NOTICE_YEARS[0], le=NOTICE_YEARS[-1])
GIVEN = ("title", "year", "text", "only", "withdraw")
_REVISE, _PROPOSE = step("CalendarRevised"), step("PolicyProposed")


@router.get("")
def rules(
    request: Request,
    site: SiteHere,
    viewer: Annotated[Signed, Depends(RULES)],
    tab: str = "rules",
    year: Annotated[int | None, YEARS] = None,
    limit: str | None = None,
    start: str | None = None,
    did: str | None = None,
) -> HTMLResponse:
    """The profile in force, the calendar of a year, or a limit reckoned from a start."""
    asked = {"year": year, "limit": limit, "start": start, "viewer": viewer}
    shown = _shown(site, tab, asked)
    return page(request, "office/rules.html", title="规则与日历", did=did, refused="", **shown)


def _shown(site: Site, tab: str, asked: Mapping[str, Any]) -> dict[str, Any]:
    here = tab if tab in TABS else "rules"
    found = {"rules": _rules, "calendar": _calendar, "reckon": _reckon}[here](site, asked)
    return {"tabs": TABS, "tab": here, "given": {}, "notice": None, "preview": None} | found


def _rules(site: Site, asked: Mapping[str, Any]) -> dict[str, Any]:
    office, now = site.office, site.office.clock()
    policy = office.rulebook.in_force(now)
    with office.database.read() as conn:
        proposal = proposal_for(office, conn, asked["viewer"].actor)
        refusals = not_taken(office, conn)
    return {
        "policy": policy,
        "limits": list(limits_of(policy)),
        "settings": list(rules_of(policy)),
        "versions": office.rulebook.policies.versions(policy.name),
        "proposal": proposal,
        "refusals": refusals,
    }


def _calendar(site: Site, asked: Mapping[str, Any]) -> dict[str, Any]:
    office, now = site.office, site.office.clock()
    calendar = _in_force(site)
    year = asked.get("year") or calendar.local_date(now).year
    with office.database.read() as conn:
        told, version = revisions(conn), version_of(conn, CALENDAR_SUBJECT)
    official = calendar.official
    return {
        "year": year,
        "years": (NOTICE_YEARS[0], NOTICE_YEARS[-1]),
        "calendar": calendar,
        "off": _exceptions(calendar, year, working=False),
        "working": _exceptions(calendar, year, working=True),
        "published": official is None or year in official.years,
        "revisions": told,
        "version": version,
    }


def _in_force(site: Site) -> Calendar:
    return site.office.rulebook.calendar_at(site.office.clock())


def _exceptions(calendar: Calendar, year: int, *, working: bool) -> list[tuple[date, str]]:
    """Weekdays that are off, or weekends that are worked, with the reason."""
    days = (date(year, 1, 1) + timedelta(days=n) for n in range(366))
    return [
        (day, calendar.reason_on(day))
        for day in days
        if day.year == year
        and calendar.is_working_day(day) == working
        and (day.weekday() >= 5) == working
    ]


def _reckon(site: Site, asked: Mapping[str, Any]) -> dict[str, Any]:
    """The limit's due time, every day told. What cannot be reckoned is told instead."""
    policy, calendar = site.office.rulebook.in_force(site.office.clock()), _in_force(site)
    limit = asked.get("limit") or "rectify"
    shown = {
        "names": [(name, limit_name(name)) for name in policy.limits],
        "limit": limit,
        "start": asked.get("start") or "",
        "lines": (),
    }
    rule = policy.limits.get(limit)
    if rule is None or not asked.get("start"):
        return shown
    try:
        begin = datetime.fromisoformat(str(asked["start"])).replace(tzinfo=calendar.zone)
        ways = {"start_rule": rule.start_rule, "end": rule.end, "roll": rule.roll}
        found = due(calendar, begin, rule.limit, **ways)  # type: ignore[arg-type]
    except (ValueError, InvalidInput):
        return shown | {"lines": ("起点看不懂：须是日期和时间",)}
    return shown | {"lines": explain(found), "source": rule.source}


@router.post("/notice", dependencies=[Depends(_REVISE)])
def notice(request: Request, site: SiteHere, form: Sent) -> HTMLResponse:
    """The notice understood, which days it would turn and which open due times it would move;
    nothing is recorded.
    """
    given = {name: text(form, name) or "" for name in GIVEN}
    try:
        year = whole(form, "year") or 0
        fact = _fact(site, form, year)
        seen = _preview(site, fact)
    except Refused as error:
        return _again(request, site, given, None, None, error)
    return _again(request, site, given, fact, seen, None)


@router.post("/calendar", dependencies=[Depends(_REVISE)])
def revise(request: Request, site: SiteHere, viewer: Present, form: Sent) -> Response:
    """Records the notice as it was shown; the open due times follow by themselves."""
    given = {name: text(form, name) or "" for name in GIVEN}
    year = whole(form, "year")
    try:
        revise_calendar(
            site.office.ledger,
            account=viewer.account,
            version=f"{year}-{whole(form, 'expected_version') or 0}",
            notice=text(form, "title") or "",
            working=listed("working", text(form, "working") or ""),
            off=listed("off", text(form, "off") or ""),
            **_years(site, form, year),
            expected_version=whole(form, "expected_version"),
        )
    except Refused as error:
        return _again(request, site, given, None, None, error)
    site.moved()
    return RedirectResponse(f"/rules?tab=calendar&year={year}&did=revised", 303)


@router.post("/policy", dependencies=[Depends(_PROPOSE)])
def propose(request: Request, site: SiteHere, viewer: Present, form: Sent) -> Response:
    """A version of the profile is to count for complaints collected from then on."""
    zone = site.office.rulebook.in_force(site.office.clock()).zone
    try:
        propose_policy(
            site.office.ledger,
            account=viewer.account,
            role=str(viewer.role),
            version=text(form, "version") or "",
            effective_at=moment(form, "effective_at", zone) or "",
        )
    except Refused as error:
        told: dict[str, Any] = {"title": "规则与日历", "did": None, "refused": line(error)}
        told |= _shown(site, "rules", {"viewer": viewer})
        told["given"] = {name: text(form, name) for name in ("version", "effective_at")}
        return page(request, "office/rules.html", status_of(error), **told)
    site.moved()
    return RedirectResponse("/rules?did=proposed", 303)


def _fact(site: Site, form: FormData, year: int) -> CalendarRevised:
    """The notice as it would be recorded. Raises InvalidInput."""
    title = text(form, "title")
    if not title:
        raise InvalidInput("notice", "", "须写明所依据的通知")
    known_years(year=year)
    withdrawn = text(form, "withdraw") is not None
    found = Notice((), ()) if withdrawn else _read(title, text(form, "text") or "", year)
    return CalendarRevised(
        calendar=CALENDAR_SUBJECT.partition("/")[2],
        version=f"{year}-预览",
        notice=title,
        working=found.working,
        off=found.off,
        **_years(site, form, year),
    )


def _read(title: str, words: str, year: int) -> Notice:
    check_year(title, year, "通知名称")
    return understood(words, year)


def _years(site: Site, form: FormData, year: int | None) -> dict[str, int | None]:
    """Of which year it is the notice, and of which year it takes the place of earlier ones: it
    does not where it changes single days `only`, and is none itself where it but withdraws them.
    Raises InvalidInput for single days of an unpublished year: they would publish it.
    """
    only, withdraw = text(form, "only"), text(form, "withdraw")
    official = _in_force(site).official
    if only and official is not None and year not in official.years:
        raise InvalidInput("year", year, "该年的放假安排还没有录入，不能只调整个别日子")
    return {"published_year": None if withdraw else year, "replaces": None if only else year}


def _preview(site: Site, fact: CalendarRevised) -> Preview:
    with site.office.database.read() as conn:
        return preview(site.office, conn, fact)


def _again(
    request: Request,
    site: Site,
    given: Mapping[str, str],
    fact: CalendarRevised | None,
    seen: Preview | None,
    error: BihuanError | None,
) -> HTMLResponse:
    shown = _shown(site, "calendar", {"year": _year(given["year"])})
    shown |= {"given": given, "notice": fact, "preview": seen}
    told, status = (line(error), status_of(error)) if error else ("", 200)
    title = "规则与日历"
    return page(request, "office/rules.html", status, title=title, did=None, refused=told, **shown)


def _year(said: str) -> int | None:
    return next((year for year in NOTICE_YEARS if said == str(year)), None)
