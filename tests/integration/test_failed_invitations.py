"""A message to the citizen that failed: the supervisor's board says how the round goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest
from city import SUPERVISOR, City
from desks import Desks
from sqlalchemy import select

from producers import hotline
from schemas.envelope import Role
from workflow import outbox
from workflow.policy import Policies
from workflow.storage.models import outbox as table

ON = ("sqlite",)


@pytest.fixture
def invited(city: City) -> str:
    return invites(city)


def invites(city: City) -> str:
    """A complaint whose citizen a message was written to, at the end of a round."""
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    ends_a_round(city, subject)
    hotline.send_invitation(city.ledger, subject, account="a", channel="message")
    return subject


def ends_a_round(city: City, subject: str) -> None:
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()


def row_of(city: City, subject: str) -> str:
    page = Desks(city).sits(f"{SUPERVISOR.name}{city.clock.now}", Role.SUPERVISOR).get("/watch")
    return next(row for row in page.text.split("<tr") if subject in row)


def fails(city: City) -> None:
    city.travel(minutes=1)
    assert outbox.deliver(city.ledger, {}) == 1


def test_a_call_takes_its_place(city: City, invited: str) -> None:
    assert "短信待发<" in row_of(city, invited)
    fails(city)
    assert "短信✗，转电话回访<" in row_of(city, invited)
    city.drain()
    with city.office.database.read() as conn:
        told = conn.execute(select(table.c.body)).scalars().all()
    assert f"{invited} 请电话回访，邀请群众再评价" in told


def test_a_number_that_is_wrong_is_not_called(city: City, invited: str) -> None:
    city.hotline.calls(invited, "wrong_number")
    fails(city)
    assert "短信✗，号码不能用<" in row_of(city, invited)


def test_where_nobody_is_invited_by_call_the_hotline_is_to_see_to_it(city: City) -> None:
    rulebook = city.office.rulebook
    zibo = rulebook.in_force(city.clock.now)
    rulebook.policies = Policies([replace(zibo, reevaluation_channels=("message",))])
    subject = invites(city)
    fails(city)
    assert "短信✗，须另行联系<" in row_of(city, subject)


def test_the_next_round_is_not_told_of_the_message_of_the_last(city: City, invited: str) -> None:
    fails(city)
    city.citizen.rates(invited, 1)
    city.drain()
    city.travel(hours=1)
    assert city.complaint(invited).round == 2
    ends_a_round(city, invited)
    assert "短信" not in row_of(city, invited)
