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


def test_the_operator_foresees_it(city, dispatched):
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    city.hotline.calls(dispatched)
    sent = hidden_of(operator.get(f"/c/{dispatched}").text) | {"case_class": "complex"}
    shown = operator.client.post(f"/c/{dispatched}/preview", data=sent).text
    assert re.search(r"截止 <b>([^<]+)</b>", shown)[1].startswith("2021-10-13")
    assert due(city, dispatched) == "2021-09-24 17:30"
