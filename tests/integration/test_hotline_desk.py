"""热线台: operators at their desk: what waits, one complaint, and every step through its door."""

from __future__ import annotations

import html
import re
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from city import HANDLER, OPERATOR, REVIEWER, SECOND, SUPERVISOR, UNIT, City, service
from desks import Desks, Person, hidden_of
from sqlalchemy import func, select

import schemas as s
from console.timeline import timeline
from console.web.hotline.panel import kebab, with_forms
from console.web.live import Hub
from console.web.site import Site
from producers import hotline
from producers.departments import clerks
from schemas.codes import PromiseUnit, ServiceKind
from schemas.envelope import Role
from schemas.rating import ServiceRecord
from workflow.errors import InvalidInput
from workflow.ledger import Actor
from workflow.legal import legal_steps
from workflow.links import code_of
from workflow.policy import Policies
from workflow.storage.models import events, views

PHONE, NAME, ID = "13900001234", "群众甲", "370303198001011234"
SPITE = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"
HOUR = 3_600_000_000


@pytest.fixture
def operator(desks: Desks) -> Person:
    return desks.sits(OPERATOR.name, Role.OPERATOR)


@pytest.fixture
def other(desks: Desks) -> Person:
    return desks.sits(SECOND.name, Role.OPERATOR)


def verifying(city: City, **values: Any) -> str:
    """A bad rating with the hotline."""
    subject = city.portal.bad_review(**{"mobile": PHONE, "userName": NAME} | values)
    city.drain()
    return subject


def dispatched(city: City, **values: Any) -> str:
    subject = verifying(city, **values)
    city.hotline.confirms(subject)
    city.drain()
    return subject


def reviewing(city: City) -> str:
    subject = dispatched(city)
    city.department.submits(subject)
    city.drain()
    return subject


def reevaluating(city: City) -> str:
    subject = reviewing(city)
    city.hotline.accepts(subject)
    city.drain()
    return subject


def returned(city: City) -> str:
    subject = dispatched(city)
    city.step(subject, s.WorkOrderReturned, HANDLER, reason="不归我们", legal_basis="三定")
    return subject


def alleged(city: City) -> str:
    subject = verifying(city)
    city.step(subject, s.MaliceAlleged, OPERATOR, reason="同一句话说了五遍")
    return subject


def asked(city: City) -> str:
    subject = dispatched(city)
    city.department.acknowledges(subject)
    city.step(subject, s.ClarificationAsked, HANDLER, question="是哪一天来的")
    return subject


def agreed(city: City) -> str:
    subject = verifying(city)
    later = city.clock.now + HOUR
    city.step(subject, s.CallAttempted, OPERATOR, outcome="call_later", next_call_at=later)
    return subject


def appealed(city: City) -> str:
    subject = dispatched(city)
    city.step(subject, s.AppealLodged, HANDLER, reason="不是我们办的")
    return subject


def unassigned(city: City) -> str:
    """A rating of a case nobody knows the unit of."""
    subject = verifying(city, proDepart=None)
    city.hotline.confirms(subject)
    city.drain()
    return subject


def dismissed(city: City) -> str:
    subject = verifying(city)
    city.hotline.dismisses(subject)
    return subject


WAYS = {
    "verify": verifying,
    "later": agreed,
    "assign": unassigned,
    "returned": returned,
    "review": reviewing,
    "callback": reevaluating,
    "malice": alleged,
    "question": asked,
}


def sends(person: Person, subject: str, event: str, **typed: Any) -> Any:
    """Sends a step's form as it stands on the complaint's page."""
    return person.client.post(f"/c/{subject}/{kebab(event)}", data=form(person, subject) | typed)


def form(person: Person, subject: str) -> dict[str, str]:
    return hidden_of(person.get(f"/c/{subject}").text)


def claims(person: Person, subject: str) -> None:
    assert sends(person, subject, "ComplaintClaimed").status_code == 303


def offered(page: str) -> set[str]:
    """The steps that have a form on the page."""
    paths = set(re.findall(r'action="/c/[^/"]+/([a-z-]+)"', page))
    return {event for event in with_forms() if kebab(event) in paths}


def recorded(city: City, subject: str) -> int:
    with city.office.database.read() as conn:
        query = select(func.count()).select_from(events).where(events.c.subject == subject)
        return int(conn.execute(query).scalar_one())


def rows_of(page: str) -> list[str]:
    return re.findall(r'href="/c/([^"]+)" data-row', page)


def counters(page: str) -> dict[str, int]:
    found = re.findall(r'tab=(\w+)[^"]*"[^>]*>\S+ <span class="count">(\d+)</span>', page)
    return {key: int(count) for key, count in found}


# 列表


def test_each_counter_counts_the_rows_of_its_tab(city, operator):
    made = {key: [way(city) for _ in range(number)] for number, (key, way) in
            enumerate(WAYS.items(), 1)}  # fmt: skip
    page = operator.get("/hotline").text
    assert counters(page) == {key: len(subjects) for key, subjects in made.items()}
    for key, subjects in made.items():
        assert sorted(rows_of(operator.get(f"/hotline?tab={key}").text)) == sorted(subjects), key


def test_counters_and_rows_are_narrowed_alike(city, operator):
    mine, free = verifying(city), verifying(city)
    theirs = verifying(city, proDepart="张店医保分局")
    city.step(mine, s.ComplaintClaimed, OPERATOR)
    city.step(theirs, s.ComplaintClaimed, SECOND)
    seen = {
        "who=mine": [mine],
        "who=free": [free],
        f"unit={UNIT}": [mine, free],
        "unit=ZD-YBJ": [theirs],
        f"who=mine&unit={UNIT}": [mine],
        "who=all": [mine, free, theirs],
    }
    for asked_for, subjects in seen.items():
        page = operator.get(f"/hotline?tab=verify&{asked_for}").text
        assert sorted(rows_of(page)) == sorted(subjects), asked_for
        assert counters(page)["verify"] == len(subjects), asked_for


def test_the_most_pressing_stands_first_and_pages_are_of_fifty(city, desks):
    late = [verifying(city) for _ in range(3)]
    city.travel(days=1)
    for number in range(49):
        city.portal.bad_review(project=f"N{number}")
    city.drain()
    operator = desks.sits(OPERATOR.name, Role.OPERATOR)
    page = operator.get("/hotline?tab=verify").text
    assert len(rows_of(page)) == 50
    assert rows_of(page)[:3] == sorted(late)
    assert "剩余" in page
    second = operator.get("/hotline?tab=verify&page=2").text
    assert len(rows_of(second)) == 2
    assert not set(rows_of(second)) & set(rows_of(page))


def test_rows_stand_in_the_order_of_the_limit_they_show(city, desks):
    """However soon something else of one of them is due."""
    first = asked(city)
    city.travel(days=1)
    second = dispatched(city, project="P2")  # not signed for yet: that is due sooner
    city.step(second, s.ClarificationAsked, HANDLER, question="是哪一天来的")
    city.drain()
    due = {one: city.complaint(one).limits for one in (first, second)}
    assert due[second]["acknowledge"].due_at < due[first]["rectify"].due_at
    operator = desks.sits(OPERATOR.name, Role.OPERATOR)
    assert rows_of(operator.get("/hotline?tab=question").text) == [first, second]


def test_filters_are_remembered(city, operator):
    verifying(city)
    operator.get("/hotline?tab=review&who=mine")
    page = operator.get("/hotline").text
    assert 'value="mine" selected' in page
    assert re.search(r'tab=review[^"]*" aria-current="page"', page)


def test_a_row_says_who_holds_it_and_how_often_was_called(city, operator):
    subject = verifying(city)
    city.hotline.calls(subject, "no_answer", by=SECOND)
    city.step(subject, s.ComplaintClaimed, SECOND)
    page = operator.get("/hotline?tab=verify").text
    row = re.search(rf"<tr[^>]*>(?:(?!</tr>).)*{subject}.*?</tr>", page, re.DOTALL)[0]
    assert SECOND.name in row
    assert "1次" in row
    assert "区人社局" in row


def test_every_due_time_says_why_it_is_that_day(city, operator):
    waiting, sent = verifying(city), dispatched(city)
    shown = {
        "/hotline?tab=verify": [f"/why/{waiting}/verify"],
        f"/c/{sent}": [f"/why/{sent}/{name}" for name in ("acknowledge", "rectify", "total")],
    }
    for page, reasons in shown.items():
        told = operator.get(page).text
        for place in reasons:
            assert f'href="{place}"' in told, place
            assert "计" in operator.get(place).text


def test_a_due_time_that_was_met_says_why_it_was_that_day(city, desks, operator):
    met, ended = dispatched(city), dismissed(city)
    for subject in (met, ended):
        places = re.findall(r'href="(/why/[^"]+\?at=[0-9]+)"', operator.get(f"/c/{subject}").text)
        assert f"/why/{subject}/verify?at=1" in places
        for place in places:
            told = operator.get(place)
            assert (told.status_code, "计" in told.text) == (200, True), place
    assert operator.get(f"/why/{met}/verify?at=99").status_code == 422
    unit = desks.sits(HANDLER.name, Role.DEPARTMENT, UNIT)
    order = city.complaint(met).order
    assert unit.get(f"/why/{order}/verify?at=1").status_code == 404


def test_where_dispatch_comes_first_verifying_waits_beside_the_work(folder, monkeypatch):
    monkeypatch.setenv("BIHUAN_PROFILE", "jiangsu")
    city = City(folder)
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    subject = verifying(city)
    assert city.state(subject) == "待签收"
    assert rows_of(operator.get("/hotline?tab=verify").text) == [subject]
    city.step(subject, s.MaliceAlleged, OPERATOR, reason="同一句话说了五遍")
    assert counters(operator.get("/hotline").text) | {"malice": 1, "verify": 0} == counters(
        operator.get("/hotline").text
    )
    city.step(subject, s.MaliceRejected, SECOND, reason="说的是实情")
    city.hotline.confirms(subject)
    assert rows_of(operator.get("/hotline?tab=verify").text) == []
    city.close()


# 认领


def test_claiming_the_next_takes_the_most_pressing_that_nobody_has(city, operator):
    first, second = verifying(city), verifying(city)
    city.step(first, s.ComplaintClaimed, SECOND)
    answer = operator.post("/hotline/next", "/hotline", tab="verify")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/c/{second}")
    assert city.complaint(second).claimer == OPERATOR.name
    none = operator.post("/hotline/next", "/hotline", tab="verify")
    assert "nobody=1" in none.headers["location"]
    assert "没有待认领" in operator.get(none.headers["location"]).text


def test_a_double_click_claims_one(city, operator):
    verifying(city), verifying(city)
    sent = hidden_of(operator.get("/hotline").text) | {"tab": "verify"}
    places = [operator.client.post("/hotline/next", data=sent).headers["location"] for _ in "12"]
    assert places[0] == places[1]
    assert counters(operator.get("/hotline?who=mine").text)["verify"] == 1


def test_a_double_click_on_the_last_one_leads_to_it_again(city, operator):
    subject = verifying(city)
    sent = hidden_of(operator.get("/hotline").text) | {"tab": "verify"}
    places = [operator.client.post("/hotline/next", data=sent).headers["location"] for _ in "12"]
    assert places == [f"/c/{subject}"] * 2


def test_whoever_has_claimed_it_does_not_claim_it_again(city, operator):
    subject = verifying(city)
    page = form(operator, subject)
    claims(operator, subject)
    again = operator.client.post(f"/c/{subject}/complaint-claimed", data={"csrf": page["csrf"]})
    assert again.status_code == 409
    assert "您已经认领了这件" in again.text
    assert city.timeline(subject).count("ComplaintClaimed") == 1
    assert sends(operator, subject, "ComplaintReleased", reason="done").status_code == 303
    claims(operator, subject)
    assert city.damage() == []


def test_two_operators_racing_get_different_ones(city, operator, other):
    subjects = [verifying(city) for _ in range(2)]
    forms = [hidden_of(who.get("/hotline").text) for who in (operator, other)]

    def races(who: Person, sent: dict[str, str]) -> str:
        return who.client.post("/hotline/next", data=sent | {"tab": "verify"}).headers["location"]

    with ThreadPoolExecutor(2) as pool:
        got = list(pool.map(races, (operator, other), forms))
    assert sorted(got) == [f"/c/{subject}" for subject in subjects]


def test_nobody_claims_for_himself_what_he_may_not_verify_again(city, operator):
    """After an objection another operator verifies."""
    subject = dismissed(city)
    city.citizen.objects(subject)
    city.drain()
    assert (
        "nobody=1" in operator.post("/hotline/next", "/hotline", tab="verify").headers["location"]
    )


# 只列能办的


@pytest.mark.parametrize("way", [*WAYS.values(), appealed, dismissed], ids=lambda way: way.__name__)
def test_whoever_looks_is_offered_his_legal_steps_and_no_others(city, desks, way):
    subject = way(city)
    city.travel(minutes=1)
    for by in (OPERATOR, SECOND, REVIEWER, SUPERVISOR, Actor("审计01", Role.AUDITOR)):
        person = desks.sits(by.name, by.role)
        c = city.complaint(subject)
        policy = city.office.rulebook.of(c).policy
        legal = set(legal_steps(c, by.role, by.name, city.clock.now, policy))
        page = person.get(f"/c/{subject}")
        assert page.status_code == 200
        found = offered(page.text)
        if not c.has_phone or by.role not in (Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR):
            legal -= {"ContactRevealed"}
        assert found == legal, by


def test_ids_that_are_none_and_people_who_may_not(city, desks, operator):
    subject = verifying(city)
    for no in ("CP21-9999", "%27", "CP21-0001'--", "件"):
        assert operator.get(f"/c/{no}").status_code == 404, no
    sent = form(operator, subject)
    assert operator.client.post("/c/CP21-9999/complaint-claimed", data=sent).status_code == 404
    assert operator.client.post("/c/CP21-9999/contact-revealed", data=sent).status_code == 404
    assert operator.client.post("/c/CP21-9999/preview", data=sent).status_code == 404
    for role, unit in ((Role.DEPARTMENT, UNIT), (Role.ADMINISTRATOR, None), (Role.IT, None)):
        person = desks.sits(f"某{role}", role, unit)
        assert person.get(f"/c/{subject}").status_code == 403, role
        assert person.get("/hotline").status_code == 403, role
    assert recorded(city, subject) == 3


def test_a_step_of_another_role_is_not_permitted_whatever_is_sent(city, desks, operator):
    subject = appealed(city)
    sent = form(operator, subject) | {
        "verdict": "invalid:duplicate",
        "reason": "x",
        "role": "reviewer",
    }
    assert operator.client.post(f"/c/{subject}/appeal-upheld", data=sent).status_code == 403
    auditor = desks.sits("审计01", Role.AUDITOR)
    sent = form(auditor, subject)
    assert auditor.client.post(f"/c/{subject}/complaint-claimed", data=sent).status_code == 403
    assert city.state(subject) == "申诉复核"


def test_a_form_from_elsewhere_is_turned_away(city, operator):
    subject = verifying(city)
    sent = form(operator, subject) | {"csrf": "别处的"}
    assert operator.client.post(f"/c/{subject}/complaint-claimed", data=sent).status_code == 403
    assert city.complaint(subject).claimer is None


# 办理


def test_the_whole_loop_by_its_forms(city, operator, desks):
    city.portal.sends(service("P0001"))
    subject = verifying(city)

    def does(event: str, **typed: Any) -> None:
        answer = sends(operator, subject, event, **typed)
        assert (answer.status_code, answer.headers.get("location")) == (
            303,
            f"/c/{subject}?did={event}",
        ), event
        city.drain()

    does("ComplaintClaimed")
    does("TicketLinked", ticket="12345-2021-778")
    does("CallAttempted", outcome="answered", recording="R1", note="群众说属实")
    does("ComplaintConfirmed", reason_code="115", case_class="clear", by="call", unit="区人社局",
         assisting="张店医保分局、区民政局", show_service_number="1")  # fmt: skip
    c = city.complaint(subject)
    assert (c.unit, c.assisting, c.ticket) == (UNIT, ["ZD-YBJ", "ZD-MZJ"], "12345-2021-778")
    city.department.acknowledges(subject)
    city.step(subject, s.ClarificationAsked, HANDLER, question="是哪一天来的")
    does("ClarificationAnswered", answer="上周二")
    city.department.submits(subject)
    city.drain()
    does("RectificationSentBack", reason="没有写原因")
    city.department.submits(subject)
    city.drain()
    does("RectificationAccepted")
    does("CallAttempted", outcome="answered")
    does("ReevaluationInvited", channel="call")
    does("ComplaintReevaluated", level="5", contacted="1", solved="1", words="满意了")
    assert city.state(subject) == "办结"
    does("RetaliationReported", words="单位的人找上门来")
    assert "办结" in operator.get(f"/c/{subject}").text
    assert city.damage() == []


def test_returns_malice_and_objections_by_their_forms(city, operator, other, desks):
    subject = returned(city)
    assert sends(operator, subject, "ReturnAccepted", unit="张店医保分局").status_code == 303
    city.drain()
    assert city.complaint(subject).unit == "ZD-YBJ"
    alleged_one = alleged(city)
    refused = sends(operator, alleged_one, "MaliceUpheld", reason="我自己定")
    assert refused.status_code == 409
    assert "恶意复核须由另一人决定" in refused.text
    assert sends(other, alleged_one, "MaliceUpheld", reason="查过十件").status_code == 303
    assert sends(operator, alleged_one, "CitizenObjected", words="不服").status_code == 303
    assert city.state(alleged_one) == "核实中"
    unsent = unassigned(city)
    assert sends(operator, unsent, "DepartmentAssigned", unit="区人社局").status_code == 303
    assert city.complaint(unsent).unit == UNIT


def test_nobody_to_ask_is_checked_in_fact_and_a_phone_asked_for(city, operator):
    subject = verifying(city, mobile=None, userName=None)
    assert sends(operator, subject, "ContactRequested").status_code == 303
    typed = {"reason_code": "115", "case_class": "complex", "by": "fact_check"}
    assert sends(operator, subject, "ComplaintConfirmed", **typed).status_code == 303
    city.drain()
    city.department.submits(subject)
    city.drain()
    city.hotline.accepts(subject)
    city.drain()
    assert (
        sends(operator, subject, "FactChecked", rectified="1", note="现场看过").status_code == 303
    )
    assert city.complaint(subject).outcome == "checked"


def picked(page: str) -> str:
    """The step that stands open in the panel."""
    (found,) = re.findall(r'id="pane-(\w+)" checked', page)
    return str(found)


def test_after_a_wrong_number_the_unit_is_asked_for_another_at_once(city, operator):
    subject = verifying(city, project="P7")
    assert "ContactRequested" not in operator.get(f"/c/{subject}").text
    page = sends(operator, subject, "CallAttempted", outcome="wrong_number")
    page = operator.get(page.headers["location"]).text
    assert picked(page) == "ContactRequested"
    assert "号码有误" in page
    assert sends(operator, subject, "ContactRequested").status_code == 303
    asked = operator.get(f"/c/{subject}").text
    assert "pane-ContactRequested" not in asked
    assert "号码有误，等单位补" in asked
    found = clerks.supply_contact(
        city.ledger, "P7", "1", account="数据员01", unit=UNIT, phone="13800005678"
    )
    assert found is not None
    page = operator.get(f"/c/{subject}").text
    assert "138****5678" in page
    assert picked(page) != "ContactRequested"
    city.hotline.confirms(subject)
    city.drain()
    assert city.damage() == []


def test_the_wrong_number_sent_again_is_no_other_one(city, operator):
    subject = verifying(city, project="P7", mobile="13800001111")
    sends(operator, subject, "CallAttempted", outcome="wrong_number")
    sends(operator, subject, "ContactRequested")
    given = {"account": "数据员01", "unit": UNIT}
    found = clerks.supply_contact(city.ledger, "P7", "1", phone="138 0000 1111", **given)
    assert found is not None  # the clerk is told the same
    page = operator.get(f"/c/{subject}").text
    assert "号码有误" in page
    assert "138****1111" in page
    assert city.complaint(subject).wrong_number


def test_a_number_that_was_answered_after_all_is_no_wrong_one(city, operator):
    subject = verifying(city)
    city.hotline.calls(subject, "wrong_number")
    city.hotline.calls(subject)
    page = operator.get(f"/c/{subject}").text
    assert "pane-ContactRequested" not in page
    assert picked(page) == "ComplaintConfirmed"


def test_what_is_stale_says_what_changed_and_keeps_what_was_typed(city, operator):
    subject = verifying(city)
    sent = form(operator, subject)
    city.hotline.calls(subject)
    typed = {"outcome": "no_answer", "note": "响了很久没有人接"}
    answer = operator.client.post(f"/c/{subject}/call-attempted", data=sent | typed)
    assert answer.status_code == 409
    assert "记一次通话" in answer.text
    assert "响了很久没有人接" in answer.text
    assert re.search(r'value="no_answer" required checked', answer.text)
    again = hidden_of(answer.text) | typed
    assert operator.client.post(f"/c/{subject}/call-attempted", data=again).status_code == 303
    assert len([e for e in city.timeline(subject) if e == "CallAttempted"]) == 2


def test_what_can_no_longer_be_done_gives_back_the_words(city, operator):
    subject = verifying(city)
    city.hotline.calls(subject)
    sent = form(operator, subject)
    city.step(
        subject, s.ComplaintDismissed, OPERATOR, verdict="invalid", ground="duplicate", note="x"
    )
    typed = {"verdict": "invalid:misoperation", "note": "群众在电话里说点错了"}
    answer = operator.client.post(f"/c/{subject}/complaint-dismissed", data=sent | typed)
    assert answer.status_code == 409
    assert "您填的内容还在这里" in answer.text
    assert "群众在电话里说点错了" in answer.text


@pytest.mark.parametrize(
    ("event", "typed", "told"),
    [
        ("ComplaintConfirmed", {"reason_code": "999", "case_class": "clear"}, "没有这个差评原因"),
        ("ComplaintConfirmed", {"reason_code": "115", "case_class": "clear", "unit": "没有局"},
         "单位名册里没有这个单位"),
        ("ComplaintConfirmed", {"reason_code": "115", "case_class": "clear",
                                "assisting": "张店医保分局"}, "必填"),
        ("ComplaintDismissed", {"verdict": "invalid:duplicate", "note": ""}, "必填"),
        ("ComplaintDismissed", {"verdict": "", "note": "说明"}, "必填"),
        ("CallAttempted", {"outcome": "call_later", "note": "他说下午"}, "约定再拨须写再拨的时间"),
        ("CallAttempted", {"outcome": "answered", "next_call_at": "昨天"}, "须是日期和时间"),
    ],
)  # fmt: skip
def test_what_cannot_be_taken_is_said_on_the_page(city, operator, event, typed, told):
    subject = verifying(city)
    city.hotline.calls(subject)
    before = recorded(city, subject)
    answer = sends(operator, subject, event, **typed)
    assert answer.status_code == 422
    assert told in answer.text
    for said in typed.values():
        assert said in answer.text
    assert recorded(city, subject) == before


def test_a_step_sent_twice_is_taken_once(city, operator):
    subject = verifying(city)
    sent = form(operator, subject) | {"outcome": "answered", "note": "一次"}
    answers = [operator.client.post(f"/c/{subject}/call-attempted", data=sent) for _ in "12"]
    assert [answer.status_code for answer in answers] == [303, 303]
    assert city.timeline(subject).count("CallAttempted") == 1


# 预计


@pytest.mark.parametrize("case_class", ["clear", "complex"])
def test_the_due_time_foreseen_is_the_one_the_unit_gets(city, operator, case_class):
    subject = verifying(city)
    city.hotline.calls(subject)
    before = recorded(city, subject)
    typed = {"reason_code": "115", "case_class": case_class, "by": "call", "unit": "张店医保分局"}
    shown = operator.client.post(f"/c/{subject}/preview", data=form(operator, subject) | typed)
    assert recorded(city, subject) == before
    foreseen = re.search(r"截止 <b>([^<]+)</b>", shown.text)[1]
    assert "张店医保分局" in shown.text
    assert "当日不计，次日起算" in shown.text
    assert sends(operator, subject, "ComplaintConfirmed", **typed).status_code == 303
    city.drain()
    assert city.complaint(subject).unit == "ZD-YBJ"
    assert foreseen in operator.get(f"/c/{subject}").text


def test_a_refused_verdict_keeps_what_was_chosen_and_foresees_by_it(city, operator):
    subject = verifying(city)
    city.hotline.calls(subject)
    typed = {"reason_code": "", "case_class": "complex", "by": "fact_check"}
    typed |= {"unit": "张店医保分局", "show_service_number": "1", "note": "再问一次"}
    shown = operator.client.post(f"/c/{subject}/preview", data=form(operator, subject) | typed)
    number = "P0001 第1次服务"
    assert f'<dd id="seen-number" hx-swap-oob="true">{number}</dd>' in shown.text
    sent_to = "派给 <b>张店医保分局</b>"
    assert sent_to in shown.text
    plain = operator.get(f"/c/{subject}").text
    assert (sent_to in plain, f'id="seen-number">{number}' in plain) == (False, False)
    refused = sends(operator, subject, "ComplaintConfirmed", **typed)
    assert refused.status_code == 422
    for kept in ("complex", "fact_check"):
        assert f'value="{kept}" checked' in refused.text
    assert 'name="show_service_number" value="1" checked' in refused.text
    assert 'value="张店医保分局"' in refused.text
    assert sent_to in refused.text
    assert f'id="seen-number">{number}' in refused.text


def test_a_unit_nobody_knows_is_said_while_it_is_typed(city, operator):
    subject = verifying(city)
    city.hotline.calls(subject)
    sent = form(operator, subject)
    shown = operator.client.post(f"/c/{subject}/preview", data=sent | {"unit": "没有局"})
    assert "单位名册里没有“没有局”" in shown.text
    nobody = unassigned_yet(city)
    city.hotline.calls(nobody)
    assert "找不到承办单位" in operator.get(f"/c/{nobody}").text


def unassigned_yet(city: City) -> str:
    return verifying(city, proDepart=None)


# 办件


def test_the_page_tells_the_channel_and_the_service_s_time_and_what_is_not_known(city, operator):
    subject = verifying(city, project="P7")
    page = operator.get(f"/c/{subject}").text
    assert "大厅平板 · 现场主动" in page
    assert "没有收到这次服务的办件记录" in page
    city.portal.sends(service("P7"))
    page = operator.get(f"/c/{subject}").text
    assert "2021-09-16(四)09:00" in page
    assert "没有收到这次服务的办件记录" not in page
    assert "<dt>承诺办结</dt><dd>（办件记录里没有写）" in page


def test_the_unit_that_came_with_the_service_s_record_alone_is_told_and_offered(city, operator):
    """A rating that names no unit may come before the record of its service."""
    subject = unassigned(city)
    claims(operator, subject)
    page = operator.get(f"/c/{subject}").text
    assert "<dt>经办单位</dt><dd>（未配上）" in page
    assert 'name="unit" list="DepartmentAssigned-units" value=""' in page
    city.portal.sends(service(city.complaint(subject).project_no))
    page = operator.get(f"/c/{subject}").text
    assert "<dt>经办单位</dt><dd>区人社局（据办件记录）" in page
    assert "责任单位：区人社局" in page
    assert f'name="unit" list="DepartmentAssigned-units" value="{UNIT}"' in page
    assert city.complaint(subject).handled_by is None, "the log stays as it is"


def promised(project: str, number: int, unit: PromiseUnit, done: str) -> ServiceRecord:
    """Accepted on a Thursday before the Mid-Autumn days off, which are worked on a Saturday."""
    return service(
        project,
        promiseTime=ServiceKind.PROMISED,
        promiseType=unit,
        promiseDay=number,
        acceptDate=datetime.fromisoformat("2021-09-16T09:00:00+08:00"),
        resultDate=datetime.fromisoformat(f"{done}:00+08:00"),
    )


COURSE = "承诺办结</dt><dd>"
LATE = "办结晚于承诺"


def test_what_was_promised_and_when_it_was_done_is_told_to_the_office_alone(city, desks, operator):
    subject = dispatched(city, project="P7")
    city.portal.sends(promised("P7", 5, PromiseUnit.WORKING_DAYS, "2022-01-04T10:00"))
    page = operator.get(f"/c/{subject}").text
    assert f"{COURSE}承诺件 · 承诺 5 个工作日 · 受理 09-16 · 办结 2022-01-04<" in page
    at_once = verifying(city, project="P8")
    city.portal.sends(service("P8", promiseTime=ServiceKind.IMMEDIATE))
    assert f"{COURSE}即办件<" in operator.get(f"/c/{at_once}").text
    unit = desks.sits(HANDLER.name, Role.DEPARTMENT, UNIT)
    order = unit.get(f"/orders/{city.complaint(subject).order}")
    assert order.status_code == 200
    assert not any(told in order.text for told in ("受理 ", "承诺件", "2022-01-04", LATE))


@pytest.mark.parametrize(
    ("number", "unit", "done", "last"),
    [
        (1, PromiseUnit.DAYS, "2021-09-18T00:00", "2021-09-17"),
        (1, PromiseUnit.DAYS, "2021-09-17T23:59", ""),
        (3, PromiseUnit.DAYS, "2021-09-22T23:59", ""),  # it ended on a day off
        (3, PromiseUnit.DAYS, "2021-09-23T00:00", "2021-09-22"),
        (3, PromiseUnit.WORKING_DAYS, "2021-09-22T23:59", ""),
        (3, PromiseUnit.WORKING_DAYS, "2021-09-23T09:00", "2021-09-22"),
        (1, PromiseUnit.MONTHS, "2021-12-16T09:00", ""),
        (1, PromiseUnit.YEARS, "2023-12-16T09:00", ""),
        (3000, PromiseUnit.WORKING_DAYS, "2099-12-16T09:00", ""),  # of years not published
        (9999, PromiseUnit.DAYS, "2099-12-16T09:00", ""),
    ],
)
def test_a_service_done_after_the_last_day_promised_is_pointed_out(
    city, operator, number, unit, done, last
):
    subject = verifying(city, project="P7")
    city.portal.sends(promised("P7", number, unit, done))
    page = operator.get(f"/c/{subject}").text
    assert (LATE in page) == bool(last)
    assert f"到 {last} 为止，{done[:10]} 办结" in page or not last


# 号码


def test_the_number_is_masked_until_somebody_says_why_and_then_shown_once(city, operator):
    subject = verifying(city)
    page = operator.get(f"/c/{subject}").text
    assert "139****1234" in page
    assert PHONE not in page
    claims(operator, subject)
    empty = sends(operator, subject, "ContactRevealed", reason=" ")
    assert empty.status_code == 422
    assert PHONE not in empty.text
    sent = form(operator, subject) | {"reason": "拨打核实电话"}
    shown = operator.client.post(f"/c/{subject}/contact-revealed", data=sent)
    assert shown.status_code == 200
    assert PHONE in shown.text
    again = operator.client.post(f"/c/{subject}/contact-revealed", data=sent)
    assert again.status_code == 422
    assert PHONE not in again.text
    assert city.timeline(subject).count("ContactRevealed") == 1
    assert PHONE not in operator.get(f"/c/{subject}").text


def test_the_name_is_masked_for_the_office_whole_with_the_number_and_nothing_for_others(
    city, desks, operator
):
    subject = dispatched(city)
    order = city.complaint(subject).order
    sent = form(operator, subject)
    page = operator.get(f"/c/{subject}").text
    assert ("群**" in page, NAME in page) == (True, False)
    shown = operator.client.post(f"/c/{subject}/contact-revealed", data=sent | {"reason": "回访"})
    assert f"评价人 <b>{NAME}</b>" in shown.text
    for person, place in (
        (desks.sits("审计01", Role.AUDITOR), f"/c/{subject}"),
        (desks.sits(HANDLER.name, Role.DEPARTMENT, UNIT), f"/orders/{order}"),
    ):
        page = person.get(place)
        assert page.status_code == 200
        assert not any(secret in page.text for secret in ("群**", NAME))


def test_no_name_is_shown_of_who_rated_anonymously_or_was_erased(city, operator):
    hidden = verifying(city, project="P1", anonymityFlag=True)
    assert "群**" not in operator.get(f"/c/{hidden}").text
    erased = verifying(city, project="P2")
    assert "群**" in operator.get(f"/c/{erased}").text
    city.erases(erased)
    assert "群**" not in operator.get(f"/c/{erased}").text


def test_the_number_of_what_a_colleague_has_claimed_is_not_shown(city, desks, operator):
    subject = verifying(city)
    colleague = desks.sits("话务员07", Role.OPERATOR)
    sent = hidden_of(colleague.get(f"/c/{subject}").text) | {"reason": "回访"}
    operator.post(f"/c/{subject}/complaint-claimed", f"/c/{subject}")
    assert "contact-revealed" not in colleague.get(f"/c/{subject}").text
    assert colleague.client.post(f"/c/{subject}/contact-revealed", data=sent).status_code == 409
    assert "contact-revealed" in operator.get(f"/c/{subject}").text


def test_the_number_of_what_nobody_has_claimed_is_shown_to_no_operator(
    city, desks, operator, other
):
    subject = verifying(city)
    page = operator.get(f"/c/{subject}").text
    assert ("认领后可显示号码" in page, "contact-revealed" in page) == (True, False)
    reason = {"reason": "回访"}
    sent = [(person, form(person, subject) | reason) for person in (operator, other)]
    for person, typed in sent:
        refused = person.client.post(f"/c/{subject}/contact-revealed", data=typed)
        assert (refused.status_code, PHONE in refused.text) == (409, False)
        assert "先认领，再看号码" in refused.text
    claims(operator, subject)
    shown = [
        PHONE in sends(person, subject, "ContactRevealed", **reason).text
        for person in (operator, other)
    ]
    assert shown == [True, False]
    supervisor = desks.sits(SUPERVISOR.name, Role.SUPERVISOR)
    assert PHONE in sends(supervisor, subject, "ContactRevealed", **reason).text


def test_what_was_left_and_is_no_number_is_shown_for_a_reason_as_what_it_is(city, operator):
    subject = verifying(city, mobile="请勿来电")
    page = operator.get(f"/c/{subject}").text
    assert "填的不是电话号码" in page
    assert "请勿来电" not in page
    assert "请单位补联系方式" in page
    claims(operator, subject)
    sent = form(operator, subject) | {"reason": "看留了什么"}
    shown = operator.client.post(f"/c/{subject}/contact-revealed", data=sent)
    assert "“请勿来电”，不是电话号码" in shown.text


def test_the_query_code_is_read_out_by_an_operator_and_each_time_recorded(city, desks, operator):
    subject = verifying(city)
    sent = form(operator, subject)
    expected = code_of(city.office.keys.link, subject)
    assert expected not in operator.get(f"/c/{subject}").text
    shown = operator.client.post(f"/c/{subject}/code", data=sent)
    assert (shown.status_code, expected in shown.text) == (200, True)
    with city.office.database.read() as conn:
        query = select(views.c.actor).where(views.c.subject == subject, views.c.what == "code")
        assert conn.execute(query).scalars().all() == [OPERATOR.name]
    for role in (Role.SUPERVISOR, Role.AUDITOR, Role.REVIEWER):
        person = desks.sits(f"某{role}", role)
        refused = person.client.post(f"/c/{subject}/code", data=form(person, subject))
        assert (refused.status_code, expected in refused.text) == (403, False), role
        assert "查询码" not in person.get(f"/c/{subject}").text


def test_an_auditor_sees_no_part_of_the_number(city, desks):
    subject = verifying(city)
    page = desks.sits("审计01", Role.AUDITOR).get(f"/c/{subject}").text
    assert "139****" not in page
    assert "显示号码" not in page


def test_the_text_for_the_hotline_s_own_system_names_nobody(city, operator):
    wide = "１３９００００１２３４"
    text = f"我是{NAME}，电话 139 0000 1234，{wide}，139—0000—1234，身份证{ID}，又让我开证明"
    subject = verifying(city, text=text, certKey=ID)
    page = operator.get(f"/c/{subject}").text
    copied = re.search(r'<textarea[^>]*id="copied"[^>]*>(.*?)</textarea>', page, re.DOTALL)[1]
    assert "又让我开证明" in copied
    assert subject in copied
    seen = re.search(r'<details class="seen">.*?</details>', page, re.DOTALL)[0]
    for secret in (NAME, PHONE, "139 0000 1234", wide, "0000—1234", ID, "139****1234"):
        assert secret not in copied
        assert secret not in seen
    assert "P0001" not in seen


def test_no_title_and_no_address_tells_of_the_citizen(city, operator):
    subject = verifying(city)
    claims(operator, subject)
    sent = form(operator, subject) | {"reason": "拨打核实电话"}
    pages = [operator.get(f"/c/{subject}").text, operator.get("/hotline").text]
    pages.append(operator.client.post(f"/c/{subject}/contact-revealed", data=sent).text)
    for page in pages:
        told = re.findall(r'(?:href|action|hx-get|hx-post|title)="([^"]*)"', page)
        told += re.findall(r"<title>(.*?)</title>", page)
        assert not any(secret in one for one in told for secret in (PHONE, "1234", NAME))


# 留痕、安全


def test_every_look_is_recorded(city, operator):
    subject = verifying(city)
    for _ in range(2):
        operator.get(f"/c/{subject}")
    with city.office.database.read() as conn:
        seen = select(views.c.actor).where(views.c.subject == subject)
        assert list(conn.execute(seen).scalars()) == [OPERATOR.name] * 2


def test_a_due_time_explained_and_an_order_exported_are_looks_too(city, desks, operator):
    subject = dispatched(city)
    operator.get(f"/why/{subject}/rectify")
    unit = desks.sits(HANDLER.name, Role.DEPARTMENT, UNIT)
    assert unit.get("/orders/export.csv").status_code == 200
    with city.office.database.read() as conn:
        seen = conn.execute(select(views.c.subject, views.c.actor, views.c.what)).all()
    assert [tuple(one) for one in seen] == [
        (subject, OPERATOR.name, "why"),
        (subject, HANDLER.name, "export"),
    ]


def test_whoever_may_not_go_on_is_told_in_whose_hands_it_is(city, operator, other):
    subject = verifying(city)
    sends(operator, subject, "ComplaintClaimed")
    assert f"现在等{OPERATOR.name}办理" in other.get(f"/c/{subject}").text


def test_who_looked_at_a_complaint_is_told_beside_it(city, operator, desks):
    subject, other_one = verifying(city), verifying(city)
    reviewer = desks.sits(REVIEWER.name, Role.REVIEWER)
    for _ in range(2):
        assert f'href="/c/{subject}/looks"' in operator.get(f"/c/{subject}").text
    reviewer.get(f"/c/{other_one}")
    shown = reviewer.get(f"/c/{subject}/looks").text
    assert shown.count(f"<td>{OPERATOR.name}</td>") == 2
    assert REVIEWER.name not in shown.partition("<main")[2], "he looked at another one"
    assert operator.get("/c/CP21-9999/looks").status_code == 404
    unit = desks.sits("经办乙", Role.DEPARTMENT, UNIT)
    assert unit.get(f"/c/{subject}/looks").status_code == 403


def test_whatever_is_typed_stays_text(city, operator, other):
    subject = verifying(city, text=SPITE, taskName=SPITE, winName=SPITE, userName=SPITE)
    for event, typed in (
        ("TicketLinked", {"ticket": SPITE}),
        ("CallAttempted", {"outcome": "answered", "note": SPITE, "recording": SPITE}),
        ("MaliceAlleged", {"reason": SPITE}),
    ):
        assert sends(operator, subject, event, **typed).status_code == 303, event
    assert sends(other, subject, "MaliceRejected", reason=SPITE).status_code == 303
    refused = sends(
        operator, subject, "ComplaintConfirmed", reason_code=SPITE, unit=SPITE, note=SPITE
    )
    assert refused.status_code == 422
    for page in (refused.text, operator.get(f"/c/{subject}").text, operator.get("/hotline").text):
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert html.escape(SPITE, quote=False)[:20] in page


def test_a_refusal_names_what_may_be_chosen_as_the_page_does(city, operator):
    subject = verifying(city)
    claims(operator, subject)
    told = sends(operator, subject, "CallAttempted", outcome="x").text
    assert "结果：只能是 接通、无人接听、占线" in told
    assert "no_answer、" not in told
    with pytest.raises(InvalidInput, match="只能是 answered、no_answer"):
        hotline.call(city.ledger, subject, account=OPERATOR.name, outcome="x")


def test_hints_open_to_their_rows(city, desks):
    first = verifying(city)
    city.hotline.dismisses(first)
    city.travel(hours=2)
    second = verifying(city)
    city.drain()
    page = desks.sits(OPERATOR.name, Role.OPERATOR).get(f"/c/{second}").text
    hints = re.search(r'<ul class="hints".*?<details class="seen">', page, re.DOTALL)[0]
    assert "同号24小时内另有1件" in hints
    assert "同窗口本月误操作1件" in hints
    assert hints.count(f'href="/c/{first}"') == 2
    assert "误操作疑" in hints


def test_the_same_phone_within_a_day_is_told_by_when_it_rated_not_by_when_that_came(city, desks):
    def rated(at: str) -> str:
        return verifying(city, assessTime=datetime.fromisoformat(f"2021-{at}:00+08:00"))

    long_ago, first = rated("09-03T09:00"), rated("09-15T11:00")
    city.travel(days=3)
    late, too_far = rated("09-15T12:00"), rated("09-16T11:01")
    operator = desks.sits(OPERATOR.name, Role.OPERATOR)
    hinted = re.compile(r"同号24小时内另有1件.*?</details>", re.DOTALL)
    shown = hinted.search(operator.get(f"/c/{first}").text)[0]
    assert f'href="/c/{late}"' in shown
    assert "2021-09-15(三)12:00" in shown, "when it was rated"
    assert "同号24小时内另有2件" in operator.get(f"/c/{late}").text
    assert f'href="/c/{late}"' in hinted.search(operator.get(f"/c/{too_far}").text)[0]
    assert "同号" not in operator.get(f"/c/{long_ago}").text


def test_the_month_of_a_windows_misoperations_is_the_one_rated_in(city, desks):
    when = datetime.fromisoformat("2021-08-31T09:00:00+08:00")
    first, second = (verifying(city, assessTime=when) for _ in "12")
    city.hotline.dismisses(first)
    city.drain()
    page = desks.sits(OPERATOR.name, Role.OPERATOR).get(f"/c/{second}").text
    assert "同窗口本月误操作1件" in page


def test_item_and_window_are_the_services_where_the_rating_names_none(city, desks):
    unnamed = {"taskName": None, "winName": None}
    first, second = (verifying(city, project=p, **unnamed) for p in ("A", "B"))
    city.hotline.dismisses(first)
    city.portal.sends(service("A"), service("B"))
    city.drain()
    operator = desks.sits(OPERATOR.name, Role.OPERATOR)
    page = operator.get(f"/c/{second}").text
    assert "您在办理“社保卡申领”时" in page
    assert {"事项：社保卡申领", "窗口：3号窗口"} <= set(page.splitlines())
    assert "同窗口本月误操作1件" in page
    assert "<td>社保卡申领</td>" in operator.get("/hotline?tab=verify").text
    named = verifying(city, project="C", taskName="居住证", winName="1号窗口")
    city.portal.sends(service("C"))
    page = operator.get(f"/c/{named}").text
    assert "您在办理“居住证”时" in page, "what was rated, as the rating has it"
    assert "窗口：1号窗口" in page


def test_the_shift_and_the_script_are_at_hand(city, desks, operator):
    subject = verifying(city)
    assert "值班至17:30" in operator.get("/hotline").text
    page = operator.get(f"/c/{subject}").text
    assert "值班至17:30" in page
    assert "不引导改评价" in page
    city.travel("2021-09-19T10:00:00+08:00")
    assert "现在不是上班时间" in desks.sits("话务员03", Role.OPERATOR).get("/hotline").text


def test_on_three_levels_a_re_evaluation_is_called_alike_wherever_it_stands(city, desks, operator):
    rulebook = city.office.rulebook
    zibo = rulebook.in_force(city.clock.now)
    rulebook.policies = Policies([replace(zibo, scale="three")])
    subject = reevaluating(city)
    claims(operator, subject)
    page = operator.get(f"/c/{subject}").text
    assert re.findall(r'name="level" value="(\d)"[^>]*> ([^<]+)<', page) == [
        ("5", "满意(5)"),
        ("3", "基本满意(3)"),
        ("1", "不满意(1)"),
    ]
    assert "满意、基本满意、不满意。" in page
    assert sends(operator, subject, "ComplaintReevaluated", level="1").status_code == 303
    page = operator.get(f"/c/{subject}").text
    assert "满意度：不满意(1)" in re.sub(r"<[^>]+>", "", page)
    shown = timeline(city.office, subject, OPERATOR)
    assert ("满意度", "不满意(1)") in shown.entries[-1].details
    unit = timeline(city.office, subject, HANDLER)
    assert ("满意度", "不满意(1)") in [line for entry in unit.entries for line in entry.details]


@pytest.mark.parametrize(
    ("gateway", "told"), [(None, "未设短信网关"), ("/bin/true", "送达才算邀请")]
)
def test_where_no_gateway_is_set_the_form_says_that_no_message_goes_out(
    folder, monkeypatch, gateway, told
):
    if gateway:
        monkeypatch.setenv("BIHUAN_GATEWAY", gateway)
    city = City(folder)
    subject = reevaluating(city)
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    claims(operator, subject)
    assert told in operator.get(f"/c/{subject}").text
    city.close()


def test_who_confirms_sees_at_once_to_whom_it_was_sent(city: City, desks: Desks) -> None:
    """And no form for sending it, nor word that it has just changed: the consumers' answer to his
    own step is waited for, where there are any.
    """
    subject = verifying(city)
    city.hotline.calls(subject)
    bus = city.office.bus()
    desks.app.state.site = Site(city.office, Hub(city.office), bus.wake, patience=10)
    operator = desks.sits(OPERATOR.name, Role.OPERATOR)
    running = threading.Thread(target=bus.run)
    running.start()
    try:
        form = {"by": "call", "reason_code": "115", "case_class": "clear"}
        answer = operator.post(f"/c/{subject}/complaint-confirmed", f"/c/{subject}", **form)
        shown = operator.get(answer.headers["location"]).text
    finally:
        bus.stop()
        running.join()
    assert "已办：确认有效" in shown
    assert f'data-seen="{len(city.timeline(subject))}"' in shown
    assert city.timeline(subject)[-1] == "DepartmentAssigned"
