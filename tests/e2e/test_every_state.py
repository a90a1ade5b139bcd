"""A complaint in every state there is, every step that can be taken of it and every refusal: as
everybody who is let to see it finds it, on the narrowest screen.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
import sitting
from browser import Person, Size
from citizens import reevaluating
from city import City
from desks import Desks
from usable import refusals, trouble, unfold

from console.web.access import COOKIE
from schemas.envelope import Role
from workflow import links
from workflow.states import State

PLACES = {
    Role.OPERATOR: ("/c/{}",),
    Role.REVIEWER: ("/c/{}", "/decisions/{}"),
    Role.SUPERVISOR: ("/c/{}", "/watch/{}", "/decisions/{}"),
}
NARROWEST = (Size.PHONE,)
ACTS = "() => [...document.querySelectorAll('.choices-list a')].map((one) => one.href)"
ORDERS = """() => [...document.querySelectorAll('table a[href^="/orders/"]')]
  .map((one) => one.getAttribute('href'))"""


def found_at(person: Person, place: str, seen: set[str]) -> Iterator[str]:
    """What is wrong with a page, with all it has folded away, with the form of each of its acts,
    and with its refusals; of acts and forms with one of each kind.
    """
    person.page.goto(place)
    unfold(person.page)
    yield from trouble(person, place, NARROWEST)
    for act in person.page.evaluate(ACTS):
        event = parse_qs(urlsplit(act).query)["act"][0]
        if event in seen:
            continue
        person.page.goto(act)
        yield from trouble(person, act, NARROWEST)
        for refused in refusals(person, act, seen):
            yield from trouble(person, f"{place} {refused}", NARROWEST)
    for refused in refusals(person, place, seen):
        yield from trouble(person, f"{place} {refused}", NARROWEST)


@pytest.mark.parametrize(
    "role",
    [
        role if role is Role.OPERATOR else pytest.param(role, marks=pytest.mark.long)
        for role in PLACES
    ],
)
def test_a_complaint_can_be_used_in_every_state(people, demo_desk, demo_folder, role):
    person, seen = people(demo_desk), set()
    sitting.enter(person, role)
    subjects = sitting.subjects(demo_folder).values()
    places = [place.format(subject) for subject in subjects for place in PLACES[role]]
    found = [line for place in places for line in found_at(person, place, seen)]
    assert not found, "\n".join(found)
    assert seen, "something was refused"


def test_an_order_can_be_used_in_every_state(people, demo_desk):
    person, seen, found = people(demo_desk), set(), []
    for _ in sitting.enter_as_each(person, Role.DEPARTMENT):
        person.page.goto("/orders")
        for place in sorted(set(person.page.evaluate(ORDERS))):
            found += found_at(person, place, seen)
    assert not found, "\n".join(found)
    assert {"acknowledge", "feedback", "return", "extension", "appeal", "ask"} <= seen


@pytest.mark.parametrize(
    ("account", "role", "places"),
    [
        ("话务员甲", Role.OPERATOR, ("/", "/hotline", "/hotline?tab=later&who=me")),
        ("复核人己", Role.REVIEWER, ("/", "/decisions")),
        ("监督员丙", Role.SUPERVISOR, ("/watch", "/watch?show=red", "/decisions")),
        ("信息科庚", Role.IT, ("/ops", "/ops?tab=outbox", "/connect?tab=sent", "/collect/refused")),
        ("审计员辛", Role.AUDITOR, ("/ops?tab=looks&subject=CP21-9999", "/ops?tab=reveals")),
    ],
)
def test_a_list_without_anything_in_it_says_so(
    city: City, console_here: str, people, account: str, role: Role, places: tuple[str, ...]
) -> None:
    person = signed_in(city, people(console_here), console_here, account, role)
    for place in places:
        person.page.goto(place)
        assert list(trouble(person, place, NARROWEST)) == []
        assert person.page.locator(".empty").count(), place


def test_what_a_form_is_answered_with_can_be_used_too(people, demo_desk, demo_folder):
    """Pages that no link leads to: what was found, shown once, tried or compared."""
    found, waiting = [], sitting.subjects(demo_folder)[State.VERIFYING]
    person = people(demo_desk)
    page = person.page
    sitting.enter(person, Role.OPERATOR)
    for asked in (waiting, "没有这一件"):
        page.get_by_role("searchbox").fill(asked)
        with page.expect_navigation():
            page.keyboard.press("Enter")
        found += trouble(person, f"search {asked}", NARROWEST)
    page.goto(f"/c/{waiting}")
    with page.expect_navigation():
        page.get_by_role("button", name="查询码").click()
    found += trouble(person, "code", NARROWEST)
    with page.expect_navigation():
        page.get_by_role("button", name="认领").click()
    page.locator("summary", has_text="显示号码").click()
    page.get_by_label("为什么要看号码").fill("回拨核实")
    with page.expect_navigation():
        page.get_by_role("button", name="显示，并留痕").click()
    found += trouble(person, "number", NARROWEST)
    page.goto(f"/c/{waiting}")
    with page.expect_navigation():
        page.get_by_role("button", name="释放").click()
    sitting.enter(person, Role.IT)
    page.goto("/connect?tab=trial")
    page.locator("textarea").fill('{"projectNo": "1", "satisfaction": "9"}')
    with page.expect_navigation():
        page.get_by_role("button", name="试推").click()
    found += trouble(person, "trial", NARROWEST)
    sitting.enter(person, Role.SUPERVISOR)
    page.goto("/collect/city")
    page.locator("textarea").fill("区人社局\t1200\t860\t310\n没有的局\t1\t1\t1")
    with page.expect_navigation():
        page.get_by_role("button", name="核对", exact=True).click()
    found += trouble(person, "compared", NARROWEST)
    assert found == []


def test_what_cannot_be_opened_is_a_page_like_any_other(
    city: City, console_here: str, people, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = city.portal.bad_review()
    city.drain()
    monkeypatch.setattr("console.web.hotline.page.case_of", lambda *_: 1 / 0)
    person = signed_in(city, people(console_here), console_here, "话务员甲", Role.OPERATOR)
    for status, place in (
        (403, "/units"),
        (404, "/nothing"),
        (422, "/hotline?page=x"),
        (500, f"/c/{subject}"),
    ):
        with person.refused(status):
            person.page.goto(place)
        assert list(trouble(person, place, NARROWEST)) == []
        assert person.page.get_by_role("link", name="回到今日待办").count() == 1


def test_who_fails_to_sign_in_too_often_reads_so(console_here: str, people) -> None:
    person = people(console_here)
    person.page.goto("/login")
    with person.refused(403, 429):
        for _ in range(200):
            if 429 in person.refusals:  # on a slow machine some tries come back meanwhile
                break
            person.page.get_by_label("账号").fill("nobody")
            person.page.get_by_label("密码").fill("a wrong password")
            with person.page.expect_navigation():
                person.page.keyboard.press("Enter")
    assert list(trouble(person, "/login", NARROWEST)) == []


def test_a_citizen_who_comes_late_or_types_nothing_reads_why(city: City, console_here, people):
    subject = reevaluating(city)
    person = people(console_here, Size.PHONE)
    until = city.complaint(subject).limits["reevaluate"].due_at
    found = []
    with person.refused(401):
        person.page.goto("/r/now")
    found += trouble(person, "without a link", NARROWEST)
    link = "/r/" + links.make(city.office.keys.link, subject, 1, until)
    person.page.goto(link)
    person.page.goto("/r/retaliation")
    with person.refused(422), person.page.expect_navigation():
        person.page.evaluate("HTMLFormElement.prototype.submit.call(document.forms.written)")
    found += trouble(person, "nothing typed", NARROWEST)
    city.travel(days=30)
    city.drain()
    person.page.goto(link)
    person.page.get_by_text("评价时间已过").wait_for()
    found += trouble(person, "late", NARROWEST)
    assert found == []


def signed_in(city: City, person: Person, address: str, account: str, role: Role) -> Person:
    secret = Desks(city).sits(account, role).client.cookies[COOKIE]
    person.context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    return person
