"""导入: a file is tried, its refused rows are shown, then it is taken in; by IT, or by a unit's
clerk for his own unit.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import func, select
from starlette.exceptions import HTTPException

from console.accounts import Signed
from console.refusals import line
from console.tables import CSV
from console.uploads import TAKEN, Job, drop, job_of, jobs_of, received, take_in
from console.web.access import Sent, SiteHere, sent
from console.web.exporting import attached
from console.web.navigation import IMPORTED, IMPORTS, page_there
from console.web.office.uploads import upload
from console.web.rendering import page, status_of
from console.web.site import Site
from console.web.stepping import text
from producers.sources import sources
from schemas.envelope import Role
from workflow.errors import Refused
from workflow.storage.models import imports as imported
from workflow.storage.models import refused

router = APIRouter(prefix="/imports")
Viewer = Annotated[Signed, Depends(IMPORTS)]
BODY_MOST = 64 * 1024 * 1024
PER_PAGE = 50


@router.get("")
def imports(
    request: Request,
    site: SiteHere,
    viewer: Viewer,
    did: str | None = None,
    source: str | None = None,
) -> HTMLResponse:
    """The form, one's own files of today, and for IT what was imported before."""
    return _begin(request, site, viewer, "", source, did)


def _begin(
    request: Request,
    site: Site,
    viewer: Signed,
    told: str,
    chosen: str | None,
    did: str | None = None,
    status: int = 200,
) -> HTMLResponse:
    latest: list[Any] = []
    if viewer.role is Role.IT:
        query = select(imported).order_by(imported.c.started_at.desc()).limit(20)
        with site.office.database.read() as conn:
            latest = list(conn.execute(query).all())
    return page(
        request,
        "office/imports.html",
        status,
        title="导入",
        sources=sources(),
        chosen=chosen,
        latest=latest,
        jobs=jobs_of(site.office.data, viewer.account, viewer.actor.unit),
        did=did,
        refused=told,
    )


@router.post("", max_body_size=BODY_MOST)
def send(request: Request, site: SiteHere, viewer: Viewer, form: Sent) -> Response:
    """The file is kept and tried; nothing is stored."""
    named = text(form, "source") or ""
    try:
        given, whose = upload(form), (viewer.account, viewer.actor.unit)
        job = received(site.office, given.file, given.name, named, *whose)
    except Refused as error:
        return _begin(request, site, viewer, line(error), named, status=status_of(error))
    return RedirectResponse(f"/imports/{job.token}", 303)


@router.get("/refused", dependencies=[Depends(IMPORTED)])
def rows(
    request: Request,
    site: SiteHere,
    of: str,
    page_no: Annotated[int, Query(alias="page", ge=1, le=100_000)] = 1,
) -> HTMLResponse:
    """The rows an import refused in its last run, masked as they are kept."""
    with site.office.database.read() as conn:
        receipt = conn.execute(select(imported).where(imported.c.id == of)).one_or_none()
        if receipt is None:
            raise HTTPException(404)
        where = refused.c.import_id == of, refused.c.received_at >= receipt.started_at
        query = select(func.count()).select_from(refused).where(*where)
        count = int(conn.execute(query).scalar_one())
        ordered = select(refused).where(*where).order_by(refused.c.row, refused.c.id)
        there, pages = page_there(page_no, count, PER_PAGE)
        found = conn.execute(ordered.offset((there - 1) * PER_PAGE).limit(PER_PAGE)).all()
    shown = {"receipt": receipt, "rows": found, "count": count, "page_no": there}
    return page(request, "office/import_rows.html", title="拒收的行", pages=pages, **shown)


@router.get("/{token}")
def one(request: Request, viewer: Viewer, token: str) -> HTMLResponse:
    """How far it is, and what came of it; for htmx the box alone."""
    job = _job(viewer, token)
    box = request.headers.get("hx-request") is not None
    name = "office/import_box.html" if box else "office/import.html"
    return page(request, name, title="导入", job=job, told="")


@router.post("/{token}/take", dependencies=[Depends(sent)])
def take(request: Request, site: SiteHere, viewer: Viewer, token: str) -> Response:
    """Takes in what was tried."""
    job = _job(viewer, token)
    try:
        take_in(site.office, job, site.moved)
    except Refused as error:
        told, status = line(error), status_of(error)
        return page(request, "office/import.html", status, title="导入", job=job, told=told)
    return RedirectResponse(f"/imports/{token}", 303)


@router.post("/{token}/drop", dependencies=[Depends(sent)])
def leave(viewer: Viewer, token: str) -> Response:
    """Nothing was stored, and the file goes; the next one is from the same source."""
    job = _job(viewer, token)
    if not job.busy:
        drop(job)
    return RedirectResponse(f"/imports?did=dropped&source={job.source.name}", 303)


@router.get("/{token}/refused.csv")
def correct(viewer: Viewer, token: str) -> Response:
    """The refused rows of one's own file, to be corrected and sent again."""
    job = _job(viewer, token)
    if job.state != TAKEN or job.refused_file is None or not job.refused_file.exists():
        raise HTTPException(404)
    content = job.refused_file.read_bytes()
    return attached(content, f"{job.name}.拒收.csv", CSV)


def _job(viewer: Signed, token: str) -> Job:
    job = job_of(token, viewer.account, viewer.actor.unit)
    if job is None:
        raise HTTPException(404)
    return job
