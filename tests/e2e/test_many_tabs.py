"""Many tabs of one browser: only those that are seen keep a connection. The browser's own button
leads back to a list.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser import Person
from city import HANDLER, UNIT, City
from desks import Desks
from playwright.sync_api import Page, expect

from console.web.access import COOKIE
from schemas.envelope import Role

People = Callable[..., Person]
MORE_THAN_CONNECTIONS = 8
"""A browser has six to one host."""

SEEN = """on => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => !on });
  document.dispatchEvent(new Event('visibilitychange'));
}"""
"""As the browser says it when another tab is chosen: a browser without a screen shows all."""


@pytest.fixture
def handler(city: City, console_here: str, people: People) -> Person:
    city.assigned()
    return enters(city, people, console_here, HANDLER.name, Role.DEPARTMENT, UNIT)


def enters(
    city: City, people: People, address: str, name: str, role: Role, unit: str | None = None
) -> Person:
    secret = Desks(city).sits(name, role, unit).client.cookies[COOKIE]
    person = people(address)
    person.context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    return person


def in_front(page: Page, *, seen: bool) -> None:
    page.evaluate(SEEN, seen)


def test_a_tab_that_nobody_sees_holds_no_connection_and_catches_up(
    handler: Person, city: City
) -> None:
    first, *others = (handler.context.new_page() for _ in range(MORE_THAN_CONNECTIONS))
    for page in (first, *others):
        page.goto("/orders")
        expect(page.get_by_text("未办结 1 件")).to_be_visible()
        in_front(page, seen=False)
    city.assigned()
    in_front(first, seen=True)
    expect(first.get_by_text("未办结 2 件")).to_be_visible()
    city.assigned()
    expect(first.get_by_text("未办结 3 件")).to_be_visible()
    expect(others[0].get_by_text("未办结 1 件")).to_be_visible()


def test_a_page_that_changed_while_nobody_saw_it_says_so(handler: Person, city: City) -> None:
    page = handler.page
    page.goto("/orders")
    page.locator("[data-row]").first.click()
    page.get_by_label("查明事实").wait_for()
    in_front(page, seen=False)
    city.supervisor.orders(page.locator("body").get_attribute("data-live"))
    in_front(page, seen=True)
    expect(page.locator("#changed")).to_be_visible()


def test_one_comes_back_from_a_complaint_to_the_list_of_what_was_found(
    city: City, console_here: str, people: People
) -> None:
    for project in ("P8", "P9"):
        city.portal.bad_review(project=project, mobile="19900000001")
    city.drain()
    operator = enters(city, people, console_here, "话务员甲", Role.OPERATOR)
    page = operator.page
    page.goto("/hotline")
    page.keyboard.press("/")
    page.keyboard.type("0001")
    page.keyboard.press("Enter")
    found = page.locator("main tbody tr")
    expect(found).to_have_count(2)
    found.first.get_by_role("link", name="打开").click()
    page.wait_for_url("**/c/*")
    page.go_back()
    expect(found).to_have_count(2)
    assert not [one for one in operator.addresses if "0001" in one.partition("/search")[2]]
