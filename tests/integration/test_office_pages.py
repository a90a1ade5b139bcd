"""The office's pages: what stands still goes on, a notice is tried before it counts, a file before
it is taken in, and nobody sees what is not his.
"""

from __future__ import annotations

import html
import os
import re
import threading
import time
from dataclasses import replace
from datetime import date
from typing import Any
from urllib.parse import unquote

import pytest
from city import CITIZEN, UNIT, City, service
from console_pages import Browser
from sqlalchemy import func, select
from test_supervisors_pages import EVIL, open_one, signed_in

from console import processes
from console.accounts.register import change, person
from console.reports.durations import durations
from console.reports.periods import parse_period
from console.revising import Moved, Preview
from console.traces import looked
from console.web.office import traced
from producers import hotline, supervisors
from producers.clock import recompute
from schemas.envelope import Role
from workflow.bus import parking
from workflow.errors import Busy
from workflow.policy import Policies
from workflow.record import record_of
from workflow.recorded import Actor
from workflow.storage.models import events, parked, ratings, services, views

NOTICE = "国务院办公厅关于补充放假安排的通知"


@pytest.fixture
def it(city: City) -> Browser:
    return signed_in(city, "信息科庚", Role.IT)


def park(city: City, subject: str, consumer: str = "supervision", error: str = EVIL) -> Any:
    """Parks the complaint's first event with this consumer."""
    with city.office.database.write() as conn:
        row = conn.execute(select(events).where(events.c.subject == subject)).first()
        parking.park(conn, consumer, record_of(row), "parked", error, 5, city.clock())
    return row


def status_of(city: City) -> list[tuple[str, str | None]]:
    with city.office.database.read() as conn:
        return [tuple(row) for row in conn.execute(select(parked.c.status, parked.c.note))]


def test_a_parked_record_is_tried_again_or_given_up_with_a_reason(city: City, it: Browser) -> None:
    row = park(city, open_one(city, "verifying"))
    it.opens("/ops")
    assert "自动督办" in it.page
    assert "<img" not in it.page
    place = {"consumer": "supervision", "lane": str(row.lane), "pos": str(row.pos)}
    assert it.sends("/ops/discard", **place, reason="").status_code == 422
    assert "理由" in it.told()
    assert it.sends("/ops/discard", **place, reason="重复").status_code == 303
    assert status_of(city) == [("discarded", "信息科庚：重复")]
    assert it.sends("/ops/retry", **place).status_code == 422, "it is done with"
    for beyond in ({"lane": str(1 << 31)}, {"pos": str(1 << 63)}, {"lane": "-1"}):
        assert it.sends("/ops/retry", **place | beyond).status_code == 422
    again = park(city, open_one(city, "verifying"), "metrics")
    place = {"consumer": "metrics", "lane": str(again.lane), "pos": str(again.pos)}
    answer = it.sends("/ops/retry", **place)
    assert answer.headers["location"] == "/ops?did=retried"
    assert ("replayed", "信息科庚") in status_of(city)


def test_a_reason_for_giving_up_is_still_there_after_a_refusal(
    city: City, it: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    row, other = park(city, open_one(city, "verifying")), open_one(city, "verifying")
    park(city, other)

    def busy(*_: object, **__: object) -> None:
        raise Busy

    monkeypatch.setattr(parking, "discard", busy)
    place = {"consumer": "supervision", "lane": str(row.lane), "pos": str(row.pos)}
    it.opens("/ops")
    assert it.sends("/ops/discard", **place, reason="上游已更正，不再办").status_code == 503
    (form,) = re.findall(r"<details open>.*?</details>", it.page, re.DOTALL)
    assert f'name="pos" value="{row.pos}"' in form
    assert 'name="reason" value="上游已更正，不再办"' in form
    assert it.page.count("上游已更正") == 1, "the other one's is empty"


def test_a_supervisor_comes_from_the_board_and_puts_it_right(city: City) -> None:
    row = park(city, open_one(city, "verifying"), "metrics")
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/watch")
    assert 'href="/ops">重试或放弃' in supervisor.page
    supervisor.opens("/ops")
    assert "计入指标" in supervisor.page
    assert "事件链" not in supervisor.page
    place = {"consumer": "metrics", "lane": str(row.lane), "pos": str(row.pos)}
    assert supervisor.sends("/ops/retry", **place).status_code == 303
    assert status_of(city) == [("replayed", "监督员丙")]


def test_why_it_stands_still_is_told_in_words_and_to_those_who_mend_it_as_it_was(
    city: City, it: Browser
) -> None:
    refused = "ConnectionRefusedError: 短信网关拒收"
    subject = open_one(city, "verifying")
    park(city, subject, error=refused)
    park(city, subject, "metrics", "KeyError: 'unit'")
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/ops")
    assert "短信网关拒收" in supervisor.page
    assert "请信息科看一看原因" in supervisor.page
    assert "Error" not in supervisor.page
    assert f'href="/watch/{subject}"' in supervisor.page
    it.opens("/ops")
    assert refused in it.page
    assert "KeyError" in it.page


def test_a_citizen_who_looked_has_no_account(city: City) -> None:
    subject = open_one(city)
    looked(city.office, CITIZEN, "page", subject)
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    auditor.opens("/ops")
    assert "<td>—</td><td>群众</td>" in auditor.page
    assert ",—,群众," in auditor.client.get("/ops/looks/export?form=csv").text


def test_the_auditor_sees_who_looked_and_who_signed_in(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    subject = open_one(city)
    supervisor.opens(f"/watch/{subject}")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    auditor.opens(f"/ops?subject={subject}")
    assert "监督员丙" in auditor.page
    assert "打开这件" in auditor.page
    finds(auditor, tab="signins", account="监督员丙")
    assert "登录" in auditor.page
    assert "监督员丙" in auditor.client.get("/ops/looks/export?form=csv").text
    auditor.opens("/ops?tab=stuck")
    assert "重试" not in auditor.page, "another's tab is not his"
    assert auditor.sends("/ops/retry", consumer="metrics", lane="1", pos="1").status_code == 403


def finds(auditor: Browser, **typed: str) -> str:
    """Fills in the tab's form and goes where it leads: that address."""
    auditor.opens("/ops")
    place = str(auditor.sends("/ops/find", **typed).headers["location"])
    auditor.opens(place)
    return place


def test_whose_traces_are_looked_at_stands_in_no_address(city: City) -> None:
    for account in ("话务员甲", "话务员乙"):
        looked(city.office, Actor(account, Role.OPERATOR), "timeline", open_one(city))
    subject = open_one(city, "verifying")
    supervisors.reveal_contact(city.ledger, subject, account="监督员丙", reason="督办要用")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    auditor.opens("/ops?tab=reveals")
    (theirs,) = re.findall(r'href="(\S+)">监督员丙</a>', auditor.page)
    auditor.opens(html.unescape(theirs))
    assert "督办要用" in auditor.page
    place = finds(auditor, tab="looks", account="话务员甲")
    assert ("话务员甲" in auditor.page, "话务员乙" in auditor.page) == (True, False)
    for one in (theirs, place, *re.findall(r'(?:href|action)="([^"]+)"', auditor.page)):
        assert not any(name in unquote(one) for name in ("监督员丙", "话务员甲")), one
    assert auditor.opens("/ops?tab=looks&who=abcd") == 404
    finds(auditor, tab="looks", account="")
    assert "话务员乙" in auditor.page


def test_the_auditor_goes_back_to_what_was_looked_at_before(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.web.office.ops.PER_PAGE", 2)
    handler = Actor("联络员乙", Role.DEPARTMENT, UNIT)
    subjects = [open_one(city) for _ in range(5)]
    for subject in subjects:
        looked(city.office, handler, "timeline", subject)
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    finds(auditor, account="联络员乙")
    seen = []
    while older := re.search(r'href="(\S+)">更早的', auditor.page):
        seen.append([subject in auditor.page for subject in subjects])
        auditor.opens(html.unescape(older[1]))
    seen.append([subject in auditor.page for subject in subjects])
    assert [sum(page) for page in seen] == [2, 2, 1]
    assert list(map(any, zip(*seen, strict=True))) == [True] * 5
    assert "最新的" in auditor.page
    assert auditor.opens("/ops?tab=looks&before=0") == 422


def test_the_auditor_goes_back_to_who_signed_in_before(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.web.office.ops.PER_PAGE", 2)
    names = [f"话务员{number}" for number in range(4)]
    for name in names:
        signed_in(city, name, Role.OPERATOR)
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    auditor.opens("/ops?tab=signins")
    seen = auditor.page
    while older := re.search(r'href="(\S+)">更早的', auditor.page):
        auditor.opens(html.unescape(older[1]))
        seen += auditor.page
    assert [name for name in names if name not in seen] == []
    assert "最新的" in auditor.page


def test_whose_sign_ins_are_looked_at_is_kept_from_page_to_page_and_in_no_address(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("console.web.office.ops.PER_PAGE", 2)
    one = signed_in(city, "话务员甲", Role.OPERATOR)
    signed_in(city, "话务员乙", Role.OPERATOR)
    for _ in range(3):
        one.signs_in("话务员甲")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    finds(auditor, tab="signins", account="话务员甲")
    pages = 1
    while older := re.search(r'href="(\S+)">更早的', auditor.page):
        assert "话务员甲" not in unquote(html.unescape(older[1]))
        auditor.opens(html.unescape(older[1]))
        assert 'value="话务员甲"' in auditor.page
        assert "<td>话务员乙</td>" not in auditor.page
        pages += 1
    assert pages > 1
    newest = re.search(r'href="(\S+)">最新的', auditor.page)
    assert newest is not None
    auditor.opens(html.unescape(newest[1]))
    assert "<td>话务员乙</td>" not in auditor.page


def test_the_auditor_sees_the_unit_for_which_somebody_looked(city: City) -> None:
    """Whoever goes to another unit afterwards did not look for that one."""
    handler = Actor("联络员乙", Role.DEPARTMENT, UNIT)
    looked(city.office, handler, "timeline", open_one(city))
    signed_in(city, handler.name, handler.role, "ZD-YBJ")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    finds(auditor, account="联络员乙")
    names = city.office.units.printed
    assert (names[UNIT] in auditor.page, names["ZD-YBJ"] in auditor.page) == (True, False)


def test_a_list_of_what_was_found_tells_what_is_left_and_each_is_recorded(city: City) -> None:
    subject = open_one(city)
    other = city.portal.bad_review(project="P8", mobile="19900000001")  # ends in the same four
    city.drain()
    operator = signed_in(city, "话务员甲", Role.OPERATOR)
    operator.opens("/")
    found = operator.sends("/search", q=subject[-4:]).headers["location"]
    assert operator.opens(found) == 200
    for told in (subject, other, "left left-", "区人社局", "热线，未认领", f"/why/{subject}/"):
        assert told in operator.page, told
    assert "只列出前" not in operator.page
    with city.office.database.read() as conn:
        seen = conn.execute(select(views.c.subject, views.c.what)).all()
    assert {tuple(one) for one in seen} >= {(subject, "number"), (other, "last4")}


def test_the_address_of_what_was_found_is_its_finders_and_holds_no_number(city: City) -> None:
    subject = open_one(city)
    city.portal.bad_review(project="P8", mobile="19900000001")
    city.drain()
    operator = signed_in(city, "话务员甲", Role.OPERATOR)
    operator.opens("/")
    found = operator.sends("/search", q="0001").headers["location"]
    assert "0001" not in found
    other = signed_in(city, "话务员丁", Role.OPERATOR)
    for place in (found, f"{found[:-8]}AAAAAAAA", "/search?of=x", "/search"):
        assert other.opens(place) == 200
        assert subject not in other.page
        assert "没有找到" in other.page
    operator.opens(found)
    assert subject in operator.page


def test_the_auditor_sees_searches_by_a_phone_that_found_nothing(city: City) -> None:
    operator = signed_in(city, "话务员甲", Role.OPERATOR)
    operator.opens("/")
    operator.sends("/search", q="9876")
    operator.sends("/search", q="19900009876")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    finds(auditor, account="话务员甲")
    assert "按电话后四位查，没有找到" in auditor.page
    assert "按号码查，没有找到" in auditor.page
    assert "9876" not in auditor.page


def test_the_auditor_lists_who_was_shown_a_number_when_and_why(city: City) -> None:
    first, second = open_one(city, "verifying"), open_one(city, "verifying")
    for subject, account, reason in (
        (first, "话务员甲", "群众要求回电"),
        (second, "话务员乙", EVIL),
        (second, "话务员甲", "核对来电号码"),
    ):
        city.travel(minutes=1)
        hotline.claim(city.ledger, subject, account=account)
        hotline.reveal_contact(city.ledger, subject, account=account, reason=reason)
        hotline.release(city.ledger, subject, account=account)
    supervisors.reveal_contact(city.ledger, first, account="监督员丙", reason="督办要用")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    auditor.opens("/ops?tab=reveals")
    whole = [auditor.page.index(one) for one in ("督办要用", "核对来电号码", "群众要求回电")]
    assert whole == sorted(whole), "the newest first"
    assert ("4 条" in auditor.page, "<img" in auditor.page) == (True, False)
    assert "19900001234" not in auditor.page
    finds(auditor, tab="reveals", account="话务员甲", subject=second)
    assert ("核对来电号码" in auditor.page, "群众要求回电" in auditor.page) == (True, False)
    told = auditor.client.get(f"/ops/reveals/export?form=csv&subject={first}").text
    rows = [line.split(",") for line in told.lstrip("\ufeff").splitlines()]
    assert rows[0] == ["时间", "账号", "身份", "差评件", "理由"]
    assert [row[1:] for row in rows[1:]] == [
        ["监督员丙", "监督员", first, "督办要用"],
        ["话务员甲", "话务员", first, "群众要求回电"],
    ]
    with city.office.database.read() as conn:
        revealed = (events.c.subject == first) & (events.c.type == "ContactRevealed")
        event = conn.execute(select(func.max(events.c.version)).where(revealed))
        latest = event.scalar_one()
    city.erases(f"{first}-{latest}")
    auditor.opens("/ops?tab=reveals")
    assert ("督办要用" in auditor.page, "（已删除）" in auditor.page) == (False, True)


def test_a_reason_for_a_number_names_no_citizen_in_the_list_or_in_a_file(city: City) -> None:
    subject = open_one(city, "verifying")
    hotline.claim(city.ledger, subject, account="话务员甲")
    typed = (
        "核对199-0000-1234，群众甲身份证11010519491231002X，改打（010）66012345、199转0000转1234"
    )
    hotline.reveal_contact(city.ledger, subject, account="话务员甲", reason=typed)
    told = "核对【隐去】，【隐去】身份证【隐去】，改打【隐去】、【隐去】"
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    auditor.opens("/ops?tab=reveals")
    assert told in auditor.page
    file = auditor.client.get("/ops/reveals/export?form=csv").text
    assert file.splitlines()[1].endswith(told)
    auditor.opens(f"/c/{subject}")
    assert typed in auditor.page, "what was recorded stays as it was"


def test_reveals_are_told_page_by_page_and_to_the_auditor_alone(city: City, it: Browser) -> None:
    subject = open_one(city, "verifying")
    hotline.claim(city.ledger, subject, account="话务员甲")
    for n in range(101):
        hotline.reveal_contact(city.ledger, subject, account="话务员甲", reason=f"第{n}次")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    auditor.opens("/ops?tab=reveals")
    assert ("101 条" in auditor.page, "第100次" in auditor.page) == (True, True)
    assert "第0次" not in auditor.page
    auditor.opens("/ops?tab=reveals&page=2")
    assert ("第0次" in auditor.page, "第1次" in auditor.page) == (True, False)
    it.opens("/ops?tab=reveals")
    assert "第" not in it.page.partition("<main")[2]
    for other in (it, signed_in(city, "监督员丙", Role.SUPERVISOR)):
        assert other.opens("/ops/reveals/export") == 403


def test_an_export_of_looks_that_is_cut_says_so_at_its_end(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(traced, "MOST_EXPORTED", 2)
    subject = open_one(city, "verifying")
    auditor = signed_in(city, "审计员辛", Role.AUDITOR)
    hotline.claim(city.ledger, subject, account="话务员甲")
    for times, rows in ((2, 2), (3, 3)):
        looked(city.office, Actor(f"话务员{times}", Role.OPERATOR), "timeline", *[subject] * times)
        hotline.reveal_contact(city.ledger, subject, account="话务员甲", reason="核对来电")
        finds(auditor, account=f"话务员{times}")
        (place,) = re.findall(r'href="(/ops/looks/export[^"]+form=csv)"', auditor.page)
        told = auditor.client.get(html.unescape(place)).text
        lines = told.splitlines()[1:]
        assert len(lines) == rows
        assert lines[-1].startswith("只列最新的 2 条，更早的没有列入") is (times == 3)
    hotline.reveal_contact(city.ledger, subject, account="话务员甲", reason="核对来电")
    told = auditor.client.get("/ops/reveals/export?form=csv").text.splitlines()
    assert len(told) == 4
    assert told[-1].startswith("只列最新的 2 条")


def test_it_is_told_whose_the_rows_behind_the_counts_are(city: City, it: Browser) -> None:
    city.portal.sends(service("S1"))
    for reader, his in ((it, False), (signed_in(city, "监督员丙", Role.SUPERVISOR), True)):
        for place in ("/collect", "/collect/items"):
            reader.opens(place)
            assert ("只给监督员看" in reader.page) is not his, place
            assert ('href="/collect/rows?' in reader.page) is his, place


def test_it_sees_no_traces_and_others_nothing(city: City, it: Browser) -> None:
    it.opens("/ops?tab=looks")
    assert "谁看过什么" not in it.page
    assert it.opens("/ops/looks/export") == 403
    handler = signed_in(city, "联络员乙", Role.DEPARTMENT, "区人社局")
    for place in ("/ops", "/rules", "/imports", "/connect"):
        assert handler.opens(place) == 403, place


def test_the_rules_say_where_each_value_comes_from(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/rules")
    line = re.search(r'<th scope="row">整改</th>.*?</tr>', supervisor.page, re.DOTALL)
    assert line is not None
    assert "5个工作日" in line[0]
    assert "山东省政务服务热线管理办法" in line[0]
    assert "本办自定" in supervisor.page
    assert "<td>超期时督办（监督员）" in supervisor.page
    assert "<td>“全程”超期时提请终裁（监督员）" in supervisor.page
    supervisor.opens("/rules?tab=reckon&limit=rectify&start=2021-09-17T16:00")
    assert "到期 2021-09-26" in supervisor.page


def test_rules_are_proposed_by_one_and_agreed_to_by_another(city: City) -> None:
    policy = city.office.rulebook.in_force(city.clock())
    asked = {"version": policy.version, "effective_at": "2022-01-01T00:00"}
    administrator = signed_in(city, "管理员壬", Role.ADMINISTRATOR)
    administrator.opens("/rules")
    assert administrator.sends("/rules/policy", **asked).status_code == 303
    administrator.opens("/rules")
    assert "等监督员裁决" in administrator.page
    assert administrator.opens("/decisions") == 403
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/watch")
    assert '<a href="/decisions"><b>1</b> 件等您裁' in supervisor.page
    supervisor.opens("/decisions")
    assert "管理员壬的人" in supervisor.page
    assert supervisor.sends("/decisions/policy/refuse", reason=" ").status_code == 422
    assert supervisor.sends("/decisions/policy/refuse", reason="等新年度").status_code == 303
    for one in (administrator, supervisor):
        one.opens("/rules")
        assert "监督员丙的人 不同意" in one.page
        assert "理由：等新年度" in one.page
    assert supervisor.sends("/rules/policy", **asked).status_code == 303
    assert supervisor.sends("/decisions/policy/refuse", reason="写错了版本").status_code == 303
    supervisor.opens("/rules")
    assert "监督员丙的人 撤回了自己的提请" in supervisor.page
    assert supervisor.page.index("理由：写错了版本") < supervisor.page.index("理由：等新年度")
    assert supervisor.sends("/rules/policy", **asked).status_code == 303
    supervisor.opens("/decisions?kind=policy")
    assert ("同意生效" in supervisor.page, "撤回提请" in supervisor.page) == (False, True)
    assert supervisor.sends("/decisions/policy/agree").status_code == 403
    assert "须由另一位监督员" in supervisor.page
    reviewer = signed_in(city, "复核人辰", Role.REVIEWER)
    reviewer.opens("/decisions")
    assert "规则生效" not in reviewer.page
    assert reviewer.sends("/decisions/policy/agree").status_code == 403
    other = signed_in(city, "监督员巳", Role.SUPERVISOR)
    other.opens("/decisions?kind=policy")
    (seen,) = set(re.findall(r'name="expected_version" value="(\d+)"', other.page))
    told = other.sends("/decisions/policy/agree", expected_version=seen)
    assert told.headers["location"] == "/decisions?did=agreed"
    assert other.sends("/decisions/policy/agree", expected_version=seen).status_code == 422
    other.opens("/decisions?did=agreed")
    assert "规则已定生效时间" in other.page
    assert "没有等您裁决的事" in other.page


def test_what_was_typed_about_a_proposal_is_still_there_after_a_refusal(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    policy = city.office.rulebook.in_force(city.clock())
    later = replace(policy, version="later", effective_from=date(2021, 9, 1))
    monkeypatch.setattr(city.office.rulebook, "policies", Policies([policy, later]))
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/rules")
    past = {"version": "later", "effective_at": "2021-01-01T00:00"}
    assert supervisor.sends("/rules/policy", **past).status_code == 422
    assert '<option value="later" selected>' in supervisor.page
    assert supervisor.page.count(" selected>") == 1
    assert 'name="effective_at" value="2021-01-01T00:00"' in supervisor.page
    late = past | {"effective_at": "2022-01-01T00:00"}
    assert supervisor.sends("/rules/policy", **late).status_code == 303
    supervisor.opens("/decisions")
    given = {"reason": "写错了生效时间", "expected_version": "99"}
    assert supervisor.sends("/decisions/policy/refuse", **given).status_code == 409
    assert 'name="reason" value="写错了生效时间"' in supervisor.page


def test_a_notice_is_tried_and_then_moves_exactly_what_was_shown(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    subject = open_one(city, "dispatched")
    before = city.complaint(subject).limits["rectify"].due_at
    supervisor.opens("/rules?tab=calendar")
    asked = {"title": NOTICE, "year": "2021", "text": "9月23日至24日放假。9月25日上班。"}
    supervisor.sends("/rules/notice", **asked)
    shown = re.findall(
        r"<tr><td>(CP[0-9-]+)</td><td>([^<]+)</td><td>([^<]+)</td><td><b>([^<]+)<", supervisor.page
    )
    assert (subject, "整改") in {one[:2] for one in shown}
    assert city.complaint(subject).limits["rectify"].due_at == before, "nothing is recorded yet"
    hidden = dict(
        re.findall(r'name="(off|working|expected_version)" value="([^"]*)"', supervisor.page)
    )
    assert hidden["off"] == "2021-09-23 2021-09-24"
    assert supervisor.sends("/rules/calendar", **asked, **hidden).status_code == 303
    assert supervisor.sends("/rules/calendar", **asked, **hidden).status_code == 409, "once"
    recompute(city.ledger)
    supervisor.opens(f"/watch/{subject}")
    for _, label, _, after in shown:
        assert re.search(rf"<dt>{label}</dt><dd>{re.escape(after)}", supervisor.page), label
    supervisor.opens("/rules?tab=calendar")
    assert NOTICE in supervisor.page


def test_a_preview_that_moves_more_than_it_lists_says_so(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/rules?tab=calendar")
    asked = {"title": NOTICE, "year": "2021", "text": "9月23日至24日放假。9月25日上班。"}
    for many, told in ((300, False), (301, True)):
        moved = (Moved("CP21-0001", None, "整改", 0, 1),) * many
        seen = Preview((), (), moved, 1, all=True)
        monkeypatch.setattr("console.web.office.rules._preview", lambda *_, seen=seen: seen)
        supervisor.sends("/rules/notice", **asked)
        assert supervisor.page.count("<tr><td>CP21-0001") == 300
        assert ("只列前 300 条，共 301 条" in supervisor.page) is told


OF_2022 = """一、元旦：2022年1月1日至3日放假，共3天。
二、春节：1月31日至2月6日放假调休，共7天。1月29日（星期六）、1月30日（星期日）上班。"""


def previewed(supervisor: Browser, **asked: str) -> dict[str, str]:
    """What the page would send on, once a notice was pasted and looked at."""
    supervisor.opens("/rules?tab=calendar&year=2022")
    assert supervisor.sends("/rules/notice", **asked).status_code == 200, supervisor.told()
    form = supervisor.page.partition('action="/rules/calendar"')[2].partition("</form>")[0]
    fields = re.findall(r'name="(\w+)" value="([^"]*)"', form)
    return {name: html.unescape(value) for name, value in fields if name not in ("csrf", "key")}


def recorded(supervisor: Browser, **asked: str) -> None:
    assert supervisor.sends("/rules/calendar", **previewed(supervisor, **asked)).status_code == 303


def turned(page: str) -> list[tuple[str, str]]:
    """The days of the preview that would turn."""
    shown = page.partition("日历上会变的日子")[2].partition("</ul>")[0]
    return re.findall(r'<span class="day">([^<]+)</span> ([休班]→[休班])', shown)


def works(city: City, day: str) -> bool:
    policy = city.office.rulebook.in_force(city.clock())
    calendar = city.office.rulebook.bound(policy.name, policy.version).calendar
    return calendar.is_working_day(date.fromisoformat(day))


@pytest.mark.parametrize(
    ("title", "text", "told"),
    [
        (NOTICE, "2月7日（星期日）上班", "2月7日写的是星期日，2022年是星期一"),
        (NOTICE, "10月1日至7日放假，共8天", "写的是共8天，所写日期是7天"),
        (NOTICE, "10月25–27日放假，10月26日上班", "10月26日写成上班"),
        (NOTICE, "2021年1月1日至3日放假", "写的是2021年，填的是2022年"),
        ("关于2021年部分节假日安排的通知", "10月1日放假", "通知名称写的是2021年"),
    ],
)
def test_a_wrong_notice_is_refused_with_the_place_and_the_reason(
    city: City, title: str, text: str, told: str
) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/rules?tab=calendar")
    assert supervisor.sends("/rules/notice", title=title, year="2022", text=text).status_code == 422
    assert told in supervisor.told()
    assert "照此记录" not in supervisor.page


@pytest.mark.parametrize("year", ["9" * 5000, "²⁰²²", "1e4", "-1", "0"])
def test_a_year_that_is_none_is_refused_in_words(city: City, year: str) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/rules?tab=calendar")
    asked = {"title": NOTICE, "year": year, "text": "2月7日放假"}
    assert supervisor.sends("/rules/notice", **asked).status_code == 422
    assert supervisor.told()
    assert supervisor.sends("/rules/calendar", **asked).status_code == 422


def test_the_days_a_notice_turns_are_shown_before_it_is_recorded(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    text = "10月1日至7日放假。9月23日放假，9月25日上班。"
    previewed(supervisor, title=NOTICE, year="2021", text=text)
    assert turned(supervisor.page) == [("2021-09-23 周四", "班→休"), ("2021-09-25 周六", "休→班")]
    previewed(supervisor, title=NOTICE, year="2022", text=OF_2022)
    assert turned(supervisor.page) == []
    assert "没有：与现在的日历一样" in supervisor.page


def test_a_later_notice_of_a_year_takes_the_place_of_the_earlier_one(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    wrong = {"title": "录错的通知", "year": "2022", "text": "2月7日至8日放假。2月12日上班。"}
    recorded(supervisor, **wrong)
    assert not works(city, "2022-02-07")
    assert works(city, "2022-02-12")
    right = {"title": "改正的通知", "year": "2022", "text": OF_2022 + "2月8日放假。"}
    previewed(supervisor, **right)
    assert "先前录入的这些通知不再算数" in supervisor.page
    assert "“录错的通知”" in supervisor.page
    assert turned(supervisor.page) == [("2022-02-07 周一", "休→班"), ("2022-02-12 周六", "班→休")]
    recorded(supervisor, **right)
    assert works(city, "2022-02-07"), "as the State Council has it"
    assert not works(city, "2022-02-12")
    assert not works(city, "2022-02-08"), "said by both"
    supervisor.opens("/rules?tab=calendar&year=2022")
    history = supervisor.page.partition("录入过的通知")[2]
    assert re.search("录错的通知 <b>（已由后来的通知替换，不再算数）", history), (
        "it stays in the log"
    )
    assert "改正的通知 <b>" not in history


def test_a_notice_of_single_days_or_of_another_year_replaces_nothing(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    recorded(supervisor, title="一", year="2022", text="2月7日放假")
    recorded(supervisor, title="二", year="2022", text="2月9日放假", only="1")
    recorded(supervisor, title="三", year="2023", text="2月7日放假")
    assert not works(city, "2022-02-07")
    assert not works(city, "2022-02-09")
    recorded(supervisor, title="四", year="2022", text="2月10日放假")
    assert works(city, "2022-02-07")
    assert works(city, "2022-02-09"), "what was added to a year's notice goes with it"
    assert not works(city, "2023-02-07")


def test_single_days_do_not_publish_a_year(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/rules?tab=calendar")
    days = {"title": "临时调整", "year": "2030", "text": "9月9日放假", "only": "1"}
    assert supervisor.sends("/rules/notice", **days).status_code == 422
    assert "还没有录入，不能只调整个别日子" in supervisor.told()


def test_a_notice_of_a_year_that_has_none_is_withdrawn(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    recorded(supervisor, title="看错了年份", year="2030", text="9月9日放假")
    supervisor.opens("/rules?tab=calendar&year=2030")
    assert "2030 年的放假安排还没有录入" not in supervisor.page
    assert "撤下 2030 年录入的" in supervisor.page
    recorded(supervisor, title="撤下：看错了年份", year="2030", withdraw="1")
    assert works(city, "2030-09-09")
    supervisor.opens("/rules?tab=calendar&year=2030")
    assert "2030 年的放假安排还没有录入" in supervisor.page
    assert "撤下先前录入的 2030 年通知" in supervisor.page
    assert "撤下 2030 年录入的" not in supervisor.page


def test_due_times_go_back_when_the_notice_that_moved_them_is_replaced(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    subject = open_one(city, "dispatched")
    before = city.complaint(subject).limits["rectify"].due_at
    recorded(supervisor, title="录错的通知", year="2021", text="9月23日至24日放假。")
    recompute(city.ledger)
    assert city.complaint(subject).limits["rectify"].due_at > before
    recorded(supervisor, title="改正的通知", year="2021", text="10月1日至7日放假调休，共7天。")
    recompute(city.ledger)
    assert city.complaint(subject).limits["rectify"].due_at == before
    assert city.damage() == []


def test_no_link_leads_to_a_year_without_a_page(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    for year, other in ((2004, 2005), (2200, 2199)):
        assert supervisor.opens(f"/rules?tab=calendar&year={year}") == 200
        links = re.findall(r"tab=calendar&amp;year=(\d+)", supervisor.page)
        assert links == [str(other)]
        assert supervisor.opens(f"/rules?tab=calendar&year={other}") == 200
    supervisor.opens("/rules?tab=calendar&year=2200")
    assert 'max="2200" value="2200"' in supervisor.page


def test_every_limit_that_can_be_reckoned_has_its_chinese_name(city: City) -> None:
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/rules?tab=reckon")
    labels = re.findall(r'<option value="[^"]*"[^>]*>([^<]*)</option>', supervisor.page)
    assert "补评期限" in labels
    assert [label for label in labels if label.isascii()] == []


def test_the_administrator_reads_the_rules_and_changes_none(city: City) -> None:
    administrator = signed_in(city, "管理员壬", Role.ADMINISTRATOR)
    assert administrator.opens("/rules?tab=calendar") == 200
    assert "看会怎样" not in administrator.page
    assert administrator.sends("/rules/notice", title="x", year="2021", text="x").status_code == 403


def rows(unit: str, *numbers: str) -> bytes:
    head = "办件编号,服务时间,单位名称,事项名称\n"
    lines = [f"{number},2021-09-16 09:00:00,{unit},社保卡申领\n" for number in numbers]
    return (head + "".join(lines)).encode()


def sent(person: Browser, content: bytes, name: str = "服务.csv") -> str:
    """Uploads the file; where its page is, once it has been tried."""
    person.opens("/imports")
    answer = person.sends("/imports", {"file": (name, content, "text/csv")}, source="bihuan")
    assert answer.status_code == 303, person.told()
    place = str(answer.headers["location"])
    settled(person, place)
    return place


def settled(person: Browser, place: str) -> None:
    deadline = time.monotonic() + 60
    while person.opens(place) == 200 and "正在" in person.page:
        assert time.monotonic() < deadline
        time.sleep(0.02)


def stored(city: City) -> int:
    with city.office.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(services)).scalar_one())


def test_a_file_is_tried_then_taken_in(city: City, it: Browser) -> None:
    place = sent(it, rows("区人社局", "A1", "A2") + rows("没有的局", "A3").partition(b"\n")[2])
    assert "新收 <b>2</b>" in it.page
    assert "拒收 <b>1</b>" in it.page
    assert "没有这个单位" in it.page
    assert stored(city) == 0, "nothing was stored"
    assert it.sends(f"{place}/take").status_code == 303
    settled(it, place)
    assert "导入完成" in it.page
    assert stored(city) == 2
    assert it.sends(f"{place}/take").status_code == 422, "once"
    refused = it.client.get(f"{place}/refused.csv")
    assert "A3" in refused.text
    assert not list((city.office.data / "uploads").glob("*[!d].csv")), "the file itself is gone"
    it.opens("/imports")
    assert "<td>服务.csv</td>" in it.page, "by its own name"
    listed = re.search(r'href="(/imports/refused\?[^"]+)"', it.page)
    assert listed is not None
    it.opens(html.unescape(listed[1]))
    assert "没有这个单位" in it.page


def test_a_file_that_is_none_and_one_that_is_dropped(city: City, it: Browser) -> None:
    it.opens("/imports")
    answer = it.sends("/imports", {"file": ("x.exe", b"MZ", "application/x")}, source="bihuan")
    assert answer.status_code == 422
    place = sent(it, b"\x00\x01\x02 nothing", "x.csv")
    assert "没有做成" in it.page
    place = sent(it, b"\xd0\xcf\x11\xe0 old", "九月.csv")
    assert "旧式 .xls" in it.page
    assert "收到：九月.csv" in it.page
    assert f"{place.rpartition('/')[2]}.csv" not in it.page
    place = sent(it, rows("区人社局", "A1"))
    assert it.sends(f"{place}/drop").status_code == 303
    assert it.opens(place) == 404
    assert stored(city) == 0


def test_no_source_is_chosen_for_anybody_and_the_one_chosen_is_kept(
    city: City, it: Browser
) -> None:
    """A wrong one would take the whole file in wrongly."""

    def chosen() -> list[str]:
        return re.findall(r'<option value="(\w+)" selected>', it.page)

    it.opens("/imports")
    assert re.search(r'name="source" required><option value="">', it.page)
    assert chosen() == []
    file = {"file": ("服务.csv", rows("区人社局", "A1"), "text/csv")}
    assert it.sends("/imports", file).status_code == 422, "none was chosen"
    wrong = {"file": ("x.exe", b"MZ", "application/x")}
    assert it.sends("/imports", wrong, source="shandong").status_code == 422
    assert "只收 CSV 和 XLSX" in it.told()
    assert chosen() == ["shandong"]
    place = str(it.sends("/imports", file, source="zhejiang").headers["location"])
    settled(it, place)
    it.opens(str(it.sends(f"{place}/drop").headers["location"]))
    assert "没有导入，文件已删除" in it.page
    assert chosen() == ["zhejiang"]


def test_an_upload_that_nobody_takes_in_is_deleted_after_a_day(city: City, it: Browser) -> None:
    place = sent(it, rows("区人社局", "A1"))
    young = sent(it, rows("区人社局", "A2"))
    (file,) = (city.office.data / "uploads").glob(f"{place.rpartition('/')[2]}*")
    long_ago = time.time() - 86400 - 60
    os.utime(file, (long_ago, long_ago))
    desks = processes.desks(city.office, processes.Address("127.0.0.1", 0))
    threads = [threading.Thread(target=job.run, daemon=True) for job in desks.jobs]
    for thread in threads:
        thread.start()
    until = time.monotonic() + 60
    while file.exists() and time.monotonic() < until:
        time.sleep(0.02)
    for job in desks.jobs:
        job.stop()
    for thread in threads:
        thread.join()
    assert not file.exists(), "the console has only been started"
    it.opens(place)
    assert it.sends(f"{place}/take").status_code == 422
    assert "已经删除" in it.told()
    it.opens(young)
    assert it.sends(f"{young}/take").status_code == 303


def test_where_an_upload_cannot_be_kept_the_page_says_so(city: City, it: Browser) -> None:
    (city.office.data / "uploads").write_text("no folder")
    it.opens("/imports")
    file = {"file": ("服务.csv", rows("区人社局", "A1"), "text/csv")}
    assert it.sends("/imports", file, source="bihuan").status_code == 422
    assert "写不进去" in it.told()


def test_a_clerk_brings_his_own_units_rows_and_sees_his_own_uploads(
    city: City, it: Browser
) -> None:
    clerk = signed_in(city, "数据员戊", Role.CLERK, "区人社局")
    place = sent(clerk, rows("区人社局", "A1") + rows("区商务局", "A2").partition(b"\n")[2])
    assert "新收 <b>1</b>" in clerk.page
    assert "拒收 <b>1</b>" in clerk.page
    assert "不是本单位的行" in clerk.page
    assert it.opens(place) == 404, "another's upload does not exist"
    assert it.sends(f"{place}/take").status_code == 404
    assert clerk.opens("/imports/refused?of=x") == 403


def test_who_leaves_the_page_of_a_file_finds_it_again_beside_the_form(city: City) -> None:
    """Of two files each keeps its own counts, and the form is there for a third."""
    clerk = signed_in(city, "数据员庚", Role.CLERK, "区人社局")
    places = [sent(clerk, rows("区人社局", *numbers)) for numbers in (("A1", "A2"), ("A2", "B1"))]
    for place in places:
        assert clerk.sends(f"{place}/take").status_code == 303
        settled(clerk, place)
        clerk.opens("/imports")
        assert 'name="file"' in clerk.page
    listed = re.findall(
        r'<li><a href="(/imports/[^"]+)">服务.csv</a> <span[^>]*>已导入<', clerk.page
    )
    assert listed == places[::-1]
    for place, counts in zip(places, ((2, 0), (1, 1)), strict=True):
        clerk.opens(place)
        assert "新收 <b>{}</b>　重复 <b>{}</b>".format(*counts) in clerk.page
    other = signed_in(city, "数据员己", Role.CLERK, "区人社局")
    other.opens("/imports")
    assert "您这一天的文件" not in other.page


def test_who_goes_to_another_unit_takes_in_nothing_for_the_one_before(
    city: City, it: Browser
) -> None:
    """What was tried with the rights of then is not taken in with them."""
    place = sent(it, rows("区人社局", "A1") + rows("区商务局", "A2").partition(b"\n")[2])
    for unit in ("区人社局", "区商务局"):
        change(city.office, person(city.office, "信息科庚", "庚", [Role.CLERK], unit), "管理员")
        assert it.signs_in("信息科庚") == 303
        assert it.opens(place) == 404
        it.opens("/imports")
        assert it.sends(f"{place}/take").status_code == 404
        place = sent(it, rows(unit, "B1"))
    assert stored(city) == 0


def test_one_message_is_read_and_not_stored(city: City, it: Browser) -> None:
    it.opens("/connect")
    message = (
        '{"projectNo":"P1","assessTime":"2021-09-16 09:30:00","satisfaction":"1",'
        '"deptCode":"","proDepart":"区人社局","mobile":"19900001234","userName":"群众甲",'
        '"writingEvaluation":"<b>又让我开证明</b>"}'
    )
    it.sends("/connect/trial", source="bihuan", body=message)
    assert "会收下：一条评价，属 区人社局" in it.page
    assert "1 非常不满意" in it.page
    shown = it.page.partition("读成这样")[2]
    assert "19900001234" not in shown
    assert "群众甲" not in shown
    assert "<b>又让" not in it.page
    it.sends("/connect/trial", source="bihuan", body=message.replace("区人社局", "没有的局"))
    assert "会被拒收" in it.page
    assert it.sends("/connect/trial", source="bihuan", body="[]").status_code == 422
    with city.office.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(ratings)).scalar_one() == 0


def test_durations_are_working_time(city: City) -> None:
    city.portal.sends(service("P0001"))
    subject = open_one(city, "verifying")
    city.travel("2021-09-17T08:30:00+08:00")
    city.hotline.confirms(subject)
    city.drain()
    period = parse_period("2021Q3")
    policy = city.office.rulebook.in_force(city.clock())
    calendar = city.office.rulebook.bound(policy.name, policy.version).calendar
    with city.office.database.read() as conn:
        found = durations(conn, calendar, period, frozenset({subject}))
    verify = next(one for one in found if one.stage == "verify")
    assert (verify.count, verify.middle) == (1, 6 * 60), "16日10:00至12:00，13:30至17:30"


def test_a_form_sent_again_with_something_else_is_told_so_without_a_word_of_keys(
    city: City,
) -> None:
    """A browser's own button may show the old form again."""
    subject = open_one(city)
    operator = signed_in(city, "话务员甲", Role.OPERATOR)
    operator.opens(f"/c/{subject}")
    place, key = f"/c/{subject}/ticket-linked", {"key": "as-it-was"}
    assert operator.sends(place, **key, ticket="12345-1").status_code == 303
    assert operator.sends(place, **key, ticket="12345-2").status_code == 409
    assert operator.told().startswith("这张表刚才已经提交过")
    assert 'value="12345-2"' in operator.page
