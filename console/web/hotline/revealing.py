"""显示号码和姓名、查询码: acts that are recorded, the first with a reason. What they show stands in
the answer, and in no address.
"""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Request
from fastapi.responses import HTMLResponse

from console.accounts import Signed
from console.citizen_code import code_for
from console.refusals import line
from console.scope import complaint_for
from console.taken import taken
from console.web.access import Present, Sent, SiteHere, sent, step
from console.web.doors import door_of
from console.web.hotline.forms import Forms, Typed
from console.web.hotline.page import show
from console.web.navigation import CODE
from console.web.rendering import status_of
from console.web.stepping import take, text
from workflow.contact import Citizen
from workflow.errors import BihuanError, InvalidInput, UnknownComplaint

router = APIRouter()
EVENT = "ContactRevealed"


@router.post("/c/{no}/contact-revealed", dependencies=[Depends(step(EVENT))])
def reveal(request: Request, site: SiteHere, viewer: Present, form: Sent, no: str) -> HTMLResponse:
    """The page with the number; sent again, it asks for a reason again."""
    office = site.office
    with office.database.read() as conn:
        subject = complaint_for(conn, viewer.actor, no).id
    try:
        reason = text(form, "reason")
        done = take(site, viewer, form, door_of(EVENT, viewer.role), subject, reason=reason)
        if done.repeated:
            raise InvalidInput("reason", "", "号码只显示一次；再看须再写理由")
    except UnknownComplaint:
        raise
    except BihuanError as error:
        forms = Forms(EVENT, line(error), Typed(form))
        return show(request, site, viewer, no, forms, status=status_of(error))
    found = taken(office, done)
    with office.database.read() as conn:
        rater = Citizen(conn, office.vault, found.now).name
    phone = found.phone or _no_number(found.no_number)
    return show(request, site, viewer, no, Forms(), phone=phone, rater=rater)


def _no_number(left: str | None) -> str:
    return f"“{left}”，不是电话号码" if left else "号码已删除"


@router.post("/c/{no}/code", dependencies=[Depends(sent)])
def code(
    request: Request, site: SiteHere, viewer: Annotated[Signed, Depends(CODE)], no: str
) -> HTMLResponse:
    """The page with the code that an operator reads out, as often as he is asked for it."""
    return show(request, site, viewer, no, Forms(), code=code_for(site.office, no, viewer.actor))
