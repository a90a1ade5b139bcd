"""群众页: whoever holds a link or a code is known by a sealed cookie until half an hour after he
last used it, so that neither stands in an address or a history, and no code is guessed but where
one is typed.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from typing import Annotated, NamedTuple

from fastapi import Depends, Request
from starlette.datastructures import FormData
from starlette.responses import Response

from console.web.access import Forged, checks_forms, site_here
from console.web.limiting import Buckets
from console.web.site import Site, site_of, told_https
from console.web.stepping import text
from producers.citizens import token_of
from workflow.clock import SECOND
from workflow.errors import InvalidInput
from workflow.links import code_of, held_in, hold, read, read_code

COOKIE = "pingjia"
PLACE = "/r"
HALF_AN_HOUR = 1800
ANYBODY = ""


@dataclass
class Limits:
    """How often an address may open pages, and type codes; how many wrong codes all addresses
    together may type.
    """

    pages: Buckets = field(default_factory=lambda: Buckets(200, 5))
    codes: Buckets = field(default_factory=lambda: Buckets(10, 1 / 6))
    wrong: Buckets = field(default_factory=lambda: Buckets(300, 1))


class Holder(NamedTuple):
    """Somebody with a link's token, for this complaint; `secret`: what his forms bring back."""

    token: str
    subject: str
    round: int
    expires_at: int
    secret: str

    def command(self, key: str) -> str:
        """The key of the command that a form of his asks for."""
        return f"citizen/{self.subject}/{key}"


def limits_of(request: Request) -> Limits:
    limits: Limits = request.app.state.citizens
    limits.pages.take(request.client.host if request.client else ANYBODY)
    return limits


def open_with(site: Site, held: str) -> Holder:
    """Whoever brings a link's token or a code. Raises InvalidInput."""
    ledger = site.office.ledger
    token = held if "." in held else token_of(ledger, held)
    subject, number, expires_at = read(ledger.keys.link, token)
    seal = hmac.digest(ledger.keys.link, b"form:" + held.encode(), "sha256")
    return Holder(token, subject, number, expires_at, seal[:16].hex())


def typed(site: Site, limits: Limits, address: str, code: str) -> str:
    """A code typed by hand, as it was told: nobody guesses at leisure. Raises TooOften,
    InvalidInput.
    """
    limits.codes.take(address)
    limits.wrong.ask(ANYBODY)
    key = site.office.keys.link
    try:
        return code_of(key, read_code(key, code))
    except InvalidInput:
        limits.wrong.take(ANYBODY)
        raise


def holder_of(
    request: Request,
    site: Annotated[Site, Depends(site_here)],
    _: Annotated[Limits, Depends(limits_of)],
) -> Holder | None:
    """Whom the cookie knows; None where it knows nobody any more."""
    office = site.office
    try:
        held = held_in(office.keys.link, request.cookies.get(COOKIE, ""), office.wall())
        holder = open_with(site, held)
    except InvalidInput:
        return None
    request.state.held = held
    return holder


def remember_longer(request: Request, answer: Response) -> None:
    """The half hour begins anew with every answer to somebody whom the cookie knows."""
    held = getattr(request.state, "held", None)
    if held is not None:
        remember(request, answer, held)


def remember(request: Request, answer: Response, held: str) -> None:
    """For half an hour, for this page alone."""
    office = site_of(request).office
    behind = told_https(request, office.settings.citizen_url or office.settings.url)
    secure = request.url.scheme == "https" or behind
    kept = hold(office.keys.link, held, office.wall() + HALF_AN_HOUR * SECOND)
    answer.set_cookie(
        COOKIE, kept, HALF_AN_HOUR, path=PLACE, secure=secure, httponly=True, samesite="lax"
    )


@checks_forms
async def form_of(
    request: Request, holder: Annotated[Holder | None, Depends(holder_of)]
) -> FormData:
    """What the citizen's form sent. Raises Forged for one that is not of this page."""
    form = _kept(request, await request.form(max_files=0, max_fields=20))
    if holder is not None and not _same(form.get("seal"), holder.secret):
        raise Forged
    return form


@checks_forms
async def unsealed(request: Request, _: Annotated[Limits, Depends(limits_of)]) -> FormData:
    """What a form sent that does nothing to a complaint; the guard knows where it comes from."""
    return _kept(request, await request.form(max_files=0, max_fields=10))


def _kept(request: Request, form: FormData) -> FormData:
    """What he wrote is at hand for whatever page answers him."""
    request.state.unsent = text(form, "words") or ""
    return form


def _same(given: object, secret: str) -> bool:
    return isinstance(given, str) and given.isascii() and hmac.compare_digest(given, secret)
