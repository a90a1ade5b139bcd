"""A server that is busy, fails or is away: what was asked for is told not to be done; what a page
fetches by itself may be old, is fetched again, and says so until then.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from axe import violations
from browser import Person, Size
from city import UNIT, City
from desks import Desks
from playwright.sync_api import Locator, Page, Route, expect

from console.web.access import COOKIE
from schemas.envelope import Role

People = Callable[..., Person]
AWAY = ("net::ERR_CONNECTION_REFUSED", "console: htmx:")


def assigned(city: City) -> str:
    return str(city.complaint(city.assigned()).order)


@pytest.fixture
def order(city: City) -> str:
    return assigned(city)


@pytest.fixture
def handler(city: City, order: str, console_here: str, people: People) -> Person:
    secret = Desks(city).sits("联络员乙", Role.DEPARTMENT, UNIT).client.cookies[COOKIE]
    person = people(console_here, Size.PHONE)
    person.context.add_cookies([{"name": COOKIE, "value": secret, "url": console_here}])
    return person


@contextmanager
def answering(person: Person, address: str, status: int | None) -> Iterator[None]:
    """In here what scripts ask of this address is answered so; None: by nobody."""

    def answer(route: Route) -> None:
        if route.request.is_navigation_request():
            route.continue_()
        elif status is None:
            route.abort("connectionrefused")
        else:
            route.fulfill(status=status, body="")

    before = len(person.troubles)
    person.page.route(address, answer)
    yield
    person.page.unroute(address)
    told = person.troubles[before:]
    foreseen = (str(status),) if status else AWAY
    assert told
    assert not [one for one in told if not any(sign in one for sign in foreseen)]
    del person.troubles[before:]


def alert(page: Page) -> Locator:
    return page.locator("main > [role=alert]")


def behind(page: Page) -> Locator:
    return page.locator("main > [role=status].stays")


@pytest.mark.parametrize("status", [503, 500, None])
def test_what_a_person_typed_or_chose_is_told_not_to_be_done(
    handler: Person, order: str, status: int | None
) -> None:
    page, minutes = handler.page, {"name": "记录.pdf", "mimeType": "", "buffer": b"%PDF-1.7"}
    page.goto(f"/orders/{order}")
    with answering(handler, "**/draft", status):
        page.get_by_label("查明事实").fill("多要了一份证明")
        expect(alert(page)).to_contain_text("草稿这次没有存上")
    expect(alert(page)).to_be_in_viewport()
    assert violations(page) == []
    page.get_by_label("查明事实").fill("窗口多要了一份证明")
    expect(page.locator("#draft-state")).to_contain_text("已存")
    expect(alert(page)).to_have_count(0)
    with answering(handler, "**/attachments", status):
        page.set_input_files("#file", minutes)
        expect(alert(page)).to_contain_text("附件没有传上")
    page.set_input_files("#file", minutes)
    expect(page.get_by_label("记录.pdf", exact=True)).to_be_checked()
    expect(alert(page)).to_have_count(0)
    with answering(handler, "**/delete", status):
        page.get_by_role("button", name="删除 记录.pdf").click()
        expect(alert(page)).to_contain_text("刚才没有办成，请稍候再点一次")
    page.get_by_role("button", name="删除 记录.pdf").click()
    expect(alert(page)).to_have_count(0)


@pytest.mark.parametrize("status", [503, None])
def test_a_list_that_is_not_fetched_says_so_and_catches_up_by_itself(
    handler: Person, city: City, status: int | None
) -> None:
    page = handler.page
    page.goto("/orders")
    expect(page.get_by_text("未办结 1 件")).to_be_visible()
    with answering(handler, "**/orders", status):
        assigned(city)
        expect(behind(page)).to_contain_text("可能不是最新的")
        expect(page.get_by_text("未办结 1 件")).to_be_visible()
        expect(alert(page)).to_have_count(0)
        assert violations(page) == []
    expect(page.get_by_text("未办结 2 件")).to_be_visible(timeout=30_000)
    expect(behind(page)).to_have_count(0)


@pytest.mark.parametrize("status", [503, None])
def test_a_page_that_hears_nothing_says_so_and_listens_again(
    handler: Person, city: City, status: int | None
) -> None:
    page = handler.page
    with answering(handler, "**/live*", status):
        page.goto("/orders")
        expect(behind(page)).to_contain_text("会自动再试")
        assigned(city)
    expect(page.get_by_text("未办结 2 件")).to_be_visible(timeout=30_000)
    expect(behind(page)).to_have_count(0)
    assigned(city)
    expect(page.get_by_text("未办结 3 件")).to_be_visible()


def test_a_page_says_how_old_it_is_whatever_the_clock_of_the_machine_it_is_read_at(
    handler: Person, order: str
) -> None:
    page = handler.page
    page.clock.install()
    with answering(handler, "**/live*", 503):
        page.goto("/orders")
        page.clock.run_for(5_000)
        expect(behind(page)).to_contain_text("本页是刚才取到的")
        page.clock.run_for(150_000)
        expect(behind(page)).to_contain_text("本页是 2 分钟前取到的")


def test_whoever_has_been_signed_out_meanwhile_is_told_so(handler: Person, order: str) -> None:
    page = handler.page
    with answering(handler, "**/live*", 503):
        page.goto("/orders")
        expect(behind(page)).to_contain_text("会自动再试")
        handler.context.clear_cookies()
    expect(page.get_by_text("本页不再自动更新")).to_be_visible(timeout=30_000)
    expect(behind(page)).to_have_count(0)


def test_what_a_page_brings_in_after_itself_is_asked_for_again_by_itself(
    city: City, console_here: str, people: People
) -> None:
    secret = Desks(city).sits("监督员丙", Role.SUPERVISOR).client.cookies[COOKIE]
    person = people(console_here, Size.SCALED)
    person.context.add_cookies([{"name": COOKIE, "value": secret, "url": console_here}])
    page, asked = person.page, list[str]()
    with answering(person, "**/collect/items?*", 503):
        page.goto("/collect")
        expect(behind(page)).to_contain_text("会自动再试")
        expect(page.get_by_role("link", name="事项未配、渠道差评")).to_be_visible()
    page.on("request", lambda one: asked.append(one.headers.get("x-by-itself", "")))
    expect(page.get_by_role("link", name="事项未配、渠道差评")).to_have_count(0)
    expect(behind(page)).to_have_count(0)
    assert asked == ["1"], "it does not keep its person signed in"
