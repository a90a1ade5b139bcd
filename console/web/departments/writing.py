"""整改反馈: written, kept as a draft while it is typed, attached to, and submitted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import HTMLResponse, Response
from starlette.datastructures import UploadFile

from console import wording
from console.accounts import Signed
from console.refusals import line
from console.web.access import step
from console.web.departments.asking import Form, FormHere
from console.web.departments.order import BETWEEN, FIELDS, order_page
from console.web.departments.showing import FEEDBACK
from console.web.rendering import page, status_of
from console.web.stepping import take, text
from producers import departments
from schemas.rectification import ATTACHMENTS_MOST
from workflow.errors import IllegalStep, InvalidInput, Refused, Transient, UnknownComplaint

router = APIRouter(prefix="/orders/{number}")
SUBMIT = step("RectificationSubmitted")
Viewer = Annotated[Signed, Depends(SUBMIT)]
BODY_MOST = 32 * 1024 * 1024
"""Bytes a form with files may have; a file may have less, and says so itself."""


@router.post("/draft")
def draft(viewer: Viewer, form: FormHere) -> Response:
    """Keeps what has been typed."""
    subject = form.subject(viewer)
    try:
        saved_at = _keep(form, viewer, subject)
    except UnknownComplaint:
        raise
    except (Refused, Transient) as error:
        return _told(form, error) if _quick(form) else form.refused(viewer, FEEDBACK, error)
    if not _quick(form):
        return form.done("draft")
    zone = form.site.office.rulebook.in_force(saved_at).zone
    return HTMLResponse(f"草稿 {wording.local(saved_at, zone):%H:%M} 已存")


@router.post("/attachments", max_body_size=BODY_MOST)
def attach(viewer: Viewer, form: FormHere) -> Response:
    """Keeps the files chosen, and the draft with them."""
    subject = form.subject(viewer)
    try:
        _keep(form, viewer, subject)
        _attach(form, viewer, subject)
    except UnknownComplaint:
        raise
    except (Refused, Transient) as error:
        return _told(form, error) if _quick(form) else form.refused(viewer, FEEDBACK, error)
    return _files(form, viewer) if _quick(form) else form.done("attach")


@router.post("/attachments/{file_id}/delete", max_body_size=BODY_MOST)
def detach(viewer: Viewer, form: FormHere, file_id: str) -> Response:
    """Deletes a file that has not been submitted."""
    subject = form.subject(viewer)
    who = {"account": viewer.account, "unit": str(viewer.unit)}
    try:
        _keep(form, viewer, subject)
        departments.detach(form.site.office.ledger, subject, file_id, **who)
    except UnknownComplaint:
        raise
    except (Refused, Transient) as error:
        return _told(form, error) if _quick(form) else form.refused(viewer, FEEDBACK, error)
    return _files(form, viewer) if _quick(form) else form.done("draft")


@router.post("/feedback", max_body_size=BODY_MOST)
def submit(viewer: Viewer, form: FormHere) -> Response:
    """提交整改反馈; refused, the draft has it all the same."""
    subject = form.subject(viewer)
    try:
        files = [one for one in form.sent.getlist("attachment") if isinstance(one, str)]
        _submit(form, viewer, subject, [*files, *_attach(form, viewer, subject)])
    except UnknownComplaint:
        raise
    except (Refused, Transient) as error:
        _keep_if_possible(form, viewer, subject)
        return form.refused(viewer, FEEDBACK, error)
    return form.done(FEEDBACK)


def _submit(form: Form, viewer: Signed, subject: str, files: Sequence[str]) -> None:
    sent = form.sent
    signer = (text(sent, "signer"), text(sent, "signer_post"))
    if not all(signer):
        raise InvalidInput("signed_by", "", "须写签批人的姓名和职务")
    if text(sent, "post") is None:
        raise InvalidInput("post", "", "请选择责任岗位")
    values = {name: text(sent, name) or "" for name in ("facts", "cause", "measures", "reply")}
    take(
        form.site,
        viewer,
        sent,
        departments.submit,
        subject,
        **values,
        kind=text(sent, "kind") or "rectified",
        legal_basis=text(sent, "legal_basis"),
        post=text(sent, "post"),
        signed_by=BETWEEN.join(part for part in signer if part),
        attachments=files,
    )


def _keep(form: Form, viewer: Signed, subject: str) -> int:
    typed = {name: value for name, value in form.typed().items() if name in FIELDS}
    who = {"account": viewer.account, "unit": str(viewer.unit)}
    return departments.save_draft(form.site.office.ledger, subject, **who, values=typed)


def _keep_if_possible(form: Form, viewer: Signed, subject: str) -> None:
    """Once nothing can be submitted any more there is nothing to keep either."""
    try:
        _keep(form, viewer, subject)
    except (IllegalStep, Transient):
        return


def _attach(form: Form, viewer: Signed, subject: str) -> list[str]:
    """The ids of the files chosen in the form, each checked and kept."""
    who = {"account": viewer.account, "unit": str(viewer.unit)}
    sent = form.sent.getlist("file")
    chosen = [one for one in sent if isinstance(one, UploadFile) and one.filename]
    if len(chosen) > ATTACHMENTS_MOST:
        raise InvalidInput("附件", f"{len(chosen)}个", f"最多{ATTACHMENTS_MOST}个")
    ledger = form.site.office.ledger
    return [
        departments.attach(
            ledger, subject, **who, name=file.filename or "", content=file.file.read()
        ).id
        for file in chosen
    ]


def _quick(form: Form) -> bool:
    return form.request.headers.get("hx-request") is not None


def _told(form: Form, error: Refused | Transient) -> Response:
    shown = {"title": "没有办成", "told": line(error)}
    return page(form.request, "refusal.html", status_of(error), **shown)


def _files(form: Form, viewer: Signed) -> Response:
    """The list of files anew, beside whatever else the page shows."""
    order = order_page(form.site.office, viewer.actor, form.number)
    return page(
        form.request,
        "departments/attachments.html",
        order=order,
        chosen=None,
        files_most=ATTACHMENTS_MOST,
        anew=True,
    )
