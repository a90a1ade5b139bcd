"""The supervisor's desk: counters are rows, figures the reports' own, buttons do what they say."""

from __future__ import annotations

import html
import io
import re
from datetime import date, datetime
from typing import Any

import openpyxl
import pytest
from city import CITIZEN, HANDLER, OPERATOR, SECOND, UNIT, City, rating, service
from console_pages import Browser, signed_up
from sqlalchemy import insert, select
from starlette.datastructures import FormData

import schemas as s
from console.reports.indicators import Question, indicators
from console.reports.periods import parse_period
from console.tables import as_xlsx
from console.web.stepping import text
from console.web.supervisors import board
from console.web.supervisors.collection import urged
from producers.supervisors import urge
from schemas.envelope import Role
from workflow.bus import parking
from workflow.ledger import Actor
from workflow.record import record_of
from workflow.storage.models import events, outbox, refused, views
from workflow.unit_files import of_table
from workflow.units import seed

EVIL = "<img src=x onerror=alert(1)>'\"</script>"


def signed_in(city: City, account: str, role: Role, unit: str | None = None) -> Browser:
    person = Browser(city)
    signed_up(city.office, account, role, unit=unit)
    assert person.signs_in(account) == 303
    return person


@pytest.fixture
def supervisor(city: City) -> Browser:
    return signed_in(city, "监督员丙", Role.SUPERVISOR)


def later(city: City, person: Browser, when: str) -> None:
    """Time passes, longer than a session lasts."""
    city.travel(f"2021-{when}+08:00")
    assert person.signs_in("监督员丙") == 303


def open_one(city: City, to: str = "rectifying", **values: Any) -> str:
    """A complaint that has come this far."""
    subject = city.portal.bad_review(**values)
    city.hotline.receives(subject)
    if to == "verifying":
        return subject
    city.hotline.confirms(subject)
    if to == "assigning":
        return subject
    city.hotline.assigns(subject)
    if to == "dispatched":
        return subject
    city.department.acknowledges(subject)
    if to == "extension":
        city.step(subject, s.ExtensionRequested, HANDLER, working_days=3, reason=EVIL)
    if to == "appealed":
        city.step(subject, s.AppealLodged, HANDLER, reason="窗口没有错")
    return subject


def at(when: str) -> datetime:
    return datetime.fromisoformat(f"2021-{when}+08:00")


def counters(page: str) -> dict[str, int]:
    """What the tabs say, by the filter they lead to."""
    found = re.findall(r'<a href="(/[^"]*)"[^>]*>[^<]*<span class="count[^"]*">(\d+)</span>', page)
    return {html.unescape(place): int(count) for place, count in found}


def rows(page: str) -> list[str]:
    """The numbers of the complaints in the list, in its order."""
    return re.findall(r'<td class="nowrap"><a href="/(?:watch|decisions)/(CP[0-9-]+)', page)


def test_every_counter_is_its_rows(city: City, supervisor: Browser) -> None:
    late = open_one(city)
    city.step(late, s.RetaliationReported, CITIZEN, words="有人上门问是谁评的")
    later(city, supervisor, "09-27T09:00:00")
    for stage in ("verifying", "assigning", "dispatched", "extension", "appealed"):
        open_one(city, stage)
    assert supervisor.opens("/watch") == 200
    told = {k: n for k, n in counters(supervisor.page).items() if k.startswith("/watch")}
    assert told["/watch"] == 6
    assert told["/watch?show=red"] == 1
    assert told["/watch?show=retaliation"] == 1
    assert rows(supervisor.page)[0] == late, "the most pressing first"
    for place, count in told.items():
        supervisor.opens(place)
        assert len(rows(supervisor.page)) == count, place


def test_a_report_of_retaliation_is_found_also_after_its_complaint_has_ended(
    city: City, supervisor: Browser
) -> None:
    supervisor.opens("/watch")
    assert re.search(r'href="/ops\?tab=retaliation">群众反映 <b>0</b>', supervisor.page)
    supervisor.opens("/ops?tab=retaliation")
    assert "没有群众反映打击报复" in supervisor.page
    ended, running = open_one(city, "verifying"), open_one(city)
    city.hotline.dismisses(ended)
    for subject in (ended, running):
        city.step(subject, s.RetaliationReported, CITIZEN, words="有人上门问是谁评的")
    supervisor.opens("/watch?show=retaliation")
    assert rows(supervisor.page) == [running]
    assert re.search(r'href="/ops\?tab=retaliation">群众反映 <b>2</b>', supervisor.page)
    for reader in (supervisor, signed_in(city, "审计员辛", Role.AUDITOR)):
        reader.opens("/ops?tab=retaliation")
        listed = set(re.findall(r'href="/c/(CP[0-9-]+)"', reader.page))
        assert listed == {ended, running}
        assert "已了结" in reader.page
        assert {reader.opens(f"/c/{subject}") for subject in listed} == {200}
    it = signed_in(city, "信息科", Role.IT)
    it.opens("/ops?tab=retaliation")
    assert "打击报复" not in it.page


def test_a_work_order_is_in_the_hands_of_the_units_contact_person(
    city: City, supervisor: Browser
) -> None:
    waits, with_hotline = open_one(city, "dispatched"), open_one(city, "verifying")
    supervisor.opens(f"/watch/{waits}")
    assert "<dt>单位联络员</dt><dd>没有能登录的</dd>" in supervisor.page
    supervisor.opens("/watch")
    assert "<td>区人社局</td>" in supervisor.page
    for account in ("联络员乙", "联络员戊"):
        signed_up(city.office, account, Role.DEPARTMENT, unit=UNIT)
        supervisor.opens("/watch")
    assert "<td>区人社局 联络员乙的人等2人</td>" in supervisor.page
    assert supervisor.page.count("联络员乙") == 1, "the hotline's is not the unit's"
    supervisor.opens(f"/watch/{waits}")
    assert "<dt>单位联络员</dt><dd>联络员乙的人等2人</dd>" in supervisor.page
    supervisor.opens(f"/watch/{with_hotline}")
    assert "单位联络员" not in supervisor.page


def test_the_quarters_before_are_a_click_away(supervisor: Browser) -> None:
    supervisor.opens("/watch")
    listed = re.findall(r'<a href="/figures/(\w+)">(\d+年第.季度)的指标</a>', supervisor.page)
    assert [label for label, _ in listed] == ["2021Q3", "2021Q2", "2021Q1", "2020Q4", "2020Q3"]
    assert listed[3][1] == "2020年第四季度"
    assert supervisor.opens("/figures/2020Q4") == 200


def test_above_fifty_the_board_is_a_matrix_whose_numbers_are_rows(
    city: City, supervisor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_one(city)
    open_one(city, "verifying")
    supervisor.opens("/watch")
    assert "单位 × 到期日" not in supervisor.page
    monkeypatch.setattr(board, "MATRIX_FROM", 2)
    supervisor.opens("/watch")
    cells = re.findall(r'class="cell[^"]*" href="([^"]+)">(\d+)<', supervisor.page)
    sums = re.findall(r'<td class="number"><b><a href="([^"]+)">(\d+)<', supervisor.page)
    for counted in (cells, sums):
        assert sum(int(count) for _, count in counted) == 2
    cells += sums
    for place, count in cells:
        supervisor.opens(html.unescape(place))
        assert len(rows(supervisor.page)) == int(count), place


def test_a_row_says_how_often_nobody_answered_and_that_the_unit_has_acknowledged(
    city: City, supervisor: Browser
) -> None:
    called, at_work = open_one(city, "verifying"), open_one(city)
    city.hotline.calls(called, "no_answer")
    supervisor.opens("/watch")
    told = {row[:9]: row for row in supervisor.page.split('<td class="nowrap"><a href="/watch/')}
    assert "热线，未认领，1次未接通" in told[called]
    assert "签收✓" in told[at_work]
    city.hotline.calls(called)
    supervisor.opens("/watch")
    assert "未接通" not in supervisor.page, "somebody answered"


def row_of(page: str, subject: str) -> str:
    """The row of the board as it stands there."""
    (found,) = [row for row in page.split("<tr>") if f'<a href="/watch/{subject}?' in row]
    return found


def test_a_decision_that_is_awaited_is_offered_in_the_row_however_near_the_limit_beside_it(
    city: City, supervisor: Browser
) -> None:
    asking = open_one(city)
    later(city, supervisor, "09-23T10:00:00")
    city.step(asking, s.ExtensionRequested, HANDLER, working_days=3, reason="还差一个部门")
    doubted = open_one(city, "verifying")
    city.step(doubted, s.MaliceAlleged, OPERATOR, reason="一天评了三百条")
    city.drain()
    supervisor.opens("/watch")
    row = row_of(supervisor.page, asking)
    assert "<td>我</td>" in row
    assert re.findall(r"act=(\w+)&amp;[^>]*hx-get", row)[:2] == [
        "ExtensionGranted",
        "ExtensionRefused",
    ]
    row = row_of(supervisor.page, doubted)
    assert "恶意复核" in row
    assert "<td>复核人</td>" in row
    assert "act=MaliceUpheld" in row
    assert "act=MaliceRejected" in row


def test_the_board_has_pages(
    city: City, supervisor: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(board, "PER_PAGE", 2)
    all_of_them = [open_one(city, "verifying") for _ in range(3)]
    seen = []
    for number in (1, 2):
        supervisor.opens(f"/watch?page={number}")
        seen += rows(supervisor.page)
    assert seen == all_of_them


def test_the_line_of_figures_is_the_reports_own(city: City, supervisor: Browser) -> None:
    open_one(city)
    later(city, supervisor, "09-27T09:00:00")
    city.drain()
    ask = Question(parse_period("2021Q3"), "部门", "张店区", city.clock())
    with city.office.database.read() as conn:
        found = indicators(conn, city.office.units, city.office.rulebook.policies, ask)
    supervisor.opens("/watch")
    for name in ("verify", "rectify", "callback", "satisfied_first"):
        rate = found.figure(name).rate
        shown = re.search(
            rf'#{name}"><span>[^<]+</span> <b>([^<]+)</b> <small>(\d+/\d+)', supervisor.page
        )
        assert shown is not None, name
        assert shown.groups() == (rate.percent(), str(rate))


def act(browser: Browser, subject: str, event: str, place: str = "watch", **given: str) -> Any:
    """Opens the form of a step and sends it as the page has it."""
    browser.opens(f"/{place}/{subject}")
    version = re.search(r'name="expected_version" value="(\d+)"', browser.page)
    if version is None:
        browser.opens(f"/{place}/{subject}?act={event}")
        version = re.search(r'name="expected_version" value="(\d+)"', browser.page)
    hidden = {"expected_version": version[1]} if version else {}
    key = re.search(r'name="key" value="([^"]+)"', browser.page)
    hidden |= {"key": key[1]} if key else {}
    return browser.sends(f"/{place}/{subject}/{event}", **(hidden | given))


def test_pressing_from_the_row(city: City, supervisor: Browser) -> None:
    subject = open_one(city)
    answer = act(supervisor, subject, "SupervisionOrdered", limit="rectify", note=EVIL)
    assert answer.status_code == 303
    assert city.complaint(subject).supervised == 1
    supervisor.opens(answer.headers["location"])
    assert "已督办" in supervisor.page
    assert "督办" in supervisor.page[supervisor.page.index("<tbody>") :]
    assert act(supervisor, subject, "Reminded").status_code == 303
    supervisor.opens(f"/watch/{subject}")
    assert "<img" not in supervisor.page, "what was typed stays text"
    assert html.escape(EVIL, quote=False).split("'")[0] in supervisor.page


def test_a_double_click_presses_once_and_a_stale_page_is_refused_kindly(
    city: City, supervisor: Browser
) -> None:
    subject = open_one(city)
    supervisor.opens(f"/watch/{subject}?act=Reminded")
    hidden = dict(re.findall(r'name="(key|expected_version)" value="([^"]+)"', supervisor.page))
    for _ in range(2):
        answer = supervisor.sends(f"/watch/{subject}/Reminded", **hidden)
        assert answer.status_code == 303
    assert city.timeline(subject).count("Reminded") == 1
    stale = hidden | {"key": "another"}
    supervisor.opens(f"/watch/{subject}?act=Reminded")
    answer = supervisor.sends(f"/watch/{subject}/Reminded", note="请尽快", **stale)
    assert answer.status_code == 409
    assert "刚刚变动过" in supervisor.told()
    assert "请尽快" in supervisor.page, "what was typed is still there"


def test_another_unit_and_another_operator_from_the_row(city: City, supervisor: Browser) -> None:
    subject = open_one(city, "dispatched")
    supervisor.opens(f"/watch/{subject}?act=DepartmentAssigned")
    offered = supervisor.page.partition("<datalist")[2].partition("</datalist>")[0]
    assert "<option" in offered
    assert f'"{UNIT}"' not in offered, "it holds the order already"
    answer = act(supervisor, subject, "DepartmentAssigned", unit="区商务局")
    assert answer.status_code == 303
    assert city.complaint(subject).unit != UNIT
    claimed = open_one(city, "verifying")
    city.step(claimed, s.ComplaintClaimed, SECOND)
    assert act(supervisor, claimed, "ComplaintReleased", reason="handed_over").status_code == 303
    assert city.complaint(claimed).claimer is None


def test_an_extension_is_granted_for_as_long_as_the_page_said(
    city: City, supervisor: Browser
) -> None:
    subject = open_one(city, "extension")
    before = city.complaint(subject).limits["rectify"].due_at
    supervisor.opens("/decisions")
    assert rows(supervisor.page) == [subject]
    supervisor.opens(f"/decisions/{subject}")
    assert "<img" not in supervisor.page
    offered = dict(
        re.findall(r'<option value="(\d+)"[^>]*>\d+ 个工作日，到 ([^<]+)<', supervisor.page)
    )
    assert list(offered) == ["3", "2", "1"]
    assert (
        act(supervisor, subject, "ExtensionGranted", "decisions", working_days="2").status_code
        == 303
    )
    c = city.complaint(subject)
    assert c.limits["rectify"].due_at > before
    assert c.extension_days == 2
    supervisor.opens(f"/watch/{subject}")
    assert offered["2"] in supervisor.page
    supervisor.opens("/decisions")
    assert rows(supervisor.page) == []


def test_a_refusal_wants_its_reason(city: City, supervisor: Browser) -> None:
    subject = open_one(city, "extension")
    answer = act(supervisor, subject, "ExtensionRefused", "decisions", reason="")
    assert answer.status_code == 422
    assert "理由" in supervisor.told()
    assert (
        act(supervisor, subject, "ExtensionRefused", "decisions", reason="不复杂").status_code
        == 303
    )
    assert city.complaint(subject).extension_asked == 0


def test_the_last_return_is_the_supervisors(city: City, supervisor: Browser) -> None:
    subject = open_one(city, "dispatched")
    for again in range(2):
        city.step(subject, s.WorkOrderReturned, HANDLER, reason="不归我", legal_basis="三定")
        supervisor.opens("/decisions")
        assert rows(supervisor.page) == ([subject] if again else [])
        if not again:
            city.step(subject, s.ReturnAccepted, SECOND)
            city.hotline.assigns(subject)
    assert act(supervisor, subject, "ReturnRefused", "decisions", reason="归你").status_code == 303
    assert city.state(subject) == "整改中"


def test_a_final_ruling(city: City, supervisor: Browser) -> None:
    subject = open_one(city)
    assert act(supervisor, subject, "RulingCalled", note="久拖不决").status_code == 303
    supervisor.opens("/decisions")
    assert rows(supervisor.page) == [subject]
    wrong = act(
        supervisor, subject, "RulingGiven", "decisions", decision="dismiss", reason="不成立"
    )
    assert wrong.status_code == 409
    assert "结论" in supervisor.told()
    given = {"decision": "dismiss", "verdict": "invalid:misoperation", "reason": "按错了"}
    assert act(supervisor, subject, "RulingGiven", "decisions", **given).status_code == 303
    c = city.complaint(subject)
    assert (c.verdict, c.ground) == ("invalid", "misoperation")


def test_what_was_written_as_a_sentence_ends_once(city: City, supervisor: Browser) -> None:
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    city.department.submits(subject, measures="已整改。")
    for place in (f"/watch/{subject}", f"/decisions/{subject}", f"/c/{subject}"):
        assert supervisor.opens(place) == 200
        assert "措施：已整改；" in supervisor.page, place


def test_the_reviewer_decides_appeals_and_malice_and_never_his_own(city: City) -> None:
    reviewer = signed_in(city, "复核人己", Role.REVIEWER)
    appealed, asked = open_one(city, "appealed"), open_one(city, "extension")
    reviewer.opens("/decisions")
    assert rows(reviewer.page) == [appealed]
    assert "ExtensionGranted" not in reviewer.page
    assert reviewer.opens("/watch") == 403
    assert (
        act(reviewer, asked, "ExtensionGranted", "decisions", working_days="1").status_code == 403
    )
    assert (
        act(reviewer, appealed, "AppealRejected", "decisions", reason="核实无误").status_code == 303
    )
    assert city.state(appealed) == "整改中"


def test_the_verifier_is_told_that_another_reviews(city: City) -> None:
    both = Browser(city)
    signed_up(city.office, "甲", Role.REVIEWER, Role.OPERATOR)
    both.signs_in("甲")
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    city.hotline.confirms(subject, by=city_actor("甲"))
    city.hotline.assigns(subject)
    city.step(subject, s.AppealLodged, HANDLER, reason="没有错")
    both.opens("/")
    both.sends("/as", role="reviewer")
    both.opens(f"/decisions/{subject}")
    assert "须由另一位复核人复核" in both.page
    assert "AppealUpheld" not in both.page
    answer = act(both, subject, "AppealUpheld", "decisions", verdict="unverifiable", reason="x")
    assert answer.status_code == 409


def city_actor(name: str) -> Actor:
    return Actor(name, Role.OPERATOR)


def test_looking_is_recorded(city: City, supervisor: Browser) -> None:
    subject = open_one(city)
    supervisor.opens(f"/watch/{subject}")
    query = select(views.c.actor, views.c.role).where(views.c.subject == subject)
    with city.office.database.read() as conn:
        assert [tuple(row) for row in conn.execute(query)] == [("监督员丙", "supervisor")]
    assert supervisor.opens("/watch/CP21-9999") == 404


def test_what_is_stuck_stands_on_the_board(city: City, supervisor: Browser) -> None:
    subject = open_one(city)
    with city.office.database.write() as conn:
        row = conn.execute(select(events).where(events.c.subject == subject)).first()
        parking.park(conn, "notifications", record_of(row), "parked", EVIL, 5, city.clock())
    supervisor.opens("/watch")
    assert "发出通知没有做成" in supervisor.page
    assert "<img" not in supervisor.page


def test_nobody_else_opens_the_supervisors_pages(city: City) -> None:
    for account, role, unit in (
        ("话务员甲", Role.OPERATOR, None),
        ("联络员乙", Role.DEPARTMENT, "区人社局"),
        ("管理员壬", Role.ADMINISTRATOR, None),
        ("审计员辛", Role.AUDITOR, None),
    ):
        person = signed_in(city, account, role, unit)
        for place in (
            "/watch",
            "/decisions",
            "/collect",
            "/watch/rows",
            "/collect/refused",
            "/collect/rows",
        ):
            assert person.opens(place) == 403, (account, place)
    assert person.opens("/figures/2021Q3") == 403


def test_collection_by_unit_and_month(city: City, supervisor: Browser) -> None:
    city.portal.sends(service("S1"), service("S2", taskName="从没人评的事"))
    open_one(city, "verifying", project="S1")
    later(city, supervisor, "09-24T09:00:00")
    supervisor.opens("/collect")
    line = re.search(r'<th scope="row">区人社局.*?</tr>', supervisor.page, re.DOTALL)
    assert line is not None
    cells = re.findall(r'<td class="number[^"]*">(.+?)</td>', line[0])
    numbers = [re.sub("<.*?>", "", cell) for cell in cells]
    assert numbers == ["0", "0", "0", "0", "0", "0", "2", "1", "1", "100% 1/1"]
    assert "断 4 个工作日" in line[0], "17日、18日（调休上班）、22日、23日；中秋放假的不算"
    told = counters(supervisor.page)
    for place, count in told.items():
        if place.startswith("/collect?"):
            supervisor.opens(place)
            assert supervisor.page.count('<th scope="row">') == count
    supervisor.opens("/collect/items")
    assert "从没人评的事" in supervisor.page
    opened = re.findall(r'<a href="(/collect/rows\?[^"]+)">(\d+)</a>', supervisor.page)
    assert [int(number) for _, number in opened] == [1, 1, 1], "办件；渠道的评价、差评"
    for place, number in opened:
        supervisor.opens(html.unescape(place))
        assert supervisor.page.count("<tr><td") == int(number), place
    for cell, number in zip(cells[6:9], numbers[6:9], strict=True):
        (place,) = re.findall(r'href="(/collect/rows\?[^"]+)"', cell)
        supervisor.opens(html.unescape(place))
        assert f"· {number} 条" in supervisor.page
        assert supervisor.page.count("<tr><td") == int(number)
    supervisor.opens("/collect/rows")
    assert "没有这样的行" in supervisor.page


def test_an_item_was_rated_if_one_of_its_services_was_however_the_rating_names_it(
    city: City, supervisor: Browser
) -> None:
    named = {"S1": "不动产登记", "S2": "居住证", "S3": "公积金提取"}
    city.portal.sends(*(service(project, taskName=item) for project, item in named.items()))
    city.portal.sends(rating("S1", taskName=None), rating("S2", taskName="居住证申领"))
    later(city, supervisor, "09-24T09:00:00")
    supervisor.opens("/collect/items")
    assert [item for item in named.values() if f"<td>{item}</td>" in supervisor.page] == [
        "公积金提取"
    ]


def test_who_falls_silent_is_counted_in_every_area_and_on_every_tier(
    city: City, supervisor: Browser
) -> None:
    units = city.office.units
    town = next(u for u in units.units if u.tier != "部门" and u.area != "张店区")
    listed = [[u.code, u.name, u.area, u.tier] for u in units.units]
    listed.append(["ZC-JYJ", "周村区教育局", "周村区", "部门"])
    with city.office.database.write() as conn:
        heading = ["代码", "名称", "区县", "层级"]
        seed(conn, of_table(heading, list(enumerate(listed, start=2)), "v2"))
    for number, unit in enumerate(("区人社局", "周村区教育局", town.name)):
        area = "张店区" if not number else "周村区" if number == 1 else town.area
        city.portal.sends(rating(f"T{number}", proDepart=unit, areaName=area))
    city.drain()
    later(city, supervisor, "09-24T09:00:00")
    supervisor.opens("/watch")
    place = re.search(r'<a href="(/collect[^"]*)">断报 <b>3</b> 家', supervisor.page)
    assert place is not None
    supervisor.opens(html.unescape(place[1]))
    listed_names = re.findall(r'<th scope="row">(\S+)', supervisor.page)
    assert listed_names == ["区人社局", town.name, "周村区教育局"]
    supervisor.opens("/watch")
    zero = re.search(r'<a href="(/collect[^"]*)">零评价 <b>(\d+)</b> 家', supervisor.page)
    assert zero is not None
    supervisor.opens(html.unescape(zero[1]))
    assert supervisor.page.count('<th scope="row">') == int(zero[2])
    supervisor.opens("/collect?show=silent")
    assert "周村区教育局" in supervisor.page, "unasked, the departments of all areas"


def test_ratings_of_nobody_knows_whom_are_shown(city: City, supervisor: Browser) -> None:
    city.portal.sends(rating("S9", 5, proDepart=None, deptCode=None))
    later(city, supervisor, "09-24T09:00:00")
    for place in ("/collect", "/watch"):
        supervisor.opens(place)
        assert '<a href="/collect/rows"><b>1</b> 条评价不知是哪个单位的</a>' in supervisor.page
    supervisor.opens("/collect/rows")
    assert "S9" in supervisor.page
    assert "非常满意" in supervisor.page


def test_a_unit_is_urged_once_a_day(city: City, supervisor: Browser) -> None:
    supervisor.opens("/collect?show=zero")
    folded = re.findall(r"<details.*?</details>", supervisor.page, re.DOTALL)
    urging = [one for one in folded if f'name="unit" value="{UNIT}"' in one]
    assert len(urging) == 1, "one slip in a column of them sends nothing"
    assert "发出后不能撤回" in urging[0]
    for _ in range(2):
        answer = supervisor.sends("/collect/urge", unit=UNIT)
        assert answer.status_code == 303
    with city.office.database.read() as conn:
        sent = conn.execute(select(outbox)).all()
    assert [(row.recipient, row.status) for row in sent] == [(f"unit:{UNIT}", "shown")]
    assert "监督员丙" in sent[0].body
    supervisor.opens(answer.headers["location"])
    assert "今天已催" in supervisor.page
    assert supervisor.sends("/collect/urge", unit="nobody").status_code == 422


def test_a_unit_s_code_may_hold_what_addresses_are_made_of(city: City, supervisor: Browser) -> None:
    code = "370303/01&2%+?#=" + "长" * 90
    row = [code, "区试点局", "张店区", "部门"]
    others = [[u.code, u.name, u.area, u.tier] for u in city.office.units.units]
    listed = list(enumerate([*others, row], start=2))
    with city.office.database.write() as conn:
        seed(conn, of_table(["代码", "名称", "区县", "层级"], listed, "v2"))
    supervisor.opens("/collect")
    answer = supervisor.sends("/collect/urge", unit=code)
    assert supervisor.opens(answer.headers["location"]) == 200
    assert "已催报 区试点局" in supervisor.page
    assert "今天已催" in supervisor.page
    subject = open_one(city, "assigning")
    city.hotline.assigns(subject, unit=code)
    supervisor.opens(board.Ask(unit=code).address())
    assert rows(supervisor.page) == [subject]
    handler = signed_in(city, "经办乙", Role.DEPARTMENT, code)
    place = f"/orders/{city.complaint(subject).order}"
    assert handler.opens(place) == 200
    handler.sends(f"{place}/acknowledge", version=str(city.complaint(subject).version), key="1")
    assert city.state(subject) == "整改中"


def test_a_whole_province_s_units_are_looked_up_at_once(city: City) -> None:
    day, codes = date(2021, 9, 16), [UNIT, *(f"3703{n:05}" for n in range(10_000))]
    urge(city.ledger, UNIT, account="监督员丙", why="没有收到贵单位的评价")
    with city.office.database.read() as conn:
        assert urged(conn, codes, day) == {UNIT: "2021-09-16"}


def test_refused_rows_keep_their_values_masked_and_are_text(
    city: City, supervisor: Browser
) -> None:
    row = {"source": "bihuan", "batch": 1, "row": 7, "field": "mobile", "value": "138****1234"}
    with city.office.database.write() as conn:
        conn.execute(insert(refused), row | {"reason": EVIL, "received_at": city.clock()})
    supervisor.opens("/collect")
    assert "全部 1 行" in supervisor.page
    assert "手机号（mobile）：" in supervisor.page
    assert "闭环自有表格" in supervisor.page
    place = re.search(r'href="(/collect/refused\?[^"]+)"', supervisor.page)
    assert place is not None
    supervisor.opens(html.unescape(place[1]))
    assert "138****1234" in supervisor.page
    assert "<td>闭环自有表格</td>" in supervisor.page
    assert "<td>手机号（mobile）</td>" in supervisor.page
    assert "<img" not in supervisor.page


def test_an_export_has_no_formula(city: City, supervisor: Browser) -> None:
    answer = supervisor.client.get("/collect/export?form=csv")
    assert answer.status_code == 200
    assert answer.content.startswith(b"\xef\xbb\xbf")
    assert "区人社局" in answer.text
    assert supervisor.client.get("/figures/2021Q3/export").content.startswith(b"PK")


def sheet_of(browser: Browser, place: str) -> list[list[Any]]:
    """The rows of an exported sheet, as a spreadsheet has them."""
    answer = browser.client.get(place)
    assert answer.status_code == 200
    page = openpyxl.load_workbook(io.BytesIO(answer.content)).active
    assert page is not None
    return [[cell.value for cell in row] for row in page.iter_rows()]


def test_what_is_counted_is_a_number_in_a_sheet_and_what_is_named_a_text(
    city: City, supervisor: Browser
) -> None:
    city.portal.sends(service("G1"), rating("G1"), rating("G2"))
    city.drain()
    head, *rows = sheet_of(supervisor, "/collect/export?period=2021-09&form=xlsx")
    own = next(row for row in rows if row[1] == "区人社局")
    told = dict(zip(head, own, strict=True))
    assert (told["2021-09 办件A"], told["2021-09 评价M"]) == (1, 2)
    assert isinstance(told["单位代码"], str)
    for row in rows:
        counts = dict(zip(head, row, strict=True))
        assert all(isinstance(counts[f"2021-09 {n}"], int) for n in ("办件A", "评价M", "现场主动P"))
        assert counts["距今工作日"] == "" or isinstance(counts["距今工作日"], int)
    head, *rows = sheet_of(supervisor, "/figures/2021Q3/export")
    *rows, last = rows
    assert all(isinstance(row[place], int) for row in rows for place in (2, 3))
    assert all(isinstance(row[0], str) and isinstance(row[1], str) for row in rows)
    assert last[0] == "统计时刻"


def test_a_sheet_has_no_formula_and_keeps_the_noughts_of_a_code() -> None:
    content = as_xlsx([["代码", "数"], ["00123", 7], ["=1+1", 0], ["19900001234", -3]])
    page = openpyxl.load_workbook(io.BytesIO(content)).active
    assert page is not None
    cells = [[(cell.value, cell.data_type) for cell in row] for row in page.iter_rows(min_row=2)]
    assert cells == [
        [("00123", "s"), (7, "n")],
        [("=1+1", "s"), (0, "n")],
        [("19900001234", "s"), (-3, "n")],
    ]


def test_the_figures_page_says_what_it_leaves_out(city: City, supervisor: Browser) -> None:
    told = "未计入：本期单位待定（或不在现行名册）的评价 1 条，其中差评 1 条，有效差评 0 件。"
    city.portal.bad_review(proDepart="", areaName="")
    city.drain()
    later(city, supervisor, "09-27T09:00:00")
    supervisor.opens("/figures/2021Q3")
    assert told in supervisor.page
    supervisor.opens("/figures/2021Q2")
    assert "未计入" not in supervisor.page


def test_the_figures_rows_add_up_to_the_figures(city: City, supervisor: Browser) -> None:
    open_one(city)
    done = open_one(city)
    city.department.submits(done)
    city.citizen.rates(done, 5)
    later(city, supervisor, "09-27T09:00:00")
    city.drain()
    supervisor.opens("/figures/2021Q3")
    shown = dict(
        re.findall(
            r'<tr id="(\w+)">.*?<td class="number">(?:<a[^>]*>)?([\d,]+/[\d,]+)<',
            supervisor.page,
            re.DOTALL,
        )
    )
    assert shown["rectify"] == "1/2"
    for formula in ("verify", "acknowledge", "callback", "rectified", "rectify", "satisfied_first"):
        supervisor.opens(f"/figures/2021Q3/{formula}")
        total = re.search(r"合计 <b>([\d/]+)</b>", supervisor.page)
        assert total is not None
        assert total[1] == shown[formula], formula
        assert supervisor.page.count("<td><a href") <= int(total[1].partition("/")[2])
    assert supervisor.opens("/figures/2021Q9") == 422
    assert supervisor.opens("/figures/2021Q3/nothing") == 404


def numbers(page: str) -> set[tuple[str, str]]:
    """Each number of the page that opens something, and what it opens."""
    found = re.findall(r'<a href="(/(?:figures|collect)[/?][^"]+)">([\d,/]+)</a>', page)
    return {(html.unescape(place), told.replace(",", "")) for place, told in found}


def rows_told(page: str) -> set[str]:
    """What a page of rows says that they come to."""
    parts = re.findall(
        r"合计 <b>([\d/]+)</b>|差评 (\d+) 件，误操作 (\d+) 件|· (\d+) (?:件次|条)", page
    )
    whole = {told for part in parts for told in part if told}
    counted = re.findall(r'<td class="number[^"]*"><a href="/collect/rows[^"]*">(\d+)</a>', page)
    summed = {str(sum(map(int, counted[n::2]))) for n in (0, 1)}
    return whole | {one for told in whole for one in told.split("/")} | summed


def test_every_number_of_the_figures_page_opens_its_rows(city: City, supervisor: Browser) -> None:
    done = open_one(city)
    city.department.submits(done)
    city.citizen.rates(done, 5)
    wrong = open_one(city, "verifying", proDepart="张店医保分局", winName="5号窗口")
    city.hotline.dismisses(wrong)
    open_one(city)
    later(city, supervisor, "09-27T09:00:00")
    city.drain()
    supervisor.opens("/figures/2021Q3")
    bare = r'<(?:td class="number"|b|small[^>]*)>([1-9][\d,]*(?:/\d+)?)</'
    assert not re.findall(bare, supervisor.page), "a number that opens nothing"
    opened = numbers(supervisor.page)
    assert len(opened) > 20
    for place, told in opened:
        assert supervisor.opens(place) == 200, place
        if "/" not in told or not supervisor.page.count("归集监测 · 闭环"):
            assert told in rows_told(supervisor.page), (place, told)


def test_a_count_beside_a_rate_opens_its_rows(city: City, supervisor: Browser) -> None:
    open_one(city)
    late = open_one(city)
    undecided = open_one(city, "verifying")
    later(city, supervisor, "10-14T09:00:00")
    city.department.submits(late)
    city.drain()
    supervisor.opens("/figures/2021Q3")
    found = re.findall(r'<a href="([^"]+beside=[^"]+)">(\S+) (\d+)</a>', supervisor.page)
    told = {name: int(count) for _, name, count in found}
    assert told == {"尚无结论": 1, "逾期提交": 1, "逾期未结": 1}
    for place, name, count in found:
        assert supervisor.opens(html.unescape(place)) == 200
        assert supervisor.page.count("<td><a href") == int(count), name
        assert (late in supervisor.page) is (name == "逾期提交")
        assert (undecided in supervisor.page) is (name == "尚无结论")
    supervisor.opens("/figures/2021Q3/rectify?beside=没有这个数")
    assert "没有这样的件" in supervisor.page


def test_rows_of_the_figures_are_the_supervisors(city: City) -> None:
    for role, unit in ((Role.DEPARTMENT, "区人社局"), (Role.OPERATOR, None)):
        person = signed_in(city, f"{role}甲", role, unit)
        for place in ("took/verify", "at/window?name=3号窗口"):
            assert person.opens(f"/figures/2021Q3/{place}") == 403
    supervisor = signed_in(city, "监督员丁", Role.SUPERVISOR)
    assert supervisor.opens("/figures/2021Q3/took/nothing") == 404
    assert supervisor.opens("/figures/2021Q3/rectify?unit=ZD-NONE") == 200


def test_a_service_rated_badly_again_counts_as_often_in_the_rows_as_in_the_figure(
    city: City, supervisor: Browser
) -> None:
    subject = open_one(city, "verifying", project="P77")
    again = {"assessNumber": "2", "writingEvaluation": "还是没办", "mobile": None}
    city.portal.sends(rating("P77", 2, **again))
    city.hotline.dismisses(subject)
    city.drain()
    later(city, supervisor, "10-12T09:00:00")
    next_quarter = {"assessNumber": "3", "assessTime": at("10-12T08:50:00")}
    city.portal.sends(rating("P77", 1, **next_quarter))
    city.drain()
    for period, share in (("2021Q3", "1/2"), ("2021Q4", "0/1")):
        supervisor.opens(f"/figures/{period}")
        assert f">{share}</a></td>" in supervisor.page
        supervisor.opens(f"/figures/{period}/invalid_share")
        assert f"合计 <b>{share}</b>" in supervisor.page
        assert supervisor.page.count(f'<a href="/c/{subject}">') == 1


def test_the_unit_is_led_to_its_own_figures(city: City) -> None:
    handler = signed_in(city, "联络员乙", Role.DEPARTMENT, "区人社局")
    answer = handler.client.get("/figures/2021Q3")
    assert answer.headers["location"] == "/orders/figures?period=2021Q3"
    handler.opens("/figures/2021Q3")
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', handler.page) == ["/figures"]
    assert handler.opens("/figures/2021Q3/rectify") == 404
    assert handler.opens("/figures/2021Q3/export") == 404


def test_a_page_beyond_reason_or_a_character_nobody_types_is_refused(supervisor: Browser) -> None:
    assert supervisor.opens("/watch?page=100000") == 200
    for page in ("0", "100001", "9" * 30):
        assert supervisor.opens(f"/watch?page={page}") == 422, page
        assert supervisor.opens(f"/watch/rows?page={page}") == 422, page
    for place in ("/watch?unit=%00", "/watch?unit=a%1Bb", "/watch/%00", "/c/CP21%7F", "/%00"):
        assert supervisor.opens(place) == 400, place
        assert "不能用的字符" in supervisor.page
    assert supervisor.opens("/watch?unit=%E5%B1%80%09%0D%0A") == 200


def test_what_is_typed_is_cleaned_before_a_door_sees_it() -> None:
    form = FormData({"words": " 一\x00行\r\n\u202e二行 ", "none": "\x00 \x7f"})
    assert text(form, "words") == "一行\n二行"
    assert text(form, "none") is None
