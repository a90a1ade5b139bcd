"""A handler at the real thing: typed and kept, attached, refused kindly; the list is live."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from axe import violations
from browser import Person, Size
from city import HANDLER, UNIT, City
from desks import Desks
from playwright.sync_api import expect

from console.web.access import COOKIE
from producers import departments
from schemas.envelope import Role

People = Callable[..., Person]


@pytest.fixture
def order(city: City) -> str:
    return city.assigned()


def signed_in(city: City, people: People, address: str, size: Size = Size.SCALED) -> Person:
    """A handler's browser, entered without the page of sign-in."""
    secret = Desks(city).sits("联络员乙", Role.DEPARTMENT, UNIT).client.cookies[COOKIE]
    person = people(address, size)
    person.context.add_cookies([{"name": COOKIE, "value": secret, "url": address}])
    return person


def test_feedback_is_typed_kept_attached_to_and_submitted(
    city: City, order: str, console_here: str, people: People, tmp_path: Path
) -> None:
    person = signed_in(city, people, console_here)
    page = person.page
    page.goto("/orders")
    page.keyboard.press("Alt+q")
    expect(page.get_by_role("status")).to_contain_text("已签收")
    page.get_by_role("link", name="写反馈").click()
    page.get_by_label("查明事实").fill("窗口人员多要了一份证明")
    expect(page.locator("#draft-state")).to_contain_text("已存")
    page.reload()
    expect(page.get_by_label("查明事实")).to_have_value("窗口人员多要了一份证明")
    program, minutes = tmp_path / "账单.pdf", tmp_path / "培训记录.pdf"
    program.write_bytes(b"MZ not what it says")
    minutes.write_bytes(b"%PDF-1.7 minutes")
    with person.refused(422):
        page.set_input_files("#file", program)
        expect(page.locator("#attach-told")).to_contain_text("只收 PDF")
    page.set_input_files("#file", minutes)
    expect(page.get_by_label("培训记录.pdf", exact=True)).to_be_checked()
    expect(page.locator("#attach-told")).to_be_empty()
    page.locator("summary", has_text="延期").click()
    page.get_by_label("申请几个工作日").fill("3")
    expect(page.locator("#foreseen")).to_contain_text("最晚可到 09-28")
    page.get_by_label("原因").first.fill("不熟悉办事指南")
    page.get_by_label("措施").fill("已培训")
    page.get_by_label("责任岗位").select_option(label="窗口岗")
    page.get_by_label("给群众的答复").fill("向您道歉")
    page.get_by_label("签批人姓名").fill("负责人丁")
    with person.refused(422):
        page.keyboard.press("Control+Enter")
        expect(page.get_by_role("alert")).to_contain_text("签批人")
    expect(page.get_by_label("给群众的答复")).to_have_value("向您道歉")
    page.get_by_label("职务").fill("分管副局长")
    assert violations(page) == []
    page.keyboard.press("Control+Enter")
    expect(page.get_by_role("status").first).to_contain_text("整改反馈已提交")
    expect(page.get_by_role("link", name="培训记录.pdf")).to_be_visible()
    assert city.timeline(order)[-1] == "RectificationSubmitted"


def test_an_order_is_acknowledged_and_answered_by_keys_alone(
    city: City, order: str, console_here: str, people: People
) -> None:
    page = signed_in(city, people, console_here).page
    page.goto("/orders")
    button = page.get_by_role("button", name="签收")
    button.focus()
    later = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(later)
    city.hotline.assigns(later)
    expect(page.get_by_text("未办结 2 件")).to_be_visible()
    expect(button.first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("status")).to_contain_text("已签收")
    number = str(city.complaint(order).order)
    row = page.get_by_role("link", name=number)
    for _ in range(3):  # the list may be fetched anew between two keys
        page.keyboard.press("j")
        if row.evaluate("one => one === document.activeElement"):
            break
    page.keyboard.press("Enter")
    page.wait_for_url(f"**/orders/{number}")
    page.keyboard.press("Alt+n")
    expect(page.get_by_label("已整改")).to_be_focused()
    page.set_input_files("#file", {"name": "a.pdf", "mimeType": "", "buffer": b"%PDF-1.7"})
    page.get_by_role("button", name="删除 a.pdf").press("Enter")
    expect(page.get_by_role("button", name="删除 a.pdf")).to_have_count(0)
    expect(page.locator("#file")).to_be_focused()


def test_a_new_order_appears_by_itself(
    city: City, order: str, console_here: str, people: People
) -> None:
    page = signed_in(city, people, console_here).page
    page.goto("/orders")
    expect(page.get_by_text("未办结 1 件")).to_be_visible()
    later = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(later)
    city.hotline.assigns(later)
    expect(page.get_by_text("未办结 2 件")).to_be_visible()
    assert violations(page) == []
    page.goto(f"/orders/{city.complaint(order).order}")
    departments.acknowledge(city.ledger, order, account=HANDLER.name, unit=UNIT)
    expect(page.get_by_text("这件工单刚有变动")).to_be_visible()


def test_a_list_is_not_put_anew_under_a_finger(
    city: City, order: str, console_here: str, people: People
) -> None:
    page = signed_in(city, people, console_here).page
    page.goto("/orders")
    number = city.complaint(order).order
    page.get_by_role("link", name=str(number)).hover()
    page.mouse.down()
    with page.expect_response(lambda answer: "x-by-itself" in answer.request.headers) as fetched:
        city.assigned()
    fetched.value.finished()
    page.wait_for_timeout(200)  # longer than it takes to put it there
    expect(page.get_by_text("未办结 1 件")).to_be_visible()
    page.mouse.up()
    page.wait_for_url(f"**/orders/{number}")
    page.go_back()
    page.get_by_text("未办结").first.hover()
    page.mouse.down()
    with page.expect_response(lambda answer: "x-by-itself" in answer.request.headers):
        city.assigned()
    page.mouse.up()
    expect(page.get_by_text("未办结 3 件")).to_be_visible()


PRESSED = "() => [...document.querySelectorAll('button, input, select, textarea, .btn, .offer, "
PRESSED += ".row-head > a')]"
PRESSED += ".filter((one) => one.getClientRects().length).map((one) => one.innerText || one.name)"


def test_an_order_on_paper_has_its_history_and_what_was_written_so_far(
    city: City, order: str, console_here: str, people: People
) -> None:
    departments.acknowledge(city.ledger, order, account=HANDLER.name, unit=UNIT)
    page = signed_in(city, people, console_here).page
    page.goto(f"/orders/{city.complaint(order).order}")
    facts = "\n".join(f"第{n}条：窗口人员多要了一份证明" for n in range(1, 41))
    page.get_by_label("查明事实").fill(facts)
    page.get_by_label("责任岗位").select_option(label="窗口岗")
    page.set_input_files("#file", {"name": "a.pdf", "mimeType": "", "buffer": b"%PDF-1.7"})
    expect(page.get_by_label("a.pdf", exact=True)).to_be_checked()
    past = page.locator(".past li").first
    expect(past).to_be_hidden()
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(past).to_be_visible()
    printed = page.locator("#feedback").inner_text()
    for told in (facts, "窗口岗", "已整改", "a.pdf", "给群众的答复", "（未填）"):
        assert told in printed, told
    assert ("法律依据" in printed, page.evaluate(PRESSED)) == (False, [])
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="screen")
    expect(past).to_be_hidden()
    expect(page.get_by_label("查明事实")).to_have_value(facts)
    expect(page.get_by_text("（未填）")).to_have_count(0)
