"""A supervisor at the board in a browser: what is clicked in it is an act, what it fetches by
itself is none.
"""

from __future__ import annotations

from collections.abc import Callable

from browser import Person
from city import City
from desks import Desks
from playwright.sync_api import expect

from console.web.access import BY_ITSELF, COOKIE
from schemas.envelope import Role


def test_a_click_in_the_board_is_an_act_and_its_refresh_is_none(
    city: City, console_here: str, people: Callable[..., Person]
) -> None:
    """Else a session ends under somebody who opens one form after the other."""
    subject = city.assigned()
    secret = Desks(city).sits("监督员丙", Role.SUPERVISOR).client.cookies[COOKIE]
    person = people(console_here)
    person.context.add_cookies([{"name": COOKIE, "value": secret, "url": console_here}])
    page = person.page
    page.goto("/watch")
    with page.expect_request(lambda asked: f"/watch/{subject}" in asked.url) as clicked:
        page.locator("#board").get_by_role("button", name="督办").click()
    expect(page.locator("#act form")).to_be_visible()
    assert BY_ITSELF not in clicked.value.headers
    with page.expect_request(lambda asked: "/watch/rows" in asked.url) as fetched:
        city.department.acknowledges(subject)
    assert BY_ITSELF in fetched.value.headers
