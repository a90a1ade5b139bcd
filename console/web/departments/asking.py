"""工单办理: what every form of an order's page comes with, and how its step is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Annotated, Any, NamedTuple

from fastapi import Depends, Request
from fastapi.responses import RedirectResponse, Response
from starlette.datastructures import FormData

from console.accounts import Signed
from console.scope import complaint_for
from console.web.access import Sent, SiteHere
from console.web.departments.showing import shown
from console.web.site import Site
from console.web.stepping import take
from workflow.errors import Refused, Transient, UnknownComplaint
from workflow.ledger import Recorded

Door = Callable[..., Recorded]
Reader = Callable[[FormData, str], Any]


class Form(NamedTuple):
    """A form of an order's page: which order, and what was sent."""

    request: Request
    site: Site
    number: str
    sent: FormData

    def subject(self, viewer: Signed) -> str:
        """The complaint's number. Raises UnknownComplaint: for another unit there is none."""
        with self.site.office.database.read() as conn:
            return complaint_for(conn, viewer.actor, self.number).id

    def typed(self) -> dict[str, str]:
        """What was typed, by field."""
        fields = self.sent.multi_items()
        return {name: value for name, value in fields if isinstance(value, str)}

    def step(self, viewer: Signed, act: str, door: Door, readers: Mapping[str, Reader]) -> Response:
        """Through the door with these fields, then to the order's page; refused, the page comes
        back with what was typed.
        """
        subject = self.subject(viewer)
        try:
            values = {name: read(self.sent, name) for name, read in readers.items()}
            take(self.site, viewer, self.sent, door, subject, **values)
        except UnknownComplaint:
            raise
        except (Refused, Transient) as error:
            return self.refused(viewer, act, error)
        return self.done(act)

    def refused(self, viewer: Signed, act: str, error: Refused | Transient) -> Response:
        typed = self.typed()
        given = (self.request, self.site, viewer, self.number)
        return shown(*given, act=act, typed=typed, error=error)

    def done(self, act: str) -> Response:
        """Back to where the form was: the list, or the order's page."""
        place = "/orders" if self.sent.get("from") == "list" else f"/orders/{self.number}"
        return RedirectResponse(f"{place}?done={act}", 303)


def _form(request: Request, site: SiteHere, number: str, sent: Sent) -> Form:
    return Form(request, site, number, sent)


FormHere = Annotated[Form, Depends(_form)]
