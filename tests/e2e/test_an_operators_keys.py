"""Keys send what the hand is at, and nothing else on the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser import Person, Size
from city import HANDLER, City
from clicked import Operator
from playwright.sync_api import expect

import schemas as s

People = Callable[..., Person]


TO_PRESS = """() => [...document.querySelectorAll('button, input, select, textarea, .btn')]
  .filter((one) => one.getClientRects().length).map((one) => one.innerText || one.name)"""


@pytest.fixture
def operator(city: City, console_here: str, people: People) -> Operator:
    """With a complaint open that could be confirmed: a call was answered."""
    subject = city.portal.bad_review(mobile="13900001234", userName="群众甲")
    city.drain()
    operator = Operator(city, people(console_here, Size.SCALED), console_here, "话务员甲")
    operator.takes_the_next()
    operator.calls()
    assert city.timeline(subject)[-1] == "CallAttempted"
    return operator


def test_a_call_that_is_being_noted_is_sent_and_the_verdict_beside_it_is_not(
    city: City, operator: Operator
) -> None:
    page, subject = operator.page, operator.page.url.partition("/c/")[2].partition("?")[0]
    page.keyboard.press("Alt+c")
    expect(page.locator("details.call input:not([type=hidden])").first).to_be_focused()
    page.get_by_label("约定再拨", exact=True).check()
    later = page.locator("details.call input[type=datetime-local]")
    later.fill("2021-09-16T15:00")
    page.keyboard.press("Control+Enter")
    operator._did("记一次通话")
    assert city.timeline(subject)[-1] == "CallAttempted"
    assert "ComplaintConfirmed" not in city.timeline(subject)


def test_what_is_told_beside_the_work_is_sent_and_the_work_is_not(
    city: City, operator: Operator
) -> None:
    page, subject = operator.page, operator.page.url.partition("/c/")[2].partition("?")[0]
    page.locator("details.aside > summary").click()
    told = page.locator("details.one").filter(has_text="反映打击报复")
    told.locator("summary").click()
    told.locator("textarea, input[type=text]").first.fill("经办人打电话来骂")
    page.keyboard.press("Control+Enter")
    operator._did("反映打击报复")
    assert city.timeline(subject)[-1] == "RetaliationReported"


def test_outside_every_form_the_sending_key_sends_nothing(city: City, operator: Operator) -> None:
    page, subject = operator.page, operator.page.url.partition("/c/")[2].partition("?")[0]
    before = city.timeline(subject)
    page.locator("h1").click()
    page.keyboard.press("Control+Enter")
    page.keyboard.press("Alt+c")
    page.keyboard.press("Escape")
    expect(page.locator("details.call > summary")).to_be_focused()
    expect(page.locator("details.call form")).to_be_hidden()
    assert city.timeline(subject) == before


def test_a_number_is_shown_and_a_verdict_given_without_leaving_the_keys(
    city: City, operator: Operator
) -> None:
    page, subject = operator.page, operator.page.url.partition("/c/")[2].partition("?")[0]
    page.keyboard.press("Alt+x")
    page.keyboard.type("回拨核实")
    page.keyboard.press("Control+Enter")
    expect(page.locator("strong.phone")).to_have_text("13900001234")
    page.keyboard.press("Alt+n")
    expect(page.get_by_role("form", name="有效").get_by_label("原因")).to_be_focused()
    page.keyboard.press("1")
    page.keyboard.press("Control+Enter")
    operator._did("确认有效")
    assert "ComplaintConfirmed" in city.timeline(subject)


def test_from_one_complaint_to_the_next_by_keys_alone(
    city: City, console_here: str, people: People
) -> None:
    first, second = (city.portal.bad_review(mobile="13900001234") for _ in range(2))
    city.drain()
    page = Operator(city, people(console_here, Size.SCALED), console_here, "话务员甲").page
    page.goto("/hotline")
    page.keyboard.press("j")
    expect(page.locator("a[data-row]").first).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/c/{first}")
    for key, done in (("c", "认领"), ("Alt+c", ""), (" ", ""), ("Control+Enter", "记一次通话")):
        page.keyboard.press(key)
        if done:
            expect(page.locator(".did")).to_contain_text(done)
            assert page.get_by_role("button", name="下一件").count() == 0, "this one is not done"
    for key in ("Alt+n", "1", "Control+Enter"):
        page.keyboard.press(key)
    expect(page.locator(".did")).to_contain_text("确认有效")
    city.drain()
    page.reload()
    page.keyboard.press("n")
    page.wait_for_url(f"**/c/{second}")
    assert city.complaint(second).claimer == "话务员甲"


def test_on_paper_a_complaint_has_nothing_to_be_pressed(operator: Operator) -> None:
    assert operator.page.evaluate(TO_PRESS)
    operator.page.emulate_media(media="print")
    assert operator.page.evaluate(TO_PRESS) == []


def test_on_paper_stands_what_is_to_be_decided_on_and_what_was_folded_away(
    city: City, operator: Operator
) -> None:
    page = operator.page
    subject = city.portal.bad_review(mobile="13900001234")
    city.drain()
    city.hotline.confirms(subject)
    city.hotline.assigns(subject)
    city.drain()
    given = {"reason": "不属本单位职责", "legal_basis": "职责规定第三条"}
    city.step(subject, s.WorkOrderReturned, HANDLER, **given)
    page.goto(f"/c/{subject}")
    evidence = page.locator(".hints details li").first
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(page.locator(".asked")).to_contain_text("职责规定第三条")
    expect(page.locator(".asked")).to_be_visible()
    expect(page.locator(".seen dl")).to_be_visible()
    expect(evidence).to_be_visible()
    assert page.evaluate(TO_PRESS) == []
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(page.locator(".seen dl")).to_be_hidden()
