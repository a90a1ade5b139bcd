"""Where the order goes out before anybody knows the case, its class moves the time it has."""

import re
from zoneinfo import ZoneInfo

import pytest
from city import HANDLER, OPERATOR, SUPERVISOR
from desks import Desks, hidden_of
from sqlalchemy import select

import schemas as s
from console.reports import facts
from producers import supervisors
from schemas.envelope import Role
from workflow.clock import instant
from workflow.errors import IllegalStep
from workflow.storage.models import order_facts, outbox

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
def city(under):
    """A city in Shanghai: 5 working days, 15 for complex cases."""
    return under("shanghai")


@pytest.fixture
def dispatched(city):
    subject = city.portal.bad_review()
    city.drain()
    assert due(city, subject) == "2021-09-24 17:30"
    return subject


def due(city, subject):
    at = instant(city.complaint(subject).limits["rectify"].due_at)
    return f"{at.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"


@pytest.mark.parametrize("acknowledged", [False, True])
def test_a_case_found_complex_has_fifteen_days_from_its_dispatch(city, dispatched, acknowledged):
    if acknowledged:
        city.department.acknowledges(dispatched)
    city.travel("2021-09-22T15:00:00+08:00")
    told = city.hotline.confirms(dispatched, case_class="complex")
    assert set(told.limits) == {"rectify"}
    assert due(city, dispatched) == "2021-10-13 17:30"
    city.drain()
    with city.office.database.read() as conn:
        (order,) = facts.orders(conn, order_facts.c.subject == dispatched)
    assert order.rectify_due_at == told.limits["rectify"].due_at


def test_a_clear_case_keeps_its_time_and_its_class_is_not_changed_again(city, dispatched):
    assert not city.hotline.confirms(dispatched).limits
    with pytest.raises(IllegalStep, match="已有核实结论"):
        city.hotline.confirms(dispatched, case_class="complex")
    assert due(city, dispatched) == "2021-09-24 17:30"


def test_the_extension_granted_before_is_added_to_the_longer_time(city, dispatched):
    city.department.acknowledges(dispatched)
    city.step(dispatched, s.ExtensionRequested, HANDLER, working_days=2, reason="要调档案")
    city.step(dispatched, s.ExtensionGranted, SUPERVISOR, working_days=2)
    assert due(city, dispatched) == "2021-09-27 17:30"
    city.hotline.confirms(dispatched, case_class="complex")
    assert due(city, dispatched) == "2021-10-15 17:30"


def test_the_unit_is_told_its_new_due_time_and_no_other(city, dispatched):
    city.hotline.confirms(dispatched, case_class="complex")
    city.drain()
    query = select(outbox.c.recipient, outbox.c.body).where(outbox.c.body.contains("改为"))
    with city.office.database.read() as conn:
        told = [tuple(row) for row in conn.execute(query)]
    assert told == [("unit:ZD-RSJ", "GD21-0001-1 整改期限改为10月13日17:30")]


def test_work_sent_back_has_the_time_of_its_class_and_of_the_notice_that_came_meanwhile(
    city, dispatched
):
    city.department.submits(dispatched)
    city.hotline.confirms(dispatched, case_class="complex")
    notice = {"version": "2021.9", "notice": "通知", "off": ["2021-10-08"]}
    supervisors.revise_calendar(city.ledger, account=SUPERVISOR.name, **notice)
    city.step(dispatched, s.RectificationSentBack, OPERATOR, reason="没有写怎么改")
    assert due(city, dispatched) == "2021-10-14 17:30"


def test_a_time_already_missed_stays_missed_whatever_the_case_turns_out_to_be(city, dispatched):
    """Nor does it come back when the work is sent back, or the calendar is revised."""
    city.department.acknowledges(dispatched)
    city.travel("2021-09-25T09:00:00+08:00")
    city.drain()
    seen, clear = foresees(city, dispatched, "complex", "clear")
    assert re.search(r"截止 <b>([^<]+)</b>", seen)[1].startswith("2021-09-24")
    assert "整改已超期，不因情况复杂延后" in seen
    assert "延后" not in clear
    told = city.hotline.confirms(dispatched, case_class="complex")
    assert not told.limits
    city.department.submits(dispatched)
    city.step(dispatched, s.RectificationSentBack, OPERATOR, reason="没有写怎么改")
    assert due(city, dispatched) == "2021-09-24 17:30"
    city.drain()
    assert late(city, dispatched)
    assert city.damage() == []
    city.department.submits(dispatched)
    city.citizen.rates(dispatched, 1)
    city.drain()
    assert due(city, dispatched) == "2021-10-20 17:30", "the next order has the time of its class"
    assert city.damage() == []


def test_what_was_submitted_late_is_late_though_the_case_is_found_complex_after_it(
    city, dispatched
):
    city.department.acknowledges(dispatched)
    city.travel("2021-09-25T09:00:00+08:00")
    city.drain()
    city.department.submits(dispatched)
    city.hotline.confirms(dispatched, case_class="complex")
    city.step(dispatched, s.RectificationSentBack, OPERATOR, reason="没有写怎么改")
    assert due(city, dispatched) == "2021-09-24 17:30"
    assert city.damage() == []


def late(city, subject):
    """Whether the figures say that the order's time was missed."""
    with city.office.database.read() as conn:
        (order,) = facts.orders(conn, order_facts.c.subject == subject)
    return order.rectify_due_at < city.office.clock() and order.submitted_at is None


def test_the_operator_foresees_it(city, dispatched):
    (shown,) = foresees(city, dispatched, "complex")
    assert re.search(r"截止 <b>([^<]+)</b>", shown)[1].startswith("2021-10-13")
    assert due(city, dispatched) == "2021-09-24 17:30"


def foresees(city, subject, *classes):
    """What stands under the form of an operator who has called, by what he chooses."""
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    city.hotline.calls(subject)
    sent = hidden_of(operator.get(f"/c/{subject}").text)
    place = f"/c/{subject}/preview"
    return [operator.client.post(place, data=sent | {"case_class": c}).text for c in classes]
