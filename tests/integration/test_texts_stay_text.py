"""Whatever anybody types stays text, on every page and for everybody who sees it."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest
from city import HANDLER, UNIT, City
from desks import Desks, Person
from routes import STREAMS, filled, pages_of, permitted
from spite import ASSISTING, SUM, Spiteful, spite, spiteful

from console.web.access import PEOPLE
from producers.citizens import token_of
from schemas.envelope import Role
from workflow.links import code_of

ON = ("sqlite",)
NOT_SHOWN = {"userName", "proManager", "file"}
"""Nobody's page needs the names of people; a file's is made harmless when it is taken."""


class Markup(HTMLParser):
    """What stands in a page besides text: whatever is none of ours."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.foreign: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        data = given.get("type") == "application/json"
        own = data or (given.get("src") or "").startswith("/static/")
        if tag in ("script", "img", "iframe", "object", "embed", "style") and not own:
            self.foreign.append(tag)
        self.foreign += [name for name in given if name.startswith("on") or not name.isascii()]
        self.foreign += [v for v in given.values() if v and "javascript:" in v]
        self.text += " ".join(value for value in given.values() if value)

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.fixture
def typed(city: City) -> Spiteful:
    return spiteful(city)


def everybody(desks: Desks) -> list[tuple[Role, Person]]:
    """One of each role; of the units one of the main one's and one of the assisting one's."""
    units = {Role.DEPARTMENT: (UNIT, ASSISTING), Role.CLERK: (UNIT,)}
    return [
        (role, desks.sits(HANDLER.name if unit == UNIT else f"某{role}{unit or ''}", role, unit))
        for role in sorted(PEOPLE - {Role.CLERK})
        for unit in units.get(role, (None,))
    ]


def addresses(city: City, desks: Desks, typed: Spiteful, role: Role) -> set[str]:
    """Every page the role may open, for every complaint."""
    found = set()
    for subject in (typed.ended, typed.open):
        number = str(city.complaint(subject).order)
        ours = {"no": subject, "subject": subject, "number": number, "file_id": "none"}
        for route in pages_of(desks):
            path = str(route.path)
            if "GET" in (route.methods or ()) and permitted(route, role) and path not in STREAMS:
                found.add(filled(path, ours))
    tabs = {"/hotline": ("verify", "later", "review", "reevaluate"), "/rules": ("calendar",)}
    found |= {f"{page}?tab={tab}" for page, names in tabs.items() for tab in names}
    return found


def test_no_page_takes_a_text_for_markup(city: City, desks: Desks, typed: Spiteful) -> None:
    shown, wrong = "", []
    for role, person in everybody(desks):
        for address in sorted(addresses(city, desks, typed, role)):
            answer = person.get(address)
            if not answer.headers.get("content-type", "").startswith("text/html"):
                continue
            page = Markup()
            page.feed(answer.text)
            shown += page.text
            if page.foreign or SUM in page.text:
                wrong.append(f"{role} {address}: {page.foreign}")
    assert not wrong, "\n".join(wrong)
    unseen = {name for name in typed.typed if f"坏{name}<script>" not in shown}
    assert unseen == NOT_SHOWN


def test_what_is_searched_for_is_shown_as_text(desks: Desks) -> None:
    for role, person in everybody(desks):
        answer = person.post("/search", "/", q=spite("q"))
        if answer.status_code == 403:
            assert role in (Role.ADMINISTRATOR, Role.IT), role
            continue
        page = Markup()
        page.feed(answer.text)
        assert not page.foreign, role
        assert SUM not in page.text, role
        assert "坏q<script>" in page.text, role


def test_the_citizens_page_takes_no_text_for_markup(
    city: City, desks: Desks, typed: Spiteful
) -> None:
    phone = Person(desks.sits("谁", Role.AUDITOR).client)
    for subject in (typed.ended, typed.open):
        phone.get(f"/r/{token_of(city.ledger, code_of(city.ledger.keys.link, subject))}")
        for place in ("/r/now", "/r/rate", "/r/objection", "/r/retaliation", "/r/thanks"):
            page = Markup()
            page.feed(phone.get(place).text)
            assert not page.foreign, (place, page.foreign)
            assert SUM not in page.text


def test_a_text_that_is_markup_would_be_told_of() -> None:
    page = Markup()
    page.feed(f"<p>{spite('x')}</p>")
    assert page.foreign == ["script", "img"]
