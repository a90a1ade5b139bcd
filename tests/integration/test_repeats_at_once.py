"""The same command twice at the same moment: done once, and both are told the first answer."""

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import pytest
from city import OPERATOR, SUPERVISOR
from desks import Desks, hidden_of
from sqlalchemy import select
from systems import Systems

import schemas as s
from producers.supervisors import revise_calendar
from schemas.envelope import Role
from workflow.errors import KeyReused
from workflow.storage.models import commands, lanes

SOON = 0.5
"""Seconds in which whoever asked stands where he has to wait."""

CONFIRMED = {"by": "call", "reason_code": "115", "case_class": "clear"}


@pytest.fixture
def called(city):
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    city.hotline.calls(subject)
    return subject


@contextmanager
def nothing_ends(city):
    """Whatever is begun goes on as far as the log, and ends only with this."""
    with city.office.database.write() as conn:
        conn.execute(select(lanes).order_by(lanes.c.lane).with_for_update()).all()
        yield


def at_once(city, *asks):
    """What each is answered, or the error it is refused with; all are asked before any is done."""
    with ThreadPoolExecutor(len(asks)) as pool:
        with nothing_ends(city):
            asked = [pool.submit(ask) for ask in asks]
            threading.Event().wait(SOON)
        return [one.exception() or one.result() for one in asked]


@pytest.mark.parametrize(
    ("kind", "by", "values"),
    [(s.Reminded, SUPERVISOR, {"note": "请尽快"}), (s.ComplaintConfirmed, OPERATOR, CONFIRMED)],
    ids=["one that could be done again", "one that moves the complaint on"],
)
def test_the_second_waits_and_gets_the_answer_of_the_first(city, called, kind, by, values):
    def ask():
        return city.step(called, kind, by, key="k1", **values)

    first, second = sorted(at_once(city, ask, ask), key=lambda told: told.repeated)
    assert (first.repeated, second.repeated) == (False, True)
    assert (second.event_id, second.state, second.type) == (first.event_id, first.state, first.type)
    assert city.timeline(called).count(kind.__name__) == 1
    assert city.damage() == []


def test_of_two_complaints_one_has_the_key_and_the_other_is_told(city):
    subjects = [city.portal.bad_review() for _ in "12"]

    def asks(subject):
        return lambda: city.step(subject, s.Reminded, SUPERVISOR, key="k1", note="请尽快")

    told = at_once(city, *map(asks, subjects))
    assert sum(isinstance(answer, KeyReused) for answer in told) == 1, told
    assert sum(city.timeline(subject).count("Reminded") for subject in subjects) == 1
    with city.office.database.read() as conn:
        assert len(conn.execute(select(commands)).all()) == 1


def test_a_system_that_sends_twice_at_once_is_answered_twice_alike(city, called):
    systems = Systems(city)
    client, path = systems.client(), f"/complaints/{called}/steps/hotline/confirm"

    def sends():
        return client.post(path, json=CONFIRMED, headers={"Idempotency-Key": "k1"})

    answers = at_once(city, sends, sends)
    assert [answer.status_code for answer in answers] == [200, 200]
    told = sorted((answer.json() for answer in answers), key=lambda one: one["repeated"])
    assert [one.pop("repeated") for one in told] == [False, True]
    assert told[0]["version"] == told[1]["version"]


def test_a_form_sent_twice_at_once_leads_to_one_step_and_twice_to_its_page(city, called):
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    sent = CONFIRMED | {"key": "k1", "expected_version": str(city.complaint(called).version)}
    sent = hidden_of(operator.get(f"/c/{called}").text) | sent

    def sends():
        return operator.client.post(f"/c/{called}/complaint-confirmed", data=sent)

    answers = at_once(city, sends, sends)
    assert [answer.status_code for answer in answers] == [303, 303]
    assert answers[0].headers["location"] == answers[1].headers["location"]
    assert city.timeline(called).count("ComplaintConfirmed") == 1


def test_two_notices_at_once_are_both_recorded_one_after_the_other(city):
    def notice(version):
        given = {"version": version, "notice": "通知", "off": ["2021-10-11"]}
        return lambda: revise_calendar(city.ledger, account=SUPERVISOR.name, **given)

    told = at_once(city, *map(notice, ("甲", "乙")))
    assert sorted(told) == ["calendar/china-1", "calendar/china-2"]
    assert city.office.rulebook.revisions == 2
    assert city.damage() == []
