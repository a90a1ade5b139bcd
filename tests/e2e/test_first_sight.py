"""The first that anybody sees of a page is the page as it stays: with its styles, and with the
letters he has chosen.
"""

from __future__ import annotations

import pytest
from browser import Person, Size
from playwright.sync_api import Page, Route, expect

DRAWN = "performance.getEntriesByType('paint').length"
LETTERS = "getComputedStyle(document.documentElement).fontSize"
A_MOMENT = 300
"""Milliseconds in which a browser draws many times."""

PLACES = ("/login", "/r")


@pytest.fixture
def somebody(console_here: str, people) -> Person:
    return people(console_here, Size.PHONE)


def held_back(page: Page, address: str) -> list[Route]:
    """What is asked for at this address, which gets no answer yet."""
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    page.route(address, hold)
    return held


@pytest.mark.parametrize("place", PLACES)
def test_nothing_of_a_page_is_seen_before_its_styles_are_there(somebody, place):
    page = somebody.page
    held = held_back(page, "**/*.css*")
    page.goto(place, wait_until="commit")
    page.locator("h1").wait_for(state="attached")
    page.wait_for_timeout(A_MOMENT)
    assert held
    assert page.evaluate(DRAWN) == 0
    for styles in held:
        styles.continue_()
    page.wait_for_load_state()
    page.wait_for_timeout(A_MOMENT)
    assert page.evaluate(DRAWN) > 0


def test_large_letters_are_large_from_the_first(somebody):
    page = somebody.page
    page.goto("/login")
    usual = page.evaluate(LETTERS)
    page.get_by_role("button", name="大字 / 常规").tap()
    larger = page.evaluate(LETTERS)
    assert float(larger[:-2]) > float(usual[:-2])
    held = held_back(page, "**/*.js*")
    page.goto("/login", wait_until="commit")
    expect(page.locator("h1")).to_be_visible()
    assert held
    page.wait_for_function(f"{LETTERS} === '{larger}'")  # as soon as the styles are there
    for script in held:
        script.continue_()
