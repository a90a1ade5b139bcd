"""Two clicks, two people, a page that is old: one effect, and whoever came second is told what has
changed, with what he typed still there.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest
from browser import Person
from city import City
from clicked import Handler, Operator
from playwright.sync_api import expect

People = Callable[..., Person]


@pytest.fixture
def two(city: City, console_here: str, people: People) -> tuple[Operator, Operator]:
    """Two operators, each at a browser of his own."""
    return (
        Operator(city, people(console_here), console_here, "话务员甲"),
        Operator(city, people(console_here), console_here, "话务员丁"),
    )


def verifying(city: City) -> str:
    subject = city.portal.bad_review()
    city.drain()
    return subject


def claimers(city: City, *subjects: str) -> list[str | None]:
    return [city.complaint(subject).claimer for subject in subjects]


def test_a_double_click_claims_one_and_acknowledges_once(
    city: City, two: tuple[Operator, Operator], console_here: str, people: People
) -> None:
    subjects = [verifying(city), verifying(city)]
    operator, _ = two
    operator.opens("/hotline")
    operator.page.get_by_role("button", name="认领下一件").dblclick()
    operator.page.wait_for_url("**/c/*")
    assert sorted(map(str, claimers(city, *subjects))) == ["None", "话务员甲"]
    order = verifying(city)
    city.hotline.confirms(order)
    city.drain()
    handler = Handler(city, people(console_here), console_here, "联络员乙")
    handler.opens("/orders")
    handler.page.get_by_role("button", name="签收").dblclick()
    expect(handler.page.locator(".done")).to_contain_text("已签收")
    assert city.timeline(order).count("WorkOrderAcknowledged") == 1


def test_two_who_claim_the_next_at_once_get_one_each(
    city: City, two: tuple[Operator, Operator]
) -> None:
    subjects = [verifying(city), verifying(city)]
    for operator in two:
        operator.opens("/hotline")
    for operator in two:
        operator.page.get_by_role("button", name="认领下一件").click(no_wait_after=True)
    for operator in two:
        operator.page.wait_for_url("**/c/*")
    assert {operator.page.url.rpartition("/")[2] for operator in two} == {*subjects}
    assert set(claimers(city, *subjects)) == {"话务员甲", "话务员丁"}


def test_with_one_left_the_second_is_told_that_there_is_none(
    city: City, two: tuple[Operator, Operator]
) -> None:
    subject = verifying(city)
    first, second = two
    second.opens("/hotline")
    assert first.takes_the_next() == subject
    second.page.get_by_role("button", name="认领下一件").click()
    second.sees("没有待认领")
    assert claimers(city, subject) == ["话务员甲"]


def test_an_old_page_is_refused_kindly_and_what_was_typed_is_kept(
    city: City, two: tuple[Operator, Operator]
) -> None:
    subject = verifying(city)
    city.hotline.calls(subject)
    first, second = two
    for operator in two:
        operator.opens(f"/c/{subject}")
    typed = "群众说是窗口让他回去补的"
    form = second.pane("有效")
    form.get_by_label("原因").select_option("115")
    form.get_by_label("说明").fill(typed)
    first.calls("占线")
    second.sees("这件刚刚变动过")
    with second.person.refused(409):
        form.get_by_role("button", name="确认有效并派单").click()
        expect(second.page.get_by_role("alert")).to_contain_text("记一次通话")
    expect(form.get_by_label("说明")).to_have_value(typed)
    assert "ComplaintConfirmed" not in city.timeline(subject)
    second.page.get_by_role("button", name="确认有效并派单").click()
    expect(second.page.locator(".did")).to_contain_text("已办")
    assert city.timeline(subject).count("ComplaintConfirmed") == 1


def test_a_page_that_is_old_says_so_when_the_button_is_released(
    city: City, two: tuple[Operator, Operator]
) -> None:
    """What is said above it would move the button away from under the finger."""
    subject = verifying(city)
    _, second = two
    second.opens(f"/c/{subject}")
    page, told = second.page, second.page.get_by_text("这件刚刚变动过")
    page.get_by_role("button", name="认领").hover()
    page.mouse.down()
    city.hotline.calls(subject)
    page.wait_for_timeout(1500)  # longer than it takes to be heard of
    expect(told).to_be_hidden()
    page.mouse.move(1, 1)  # thought better of it
    page.mouse.up()
    expect(told).to_be_visible()


def test_what_another_has_ended_gives_back_the_words(
    city: City, two: tuple[Operator, Operator]
) -> None:
    subject = verifying(city)
    city.hotline.calls(subject)
    _, second = two
    second.opens(f"/c/{subject}")
    form = second.pane("有效")
    form.get_by_label("原因").select_option("115")
    form.get_by_label("说明").fill("群众说属实，要求尽快")
    city.hotline.dismisses(subject)
    with second.person.refused(409):
        form.get_by_role("button", name="确认有效并派单").click()
        expect(second.page.get_by_role("alert")).to_be_visible()
    expect(second.page.get_by_label("您填的内容还在这里")).to_have_value("群众说属实，要求尽快")
