"""今日待办 shows everybody the messages that are for him, and nobody another's."""

from __future__ import annotations

from city import CITIZEN, UNIT, City
from test_supervisors_pages import open_one, signed_in

import schemas as s
from console.web.told import MOST, told
from producers.supervisors import urge
from schemas.envelope import Role
from workflow.ledger import Actor

OTHER = "ZD-YBJ"


def test_the_unit_urged_reads_it_and_another_does_not(city: City) -> None:
    urge(city.ledger, UNIT, account="监督员丙", why="本月没有报来评价")
    clerk = signed_in(city, "数据员丁", Role.CLERK, UNIT)
    clerk.opens("/")
    assert "【催报】本月没有报来评价" in clerk.page
    for account, role, unit in (
        ("外单位", Role.DEPARTMENT, OTHER),
        ("监督员丙", Role.SUPERVISOR, None),
    ):
        person = signed_in(city, account, role, unit)
        person.opens("/")
        assert "【催报】" not in person.page


def test_a_clerk_reads_nothing_of_the_units_orders(city: City) -> None:
    city.drain()  # whoever notifies begins now
    subject = open_one(city)
    city.drain()
    order = str(city.complaint(subject).order)
    for account, role, reads in (
        ("经办乙", Role.DEPARTMENT, True),
        ("数据员丁", Role.CLERK, False),
    ):
        person = signed_in(city, account, role, UNIT)
        person.opens("/")
        assert (order in person.page) is reads


def test_retaliation_is_told_to_supervisor_and_auditor_and_never_to_the_unit(city: City) -> None:
    city.drain()  # whoever notifies begins now
    subject = open_one(city)
    city.step(subject, s.RetaliationReported, CITIZEN, words="有人上门问是谁评的")
    city.drain()
    for account, role in (("监督员丙", Role.SUPERVISOR), ("审计员辛", Role.AUDITOR)):
        person = signed_in(city, account, role)
        person.opens("/")
        assert "群众反映打击报复" in person.page
        assert f'href="/c/{subject}"' in person.page
    handler = signed_in(city, "经办乙", Role.DEPARTMENT, UNIT)
    handler.opens("/")
    assert "消息" in handler.page
    assert f'href="/orders/{city.complaint(subject).order}"' in handler.page
    assert "打击" not in handler.page
    assert subject not in handler.page


def test_the_newest_come_first_and_no_more_than_fit(city: City) -> None:
    for day in range(MOST + 2):
        city.travel(days=1)
        urge(city.ledger, UNIT, account="监督员丙", why=f"第{day}天")
    with city.office.database.read() as conn:
        found = told(conn, Actor("经办", Role.DEPARTMENT, UNIT))
    assert len(found) == MOST
    assert f"第{MOST + 1}天" in found[0].body
    assert found[0].place == ""


def test_the_head_of_every_page_counts_what_came_of_late_and_leads_to_it(city: City) -> None:
    clerk = signed_in(city, "数据员丁", Role.CLERK, UNIT)
    clerk.opens("/contacts")
    assert '<a class="told-head" href="/#messages" title="近 7 天的消息">消息</a>' in clerk.page
    clerk.opens("/")
    assert "还没有给您的消息" in clerk.page
    for day in range(3):
        urge(city.ledger, UNIT, account="监督员丙", why=f"第{day}天")
        city.travel(days=1)
    assert clerk.signs_in("数据员丁") == 303
    clerk.opens("/contacts")
    assert "消息 <b>3</b></a>" in clerk.page
    clerk.opens("/")
    assert clerk.page.count("【催报】") == 3
    assert 'id="messages">消息 <small class="soft">近 7 天 3 条</small>' in clerk.page
    city.travel(days=6)
    urge(city.ledger, UNIT, account="监督员丙", why="又是一天")
    assert clerk.signs_in("数据员丁") == 303
    clerk.opens("/contacts")
    assert "消息 <b>2</b></a>" in clerk.page, "what is older than a week is read or done with"
    clerk.opens("/")
    assert clerk.page.count("【催报】") == 4
    assert "近 7 天 2 条，更早的 2 条也列在下面</small>" in clerk.page
    other = signed_in(city, "外单位", Role.CLERK, OTHER)
    other.opens("/")
    assert "消息 <b>" not in other.page
