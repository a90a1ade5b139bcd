"""今日待办: what waits for the person who has just signed in."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.accounts import Signed
from console.web.navigation import HOME
from console.web.rendering import page

router = APIRouter()


@router.get("/")
def home(request: Request, viewer: Annotated[Signed, Depends(HOME)]) -> HTMLResponse:
    return page(request, "home/home.html", title="今日待办", role=viewer.role)
