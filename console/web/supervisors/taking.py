"""一步: the route of a step's form: refused, its page comes back with what was typed; done, the
page it was opened from.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.accounts import Signed
from console.web.access import Present, Sent, SiteHere
from console.web.doors import through
from console.web.rendering import without
from console.web.site import Site
from console.web.stepping import text
from console.web.supervisors.acting import ACTS
from workflow.door import SUBJECT
from workflow.errors import BihuanError, Refused, Transient, UnknownComplaint

BACK = ("/watch", "/decisions", "/c/")
"""Pages a form may lead back to."""


class Asked(NamedTuple):
    """A step that was refused: what was typed, where it came from, and why it was not done."""

    subject: str
    event: str
    given: Mapping[str, Any]
    back: str
    error: BihuanError


Again = Callable[[Request, Site, Signed, Asked], HTMLResponse]


def taking(event: str, again: Again) -> Callable[..., Response]:
    """The route of one step, to be added with its permission; `again` shows the page of a refused
    one.
    """

    def take(
        request: Request,
        site: SiteHere,
        viewer: Present,
        form: Sent,
        subject: str,
    ) -> Response:
        back = safe(text(form, "back"))
        try:
            through(site, viewer, form, event, subject)
        except UnknownComplaint:
            raise
        except (Refused, Transient) as error:
            given = {**form, "assisting": form.getlist("assisting")}
            return again(request, site, viewer, Asked(subject, event, given, back, error))
        join = "&" if "?" in back else "?"
        return RedirectResponse(f"{back}{join}did={event}&of={subject}", 303)

    return take


def told(did: str | None, of: str | None) -> str:
    """What has just been done, in words of ours alone."""
    if did and did in ACTS and of and SUBJECT.fullmatch(of):
        return f"{of} {ACTS[did].done}"
    return ""


def safe(back: str | None) -> str:
    """A page of ours to go back to, without what was told there before."""
    asked = urlsplit(back or "")
    if asked.scheme or asked.netloc or not asked.path.startswith(BACK):
        return "/watch"
    return without(asked, "did", "of")
