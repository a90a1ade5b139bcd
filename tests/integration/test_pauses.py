"""A profile says what stands still: while a unit appeals, or while a phone is looked for."""

from dataclasses import replace
from datetime import datetime

import pytest
from city import HANDLER, OPERATOR, REVIEWER, SUPERVISOR, UNIT, rating
from sqlalchemy import select

import schemas as s
from console.queues import queue
from console.remaining import left_of
from console.reports.delays import delays_of
from console.timeline import timeline
from producers.clock import recompute, tick
from producers.departments import contacts_wanted, supply_contact
from producers.supervisors import revise_calendar
from workflow.clock import instant, micros
from workflow.contact import phone_of
from workflow.erasure import erase_person
from workflow.errors import IllegalStep
from workflow.policy import Policies
from workflow.storage.models import deadlines, events, order_facts


@pytest.fixture
def ruled(city):
    """Gives the city's own profile other settings."""

    def by(**settings):
        zibo = city.office.rulebook.in_force(city.clock.now)
        city.office.rulebook.policies = Policies([replace(zibo, **settings)])

    return by


def dispatched(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    return subject


def at(text):
    return micros(datetime.fromisoformat(f"{text}+08:00"))


def rectify_due(city):
    with city.office.database.read() as conn:
        return conn.execute(select(order_facts.c.rectify_due_at)).scalar_one()


def appeals(city, subject, till="2021-09-22T10:00:00+08:00"):
    city.travel("2021-09-17T10:00:00+08:00")
    city.step(subject, s.AppealLodged, HANDLER, reason="不是我们办的")
    city.drain()
    city.travel(till)


def test_a_later_rating_s_phone_ends_the_wait_for_one(city, ruled):
    ruled(contact_pauses=True)
    subject = city.portal.bad_review(project="A", mobile="")
    city.drain()
    city.step(subject, s.ContactRequested, OPERATOR)
    assert "verify" in city.complaint(subject).paused
    city.travel(days=1)
    city.portal.sends(rating("A", 1, assessNumber="2"))
    city.drain()
    complaint = city.complaint(subject)
    assert (complaint.paused, complaint.contact_requested) == ({}, False)
    assert complaint.limits["verify"].generation == 2
    city.hotline.confirms(subject)
    assert supply_contact(city.ledger, "A", "1", account="数据员01", unit=UNIT) is None
    assert city.damage() == []


def test_a_later_rating_s_phone_takes_the_place_of_a_wrong_number_and_of_no_other(city):
    subject = city.portal.bad_review(project="A", mobile="13800001111")
    city.drain()
    city.portal.sends(rating("A", 1, assessNumber="2", mobile="13900002222"))
    assert "ContactSupplied" not in city.timeline(subject)
    city.hotline.calls(subject, "wrong_number")
    city.step(subject, s.ContactRequested, OPERATOR)
    city.portal.sends(rating("A", 1, assessNumber="3", mobile="13800001111"))
    assert city.complaint(subject).contact_requested
    city.portal.sends(rating("A", 1, assessNumber="4", mobile="13900003333"))
    city.drain()
    complaint = city.complaint(subject)
    assert (complaint.wrong_number, complaint.contact_requested) == (False, False)
    assert complaint.paused == {}
    with city.office.database.read() as conn:
        assert phone_of(conn, city.office.vault, subject) == "13900003333"
    city.hotline.confirms(subject)
    assert city.damage() == []


def test_an_ended_complaint_takes_a_contact_while_the_citizen_may_object_and_is_not_forgotten(city):
    ended = [city.portal.bad_review(project=name, mobile="") for name in "ABCD"]
    city.drain()
    for subject in ended:
        city.step(
            subject,
            s.ComplaintDismissed,
            OPERATOR,
            verdict="invalid",
            ground="misoperation",
            note="系统记录为误触",
        )
    city.drain()
    for subject in (ended[1], ended[3]):
        erase_person(city.ledger, account="管理员", reason="本人要求", subject=subject)
    city.step(ended[3], s.DismissalReversed, SUPERVISOR, reason="再核实")
    given = {"assessTime": instant(city.clock.now), "assessNumber": "2"}
    city.portal.sends(*(rating(name, 1, **given) for name in "ABD"))
    city.drain()
    city.travel(days=400)
    city.portal.sends(rating("C", 1, **given))
    city.drain()
    supplied = ["ContactSupplied" in city.timeline(subject) for subject in ended]
    assert supplied == [True, False, False, False]
    assert "CitizenObjected" in city.timeline(ended[0])
    assert city.damage() == []


def test_an_appeal_stops_the_clock_of_rectification_and_its_rejection_starts_it_again(city, ruled):
    ruled(appeal_pauses=True)
    subject = dispatched(city)
    assert city.complaint(subject).limits["rectify"].due_at == at("2021-09-24T17:30:00")
    appeals(city, subject)
    assert rectify_due(city) is None
    assert "rectify" in city.complaint(subject).paused
    city.step(subject, s.AppealRejected, REVIEWER, reason="是你们办的")
    city.drain()
    # The 17th, 22nd, 23rd, 24th and 26th count; the 18th stood still, and 7.5 hours are given back.
    limit = city.complaint(subject).limits["rectify"]
    assert limit.due_at == rectify_due(city) == at("2021-09-27T17:30:00")
    with city.office.database.read() as conn:
        (pause,) = delays_of(conn, [subject])[subject, 1].pauses
    assert [micros(end) for end in pause] == [at("2021-09-17T10:00:00"), at("2021-09-22T10:00:00")]
    city.step(subject, s.ExtensionRequested, HANDLER, working_days=2, reason="需要时间")
    city.step(subject, s.ExtensionGranted, SUPERVISOR, working_days=2)
    city.drain()
    limit = city.complaint(subject).limits["rectify"]
    assert limit.due_at == at("2021-09-29T17:30:00")
    assert limit.original_due_at == at("2021-09-27T17:30:00")
    assert city.damage() == []


def test_what_stands_still_is_neither_missed_nor_shown_as_overdue(city, ruled):
    ruled(appeal_pauses=True)
    subject = dispatched(city)
    appeals(city, subject, "2021-10-25T10:00:00+08:00")
    while tick(city.ledger):
        city.drain()
    assert "rectify:1" not in city.complaint(subject).missed
    assert "appeal_ruling:1" in city.complaint(subject).missed
    with city.office.database.read() as conn:
        assert "rectify" not in set(conn.execute(select(deadlines.c.limit_name)).scalars())
    seen = {due.name: due.paused for due in timeline(city.office, subject, HANDLER).open}
    assert seen["rectify"]
    assert city.damage() == []


def test_a_notice_moves_what_stands_still_only_when_it_runs_on(city, ruled):
    ruled(appeal_pauses=True)
    subject = dispatched(city)
    appeals(city, subject)
    before = city.complaint(subject).limits["rectify"]
    revise_calendar(
        city.ledger, account="监督01", version="x", notice="临时放假", off=["2021-09-24"]
    )
    recompute(city.ledger)
    city.drain()
    assert city.complaint(subject).limits["rectify"] == before
    query = select(events.c.data).where(events.c.type == "DeadlineRecomputed")
    with city.office.database.read() as conn:
        moved = "".join(conn.execute(query).scalars())
    assert '"total"' in moved
    assert '"rectify"' not in moved
    assert city.damage() == []
    city.step(subject, s.AppealRejected, REVIEWER, reason="是")
    city.drain()
    assert city.complaint(subject).limits["rectify"].due_at == at("2021-09-28T17:30:00")
    recompute(city.ledger)
    assert city.complaint(subject).limits["rectify"].due_at == at("2021-09-28T17:30:00")
    assert city.damage() == []


def test_in_zibo_an_appeal_stops_nothing(city):
    subject = dispatched(city)
    before = city.complaint(subject).limits["rectify"]
    appeals(city, subject)
    city.step(subject, s.AppealRejected, REVIEWER, reason="是")
    city.drain()
    assert city.complaint(subject).limits["rectify"] == before
    assert city.complaint(subject).pauses == {}
    assert city.damage() == []


def without_phone(city):
    subject = city.portal.bad_review(mobile=None)
    city.drain()
    city.step(subject, s.ContactRequested, OPERATOR)
    city.drain()
    return subject


def without_answer(city, subject):
    """Friday at 16:00 a phone is asked for, and the clerk says nothing for a week."""
    city.travel("2021-09-17T16:00:00+08:00")
    city.step(subject, s.ContactRequested, OPERATOR)
    city.drain()
    city.travel("2021-09-18T17:30:00+08:00")
    tick(city.ledger, at("2021-09-18T17:29:59"))
    assert "verify" in city.complaint(subject).paused
    for later in ("2021-09-18T17:30:05+08:00", "2021-09-24T09:00:00+08:00"):
        city.travel(later)
        while tick(city.ledger):
            city.drain()


def test_a_clerk_who_never_answers_holds_nothing_up_for_good(city):
    subject = city.portal.bad_review(mobile="")
    city.drain()
    without_answer(city, subject)
    complaint = city.complaint(subject)
    assert (complaint.paused, complaint.contact_requested) == ({}, False)
    assert "verify:2" in complaint.missed
    (told,) = [
        entry
        for entry in timeline(city.office, subject, OPERATOR).entries
        if entry.type == "ContactSupplied"
    ]
    assert told.details == (("查到电话", "否"),)
    assert queue(city.office, "operator")[0].left_text.startswith("已超期")
    assert city.damage() == []
    city.step(subject, s.ContactRequested, OPERATOR)
    city.drain()
    assert "verify" in city.complaint(subject).paused
    assert city.damage() == []
    city.travel("2021-10-08T09:00:00+08:00")
    while tick(city.ledger):
        city.drain()
    assert city.complaint(subject).paused == {}
    city.step(
        subject, s.ComplaintDismissed, OPERATOR, verdict="unverifiable", note="查不到联系方式"
    )
    assert city.damage() == []


def test_after_a_wrong_number_and_no_other_one_nobody_is_called_again(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.calls(subject, "wrong_number")
    given = {"verdict": "unverifiable", "note": "号码有误，单位没有补来"}
    with pytest.raises(IllegalStep, match="至少拨打3次"):
        city.step(subject, s.ComplaintDismissed, OPERATOR, **given)
    without_answer(city, subject)
    city.step(subject, s.ComplaintDismissed, OPERATOR, **given)
    assert city.state(subject) == "核实结案"
    assert city.damage() == []


def test_where_looking_for_a_phone_stops_nothing_verification_runs_out(city, ruled):
    ruled(contact_pauses=False)
    subject = without_phone(city)
    due = city.complaint(subject).limits["verify"].due_at
    city.travel(days=4)
    while tick(city.ledger):
        city.drain()
    assert "verify:1" in city.complaint(subject).missed
    wanted = contacts_wanted(city.ledger, unit=UNIT)
    supply_contact(city.ledger, "P0001", "1", account="数据员01", unit=UNIT, phone="13900001111")
    city.drain()
    assert city.complaint(subject).limits["verify"].due_at == due
    assert contacts_wanted(city.ledger, unit=UNIT) == wanted != ()
    assert city.damage() == []


def test_a_stopped_clock_has_one_word_on_every_desk(city):
    c = city.complaint(without_phone(city))
    shown = left_of(city.office.rulebook.of(c), c, "verify", city.clock())
    assert shown is not None
    assert shown.text == "停表"
    assert queue(city.office, "operator")[0].left_text.startswith("停表，")


def test_a_request_left_open_at_the_end_holds_nothing_up_when_it_is_opened_again(city):
    subject = without_phone(city)
    city.step(
        subject, s.ComplaintDismissed, OPERATOR, verdict="invalid", ground="duplicate", note="重复"
    )
    city.step(subject, s.DismissalReversed, SUPERVISOR, reason="再核实")
    city.drain()
    assert city.complaint(subject).paused == {}
    assert "停表" not in queue(city.office, "operator")[0].left_text
    city.travel(days=4)
    while tick(city.ledger):
        city.drain()
    assert "verify:2" in city.complaint(subject).missed
    assert city.damage() == []


def test_extensions_are_counted_beside_their_days(city, ruled):
    ruled(max_extensions=1)
    subject = dispatched(city)
    city.department.acknowledges(subject)
    city.step(subject, s.ExtensionRequested, HANDLER, working_days=1, reason="人手不够")
    city.step(subject, s.ExtensionRefused, SUPERVISOR, reason="理由不足")
    city.step(subject, s.ExtensionRequested, HANDLER, working_days=1, reason="要等外单位材料")
    city.step(subject, s.ExtensionGranted, SUPERVISOR, working_days=1)
    with pytest.raises(IllegalStep, match="已延期1次，达到上限"):
        city.step(subject, s.ExtensionRequested, HANDLER, working_days=1, reason="还要一天")
    city.drain()
    assert city.damage() == []
