"""工单办理: each step of a unit by its own form; feedback has a module of its own."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from fastapi.responses import Response
from starlette.datastructures import FormData

from console.accounts import Signed
from console.web.access import step
from console.web.departments.asking import FormHere
from console.web.stepping import text, whole
from producers import departments

router = APIRouter(prefix="/orders/{number}")
ACKNOWLEDGE, RETURN = step("WorkOrderAcknowledged"), step("WorkOrderReturned")
EXTEND, APPEAL = step("ExtensionRequested"), step("AppealLodged")
ASK, ASSIST = step("ClarificationAsked"), step("AssistanceSubmitted")


def said(form: FormData, name: str) -> str:
    """A text that the door requires: it says so itself where nothing was typed."""
    return text(form, name) or ""


@router.post("/acknowledge")
def acknowledge(viewer: Annotated[Signed, Depends(ACKNOWLEDGE)], form: FormHere) -> Response:
    """签收, from the order's page or with one click in the list."""
    return form.step(viewer, "acknowledge", departments.acknowledge, {})


@router.post("/return")
def return_order(viewer: Annotated[Signed, Depends(RETURN)], form: FormHere) -> Response:
    """退回."""
    fields = {"reason": said, "legal_basis": said, "suggested_unit": text}
    return form.step(viewer, "return", departments.return_order, fields)


@router.post("/extension")
def extension(viewer: Annotated[Signed, Depends(EXTEND)], form: FormHere) -> Response:
    """申请延期."""
    fields = {"working_days": whole, "reason": said}
    return form.step(viewer, "extension", departments.request_extension, fields)


@router.post("/appeal")
def appeal(viewer: Annotated[Signed, Depends(APPEAL)], form: FormHere) -> Response:
    """申诉."""
    return form.step(viewer, "appeal", departments.appeal, {"reason": said})


@router.post("/ask")
def ask(viewer: Annotated[Signed, Depends(ASK)], form: FormHere) -> Response:
    """请热线代问."""
    return form.step(viewer, "ask", departments.ask_clarification, {"question": said})


@router.post("/assist")
def assist(viewer: Annotated[Signed, Depends(ASSIST)], form: FormHere) -> Response:
    """协办反馈."""
    return form.step(viewer, "assist", departments.assist, {"note": said})
