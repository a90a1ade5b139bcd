"""What pages say of people, systems and failures is in the words of those who read them."""

from __future__ import annotations

import re
from typing import Any

import pytest
from city import OPERATOR, UNIT, City
from desks import Desks
from sqlalchemy import update

import schemas as s
from console.accounts.tokens import Scope, make_token, system_of
from producers import departments, hotline
from schemas.envelope import Role
from workflow.said import of_failure
from workflow.storage.models import accounts

ON = ("sqlite",)


def named(city: City, account: str, name: str) -> None:
    with city.office.database.write() as conn:
        conn.execute(update(accounts).where(accounts.c.account == account).values(name=name))


def words(page: str) -> str:
    return re.sub(r"<[^>]+>", "", page)


def verifying(city: City) -> str:
    subject = city.portal.bad_review()
    city.drain()
    return subject


def rectifying(city: City) -> str:
    subject = verifying(city)
    city.hotline.confirms(subject)
    city.drain()
    city.department.acknowledges(subject)
    return subject


def test_a_complaint_in_a_systems_hands_is_in_that_systems(city: City, desks: Desks) -> None:
    subject = verifying(city)
    system = system_of(city.office, make_token(city.office, "t-all", [Scope.STEPS], by="测试"))
    assert system is not None
    hotline.claim(city.ledger, subject, account=system.actor.name)
    watcher = desks.sits("监督01", Role.SUPERVISOR)
    for place in ("/watch", f"/watch/{subject}", f"/watch/{subject}?act=ComplaintReleased"):
        page = words(watcher.get(place).text)
        assert "系统 t-all" in page, place
        assert "token:" not in page, place


def test_a_complaint_in_a_persons_hands_is_told_by_the_name(city: City, desks: Desks) -> None:
    subject = verifying(city)
    mine = desks.sits(OPERATOR.name, Role.OPERATOR)
    named(city, OPERATOR.name, "王小梅")
    city.step(subject, s.ComplaintClaimed, OPERATOR)
    assert "王小梅" in words(mine.get("/").text)
    assert "王小梅" in words(desks.sits("监督01", Role.SUPERVISOR).get("/watch").text)


def test_a_decision_and_a_units_order_tell_who_by_their_names(city: City, desks: Desks) -> None:
    subject = rectifying(city)
    number = city.complaint(subject).order
    handler = desks.sits("经办甲", Role.DEPARTMENT, UNIT)
    named(city, "经办甲", "李建国")
    departments.request_extension(
        city.ledger, subject, account="经办甲", unit=UNIT, working_days=2, reason="要开会"
    )
    page = words(desks.sits("监督01", Role.SUPERVISOR).get(f"/decisions/{subject}").text)
    assert "李建国" in page
    assert "经办甲" not in page
    past = words(handler.get(f"/orders/{number}").text).partition("办理经过")[2]
    assert "李建国" in past
    assert "经办甲" not in past


def test_a_tokens_scopes_are_told_in_words(city: City, desks: Desks) -> None:
    make_token(city.office, "大厅平板", [Scope.INTAKE, Scope.READ], by="测试")
    page = words(desks.sits("信息01", Role.IT).get("/connect?tab=tokens").text)
    assert "报送办件和评价、读差评件" in page
    assert "intake" not in page


def test_a_small_attachment_is_so_many_bytes_in_chinese(city: City, desks: Desks) -> None:
    subject = rectifying(city)
    departments.attach(
        city.ledger, subject, account="经办甲", unit=UNIT, name="甲.pdf", content=b"%PDF-1.7 x"
    )
    number = city.complaint(subject).order
    page = desks.sits("经办甲", Role.DEPARTMENT, UNIT).get(f"/orders/{number}").text
    assert "10 字节" in page
    assert "Bytes" not in page


@pytest.mark.parametrize(
    ("told", "words"),
    [
        ("ConnectionRefusedError: [Errno 111] Connection refused", "对方没有开着，连不上"),
        ("ConnectionRefusedError: 短信网关拒收", "短信网关拒收"),
        ("urllib.error.URLError", "连不上对方"),
        ("没有能用的电话号码", "没有能用的电话号码"),
        ("第 3 行：不对", "第 3 行：不对"),
        ("KeyError: 'unit'", ""),
        ("", ""),
    ],
)
def test_a_failure_is_told_in_words_where_there_are_any(told: str, words: str) -> None:
    assert of_failure(told) == words


@pytest.mark.parametrize("place", ["/login", "/", "/watch", "/static/supervision.css"])
def test_a_page_has_a_head(desks: Desks, place: str) -> None:
    watcher = desks.sits("监督01", Role.SUPERVISOR)
    whole, head = watcher.get(place), watcher.client.head(place)
    assert (head.status_code, head.content) == (whole.status_code, b"")
    assert head.headers.get("content-type") == whole.headers.get("content-type")


@pytest.mark.parametrize("place", ["/live", "/api/v1/complaints", "/logout"])
def test_what_is_no_page_has_none(desks: Desks, place: str) -> None:
    watcher: Any = desks.sits("监督01", Role.SUPERVISOR)
    assert watcher.client.head(place).status_code in (303, 405)
