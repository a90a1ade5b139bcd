"""Markup typed into every text of a complaint, seen by everybody in a real browser: nothing runs,
nothing is fetched, and the page's own policy has nothing to refuse.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
import walk
from browser import Person, Size
from city import HANDLER, City
from clicked import Citizen, Somebody
from playwright.sync_api import Page
from spite import SUM, Spiteful, spiteful

from schemas.envelope import Role

People = Callable[..., Person]
OTHERS = (Role.SUPERVISOR, Role.REVIEWER, Role.AUDITOR)
READERS = (
    *(Role.OPERATOR, Role.DEPARTMENT),
    *(pytest.param(role, marks=pytest.mark.long) for role in OTHERS),
)
FOREIGN = """() => [
  ...document.querySelectorAll('script:not([src]):not([type="application/json"]), img')
].map((one) => one.outerHTML)"""


@pytest.fixture
def typed(city: City) -> Spiteful:
    return spiteful(city)


@pytest.mark.parametrize("role", READERS)
def test_nothing_that_was_typed_runs(
    city: City, typed: Spiteful, console_here: str, people: People, role: Role
) -> None:
    """`people` tells of whatever the browser ran, fetched or refused."""
    page = reader(city, people(console_here), console_here, role).page
    for _ in walk.pages(page):
        assert untouched(page)
    for subject in (typed.ended, typed.open):
        unit = role is Role.DEPARTMENT
        page.goto(f"/orders/{city.complaint(subject).order}" if unit else f"/c/{subject}")
        assert "<script>alert(1)</script>" in str(page.text_content("main"))
        assert untouched(page)


def reader(city: City, person: Person, address: str, role_: Role) -> Somebody:
    class Reader(Somebody):
        ROLE = role_
        UNIT = HANDLER.unit if role_ is Role.DEPARTMENT else None

    name = HANDLER.name if role_ is Role.DEPARTMENT else f"某{role_}"
    return Reader(city, person, address, name)


def untouched(page: Page) -> bool:
    return page.evaluate(FOREIGN) == [] and SUM not in page.inner_text("body")


def test_nothing_that_was_typed_runs_on_the_citizens_phone(
    city: City, typed: Spiteful, console_here: str, people: People
) -> None:
    citizen = Citizen(city, people(console_here, Size.PHONE))
    citizen.opens_the_link(typed.ended)
    citizen.sees("坏RectificationSubmitted.reply<script>alert(1)</script>")
    assert untouched(citizen.page)
