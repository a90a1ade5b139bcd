"""What desks' lists are read by: each column says what is open, and says it no longer than that."""

import pytest
from city import CITIZEN, HANDLER, OPERATOR, SECOND, SUPERVISOR, UNIT
from sqlalchemy import select

import schemas as s
from console.scope import visible
from schemas.envelope import Role
from workflow.ledger import Actor
from workflow.storage.models import complaints

HOUR = 3_600_000_000


@pytest.fixture
def received(city):
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    return subject


def columns(city, subject):
    names = (complaints.c.marks, complaints.c.next_call_at, complaints.c.assisting)
    with city.office.database.read() as conn:
        marks, later, assisting = conn.execute(
            select(*names).where(complaints.c.id == subject)
        ).one()
    return marks.split(), later, assisting


def test_what_is_open_beside_the_state_is_marked_until_it_is_settled(city, received):
    assert columns(city, received)[0] == ["verify"]
    city.step(received, s.MaliceAlleged, OPERATOR, reason="反复同样的话")
    assert columns(city, received)[0] == ["verify", "malice"]
    city.step(received, s.MaliceRejected, SECOND, reason="说的是实情")
    city.hotline.confirms(received)
    assert columns(city, received)[0] == []
    city.hotline.assigns(received)
    city.department.acknowledges(received)
    city.step(received, s.ClarificationAsked, HANDLER, question="是哪一天")
    city.step(received, s.ExtensionRequested, HANDLER, working_days=2, reason="须调档")
    assert columns(city, received)[0] == ["question", "extension"]
    city.step(received, s.ClarificationAnswered, OPERATOR, answer="上周二")
    city.step(received, s.ExtensionRefused, SUPERVISOR, reason="不须调档")
    assert columns(city, received)[0] == []
    assert city.damage() == []


def test_retaliation_stays_marked_once_it_was_told_of(city, received):
    city.step(received, s.RetaliationReported, CITIZEN, words="有人上门问是谁评的")
    assert columns(city, received)[0] == ["verify", "retaliation"]
    city.hotline.confirms(received)
    assert columns(city, received)[0] == ["retaliation"]
    assert city.damage() == []


def test_the_last_return_the_cap_allows_is_marked_while_it_waits(city, received):
    city.hotline.confirms(received)
    most = city.office.rulebook.in_force(city.clock.now).max_returns
    for number in range(1, most + 1):
        city.hotline.assigns(received)
        city.step(received, s.WorkOrderReturned, HANDLER, reason="不归我们", legal_basis="三定")
        assert columns(city, received)[0] == (["capped"] if number == most else [])
        city.step(received, s.ReturnAccepted, SUPERVISOR)
    assert columns(city, received)[0] == []
    assert city.damage() == []


def test_a_call_agreed_is_kept_until_the_next_call_or_the_verdict(city, received):
    later = city.clock.now + HOUR
    city.step(received, s.CallAttempted, OPERATOR, outcome="call_later", next_call_at=later)
    assert columns(city, received)[1] == later
    city.hotline.calls(received, "no_answer")
    assert columns(city, received)[1] is None
    city.step(received, s.CallAttempted, OPERATOR, outcome="answered", next_call_at=later)
    given = {"by": "call", "reason_code": "115", "case_class": "clear"}
    city.step(received, s.ComplaintConfirmed, OPERATOR, **given)
    assert columns(city, received)[1] is None
    assert city.damage() == []


def test_assisting_units_see_what_they_assist_in_and_nobody_like_them(city, received):
    city.hotline.confirms(received)
    given = {"order": "GD21-0001-1", "unit": UNIT, "rule": "person", "assisting": ("ZD-YBJ", "A%B")}
    city.step(received, s.DepartmentAssigned, OPERATOR, **given)
    assert columns(city, received)[2] == ",ZD-YBJ,A%B,"

    def seen_by(unit):
        where = visible(Actor("经办", Role.DEPARTMENT, unit))
        with city.office.database.read() as conn:
            return list(conn.execute(select(complaints.c.id).where(where)).scalars())

    assert [seen_by(unit) for unit in (UNIT, "ZD-YBJ", "A%B")] == [[received]] * 3
    assert [seen_by(unit) for unit in ("ZD", "YBJ", "AxB", "%", "_", ",")] == [[]] * 6
    assert city.damage() == []
