"""A citizen with a phone: every page of his can be used with a thumb and read without glasses, in
large letters too, and nothing of it leaves this machine.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import axe
import pytest
from browser import Size
from citizens import reevaluating

from console.processes import Address, citizens
from workflow import links

SIDEWAYS = "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
SMALLEST = """() => Math.min(...[...document.querySelectorAll('body *')]
  .filter((one) => one.innerText && one.getBoundingClientRect().height > 0)
  .map((one) => parseFloat(getComputedStyle(one).fontSize)))"""
NARROW = """() => [...document.querySelectorAll('button, .act, .choices a, [name=code], textarea')]
  .filter((one) => one.getBoundingClientRect().height < 44)
  .map((one) => one.textContent)"""

TO_PRESS = """() => [...document.querySelectorAll('button, .act, .back, .choices a')]
  .filter((one) => one.getClientRects().length).map((one) => one.innerText)"""


@pytest.fixture
def page(city) -> Iterator[str]:
    """The address of the citizen's page alone, in threads."""
    web = citizens(city.office, Address("127.0.0.1", 0))
    threads = [threading.Thread(target=job.run, daemon=True) for job in web.jobs]
    for thread in threads:
        thread.start()
    yield web.url
    for job in web.jobs:
        job.stop()
    for thread in threads:
        thread.join(60)


def trouble(shown):
    """What keeps somebody from using the page as it stands."""
    found = axe.violations(shown)
    found += [f"{shown.url}: to the side"] if shown.evaluate(SIDEWAYS) > 0 else []
    found += [f"{shown.url}: small letters"] if shown.evaluate(SMALLEST) < 18 else []
    return found + [f"{shown.url}: hard to hit: {one}" for one in shown.evaluate(NARROW)]


def test_an_answer_is_given_with_the_thumb(city, page, people):
    subject = reevaluating(city, taskName="灵活就业参保登记和养老保险关系转移接续一并办理")
    complaint = city.complaint(subject)
    until = complaint.limits["reevaluate"].due_at
    person = people(page, Size.PHONE)
    shown, found = person.page, []
    shown.goto("/r/" + links.make(city.office.keys.link, subject, 1, until))
    assert shown.url.endswith("/r/now")
    found += trouble(shown)
    shown.get_by_role("button", name="大字").tap()
    shown.get_by_role("button", name="常规字").wait_for()
    found += trouble(shown)
    shown.get_by_role("link", name="评价整改结果").tap()
    for number, choice in enumerate(("是", "否", "不满意"), 1):
        shown.get_by_text(f"第{number}问").wait_for()
        found += trouble(shown)
        shown.get_by_role("link", name=choice, exact=True).tap()
    shown.get_by_role("heading", name="看一遍，再提交").wait_for()
    found += trouble(shown)
    shown.get_by_label("还想说的").fill("<b>还是</b>要证明")
    shown.get_by_role("button", name="提交评价").tap()
    shown.get_by_text("已收到，谢谢您").wait_for()
    found += trouble(shown)
    assert found == []
    assert city.complaint(subject).round == 2
    shown.go_back()
    shown.get_by_text("办到哪一步").wait_for()
    assert shown.get_by_role("link", name="评价整改结果").count() == 0, "he is not asked twice"


def test_on_paper_no_page_of_his_has_anything_to_be_pressed(city, page, people):
    subject = reevaluating(city)
    shown = people(page, Size.PHONE).page
    until = city.complaint(subject).limits["reevaluate"].due_at
    shown.goto("/r/" + links.make(city.office.keys.link, subject, 1, until))
    shown.emulate_media(media="print")
    answered = "/r/rate?contacted=yes&solved=no&level=2"
    for place in ("/r/now", "/r/rate", answered, "/r/retaliation"):
        shown.goto(place)
        assert shown.evaluate(TO_PRESS) == [], place


def test_the_other_pages_can_be_used_too(city, page, people):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.dismisses(subject)
    person = people(page, Size.PHONE)
    shown = person.page
    shown.goto("/r")
    found = trouble(shown)
    with person.refused(422):
        shown.get_by_label("查询码").fill("0000 0000 0000")
        shown.get_by_role("button", name="查看").tap()
        shown.get_by_text("查询码不对").wait_for()
    found += trouble(shown)
    shown.get_by_label("查询码").fill(links.code_of(city.office.keys.link, subject).lower())
    shown.get_by_role("button", name="查看").tap()
    shown.get_by_text("办到哪一步").wait_for()
    found += trouble(shown)
    for place in ("/r/objection", "/r/retaliation"):
        shown.goto(place)
        found += trouble(shown)
    shown.get_by_label("发生了什么").fill("窗口的人打电话骂我")
    shown.context.clear_cookies()
    with person.refused(401):
        shown.get_by_role("button", name="告诉监督员").tap()
        kept = shown.get_by_label("您刚才写的（还没有提交）")
        assert kept.input_value() == "窗口的人打电话骂我"
    found += trouble(shown)
    with person.refused(404):
        shown.goto("/r/a.b")
    assert found + trouble(shown) == []
