"""演示：the second scene as a console one can sit down at: identity cards, and a clock to move."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.middleware.trustedhost import TrustedHostMiddleware
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from console.demo.cards import Card, enter
from console.demo.standing import StandingClock
from console.scope import WHOLE
from console.web.access import PEOPLE, PUBLIC, Allowed, Sent, SiteHere
from console.web.rendering import page
from console.web.signing.cookies import remember, within
from schemas.envelope import Role
from workflow.errors import InvalidInput

MOVES = Allowed("拨演示的钟", *PEOPLE)
_PAGE = re.compile(r"/(?:c|orders)/(?:CP|GD)([0-9]+-[0-9]+)(?:-[0-9]+)?(?:/.*)?")


class Desk:
    """What the demo adds to the console. `tick`: lets the clock's job look at the new time."""

    def __init__(self, made: Sequence[Card], clock: StandingClock, tick: Callable[[], int]) -> None:
        self.cards, self.clock, self.tick = tuple(made), clock, tick

    def parts(self) -> dict[str, object]:
        """What stands on every page: that all of it is synthetic, the clock, the cards."""
        pages = {"notice": "demo/notice.html", "head": "demo/head.html", "sign_in": "/demo"}
        return {**pages, "cards": self.cards}

    def extend(self, app: FastAPI) -> None:
        """Adds the cards and the clock. The console is on the loopback alone, or does not start."""
        router = APIRouter(prefix="/demo")
        public = [Depends(PUBLIC)]
        router.add_api_route("", self.shown, methods=["GET"], dependencies=public)
        router.add_api_route("/as", self.become, methods=["POST"], dependencies=public)
        router.add_api_route("/clock", self.move, methods=["POST"], dependencies=[Depends(MOVES)])
        app.include_router(router)
        # Another site's name for this host must not enter by the cards.
        app.add_middleware(TrustedHostMiddleware, allowed_hosts=["127.0.0.1", "localhost", "[::1]"])

    def shown(self, request: Request) -> HTMLResponse:
        return page(request, "demo/cards.html", title="换个身份")

    def become(self, request: Request, site: SiteHere, form: Sent) -> Response:
        """Signs in as a card's person, at the same complaint where he may see one."""
        card = self._card(str(form.get("account")))
        answer = RedirectResponse(_place(card, str(form.get("at") or "/")), 303)
        return remember(answer, request, enter(site.office, card))

    def move(self, site: SiteHere, form: Sent) -> Response:
        """快进: an hour, or a working day; what falls due by then takes effect."""
        office = site.office
        if form.get("by") == "day":
            policy = office.rulebook.in_force(self.clock())
            rules = office.rulebook.bound(policy.name, policy.version)
            for _ in self.clock.a_working_day(rules.calendar):
                self.tick()
        else:
            self.clock.an_hour()
            self.tick()
        site.moved()
        return RedirectResponse(within(str(form.get("at") or "/")), 303)

    def _card(self, account: str) -> Card:
        found = next((card for card in self.cards if card.account == account), None)
        if found is None:
            raise InvalidInput("account", account, "没有这张身份卡")
        return found


def _place(card: Card, at: str) -> str:
    """The same complaint as this person may see it; else where his work begins."""
    found = _PAGE.fullmatch(at)
    if found and card.role is Role.DEPARTMENT:
        return f"/orders/GD{found[1]}"
    if found and card.role in WHOLE:
        return f"/c/CP{found[1]}"
    return "/"
