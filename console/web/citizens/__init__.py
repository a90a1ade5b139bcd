"""群众页: one page for whoever rated: how far it is, whether he is satisfied now, an objection, a
report of retaliation. Opening it does nothing; only what he submits counts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from console.web.access import PUBLIC, SiteHere
from console.web.citizens.asking import Answers, next_question, sent_with
from console.web.citizens.holder import (
    PLACE,
    Holder,
    Limits,
    form_of,
    holder_of,
    limits_of,
    open_with,
    remember,
    typed,
    unsealed,
)
from console.web.citizens.seen import Case, case_of, received
from console.web.citizens.showing import LARGE, Page, shown
from console.web.site import Site
from console.web.stepping import text
from producers import citizens
from workflow.errors import IllegalStep, InvalidInput, KeyReused

NOW = f"{PLACE}/now"
CLOSED = (
    "页面已关闭，什么也没有提交。请再点一次短信里的链接，或输入查询码。"
    "要是一打开就这样，是浏览器没有允许 Cookie：请允许，或换一个浏览器。"
)
BROKEN_LINK = "这个链接不完整，或不是我们发出的。请核对短信，或输入查询码。"
ALREADY = "这件事已经有了新的进展，刚才的没有提交。"
A_YEAR = 31_536_000
WRITTEN = ("finish", "objection", "retaliation")
"""Pages on which he types."""

router = APIRouter(prefix=PLACE, dependencies=[Depends(PUBLIC)], route_class=Page)

Here = Annotated[Holder | None, Depends(holder_of)]
Form = Annotated[FormData, Depends(form_of)]
Unsealed = Annotated[FormData, Depends(unsealed)]
Limited = Annotated[Limits, Depends(limits_of)]


def install(app: FastAPI, limits: Limits | None = None) -> None:
    """Adds the page to an application."""
    app.state.citizens = limits or Limits()
    app.include_router(router)


@router.get("")
def start(request: Request, _: Limited) -> Response:
    """Where a code is typed."""
    return shown(request, "start")


@router.post("")
def enter(request: Request, site: SiteHere, limits: Limited, form: Unsealed) -> Response:
    """With a code; it is held as it is, so that it opens what is asked of him then."""
    code = text(form, "code")
    if not code:
        return shown(request, "start", 422, told="请先输入查询码")
    try:
        held = typed(site, limits, request.client.host if request.client else "", code)
    except InvalidInput as error:
        return shown(request, "start", 422, told=error.reason)
    answer = RedirectResponse(NOW, 303)
    remember(request, answer, held)
    return answer


@router.get("/now")
def now(request: Request, site: SiteHere, holder: Here) -> Response:
    """How far it is, and what he can do."""
    if holder is None:
        return shown(request, "start", 401, told=CLOSED)
    return shown(request, "progress", holder=holder, case=case_of(site.office, holder))


@router.get("/rate")
def rate(
    request: Request,
    site: SiteHere,
    holder: Here,
    contacted: str | None = None,
    solved: str | None = None,
    level: str | None = None,
) -> Response:
    """The next question; after the last one what he answered, to be submitted."""
    if holder is None:
        return shown(request, "start", 401, told=CLOSED)
    case = case_of(site.office, holder)
    if case.asks is None:
        return RedirectResponse(NOW, 303)
    given = Answers.of(case.asks, contacted, solved, level)
    question = next_question(given, case.asks)
    name = "finish" if question is None else "question"
    return shown(request, name, holder=holder, case=case, given=given, question=question, words="")


@router.post("/rate")
def rated(request: Request, site: SiteHere, holder: Here, form: Form) -> Response:
    """His answer, once."""

    def door(held: Holder, case: Case, **step: Any) -> None:
        given = _answers(form, case)
        citizens.reevaluate(site.office.ledger, held.token, **given.values(), **step)  # type: ignore[arg-type]

    return _submitted(request, site, holder, form, "finish", door)


@router.get("/objection")
def objection(request: Request, site: SiteHere, holder: Here) -> Response:
    return _asked(request, site, holder, "objection")


@router.post("/objection")
def objected(request: Request, site: SiteHere, holder: Here, form: Form) -> Response:
    def door(held: Holder, _: Case, **step: Any) -> None:
        citizens.object_to(site.office.ledger, held.token, **step)

    return _submitted(request, site, holder, form, "objection", door)


@router.get("/retaliation")
def retaliation(request: Request, site: SiteHere, holder: Here) -> Response:
    return _asked(request, site, holder, "retaliation")


@router.post("/retaliation")
def reported(request: Request, site: SiteHere, holder: Here, form: Form) -> Response:
    def door(held: Holder, _: Case, **step: Any) -> None:
        citizens.report_retaliation(site.office.ledger, held.token, **step)

    return _submitted(request, site, holder, form, "retaliation", door)


@router.get("/thanks")
def thanks(request: Request, site: SiteHere, holder: Here, key: str = "") -> Response:
    """What happens next; where nothing was recorded with this key, how far it is."""
    if holder is None:
        return shown(request, "start", 401, told=CLOSED)
    if not (of := received(site.office, holder, key)):
        return RedirectResponse(NOW, 303)
    return shown(request, "thanks", holder=holder, of=of, case=case_of(site.office, holder))


@router.post("/large")
def large(request: Request, site: SiteHere, holder: Here, form: Unsealed) -> Response:
    """Larger letters, or smaller ones again; what he has answered and typed so far is kept."""
    on = request.cookies.get(LARGE) != "1"
    back = _as_it_was(request, site, holder, form, on)
    back.set_cookie(LARGE, "1" if on else "0", A_YEAR, samesite="strict")
    return back


@router.get("/{token}")
def link(request: Request, site: SiteHere, token: str, _: Limited) -> Response:
    """The link of a message; its token leaves the address at once."""
    try:
        open_with(site, token if "." in token else ".")
    except InvalidInput:
        return shown(request, "start", 404, told=BROKEN_LINK)
    answer = RedirectResponse(NOW, 303)
    remember(request, answer, token)
    return answer


def _answers(form: FormData, case: Case) -> Answers:
    given = sent_with(form, case.asks)
    if not given.level:
        raise InvalidInput("level", "", "请先选满意不满意")
    return given


def _as_it_was(
    request: Request, site: Site, holder: Holder | None, form: FormData, on: bool
) -> Response:
    """The page he was on, with its letters large or not."""
    if holder is None and text(form, "words"):
        return shown(request, "start", 401, told=CLOSED, large=on)
    if holder is None:
        return RedirectResponse(PLACE, 303)
    name, case = text(form, "of"), case_of(site.office, holder)
    given = sent_with(form, case.asks)
    answered = case.asks is not None and next_question(given, case.asks) is None
    if name == "question" and not answered:
        return RedirectResponse(given.place, 303)
    if name not in WRITTEN or (name == "finish" and not answered):
        return RedirectResponse(NOW, 303)
    typed_so_far = {"given": given, "words": text(form, "words") or ""}
    return shown(request, name, holder=holder, case=case, large=on, **typed_so_far)


def _asked(request: Request, site: Site, holder: Holder | None, name: str) -> Response:
    if holder is None:
        return shown(request, "start", 401, told=CLOSED)
    case = case_of(site.office, holder)
    if name == "objection" and not case.objection:
        return RedirectResponse(NOW, 303)
    return shown(request, name, holder=holder, case=case, words="")


def _submitted(
    request: Request,
    site: Site,
    holder: Holder | None,
    form: FormData,
    name: str,
    door: Callable[..., None],
) -> Response:
    """One step of the citizen's, once."""
    if holder is None:
        return shown(request, "start", 401, told=CLOSED)
    words, key = text(form, "words"), text(form, "key")
    case = case_of(site.office, holder)
    try:
        door(holder, case, words=words, key=key and holder.command(key))
    except (IllegalStep, KeyReused):
        return shown(request, "progress", 409, holder=holder, case=case, told=ALREADY)
    except InvalidInput as error:
        return _refused(request, holder, case, form, name, error)
    site.moved()
    return RedirectResponse(f"{PLACE}/thanks?key={quote(key or '')}", 303)


def _refused(
    request: Request, holder: Holder, case: Case, form: FormData, name: str, error: InvalidInput
) -> Response:
    """The form again; where answers are missing the first question without one."""
    if error.field == "token" or (name == "finish" and case.asks is None):
        told = error.reason if error.field == "token" else ALREADY
        return shown(request, "progress", 409, holder=holder, case=case, told=told)
    given = sent_with(form, case.asks)
    question = next_question(given, case.asks) if name == "finish" and case.asks else None
    again = {"holder": holder, "case": case, "given": given, "words": text(form, "words") or ""}
    place = name if question is None else "question"
    return shown(request, place, 422, **again, question=question, told=error.reason)
