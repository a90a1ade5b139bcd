"""差评件: every step that has a form has an address, with the permission of the loop's table."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from starlette.datastructures import FormData

from console.accounts import Signed
from console.refusals import line
from console.web.access import Present, Sent, SiteHere, step
from console.web.doors import through
from console.web.hotline.forms import Forms, Typed
from console.web.hotline.page import show
from console.web.hotline.panel import kebab, with_forms
from console.web.rendering import status_of
from console.web.site import Site
from console.web.stepping import take, text
from producers import hotline
from workflow.errors import BihuanError, UnknownComplaint

router = APIRouter()
Step = Callable[[Site, Signed, FormData, str], str]
"""Takes a step of this complaint; answers what was done, for the page's address."""


def through_the_door(event: str) -> Step:
    """The step as the form says it, through the door of whoever asks."""

    def taken(site: Site, viewer: Signed, form: FormData, no: str) -> str:
        through(site, viewer, form, event, no)
        return event

    return taken


def invited(site: Site, viewer: Signed, form: FormData, no: str) -> str:
    """By telephone it is said on the spot; a message goes out first, and counts on its arrival."""
    channel = text(form, "channel") or ""
    if channel == "call":
        take(site, viewer, form, hotline.invite, no)
        return "ReevaluationInvited"
    hotline.send_invitation(site.office.ledger, no, account=viewer.account, channel=channel)
    site.moved()
    return "sent"


def asked(event: str, taken: Step) -> Callable[..., Response]:
    """The step's route. Done: the page again, with what was done. Refused: the page as it is now,
    with what was typed.
    """

    def route(request: Request, site: SiteHere, viewer: Present, form: Sent, no: str) -> Response:
        try:
            done = taken(site, viewer, form, no)
        except UnknownComplaint:
            raise
        except BihuanError as error:
            forms = Forms(event, line(error), Typed(form))
            return show(request, site, viewer, no, forms, status=status_of(error))
        return RedirectResponse(f"/c/{no}?did={done}", 303)

    return route


OTHERWISE: dict[str, Step] = {"ReevaluationInvited": invited}
"""Steps that more than one door takes."""

for _event in sorted(with_forms() - {"ContactRevealed"}):
    router.add_api_route(
        f"/c/{{no}}/{kebab(_event)}",
        asked(_event, OTHERWISE.get(_event) or through_the_door(_event)),
        methods=["POST"],
        dependencies=[Depends(step(_event))],
    )
