"""What grows with the years is found by an index: a page that read every complaint, message or look
there is would be slower each month.
"""

from contextlib import contextmanager

import pytest
from city import OPERATOR, UNIT, rating
from desks import Desks
from plans import planned
from systems import Systems

import schemas as s
from console.accounts.tokens import Scope
from console.finding import found_by
from console.traces import looked, looks
from producers import departments
from schemas.envelope import Role
from workflow.erasure import Retention
from workflow.ledger import Actor
from workflow.storage.erasing import of_day
from workflow.storage.vault import Vault


@contextmanager
def by_index(city, words):
    """Something with these words is asked, and its plan names an index at every step."""
    with city.office.database.read() as conn, planned(conn, words) as plans:
        yield
    assert plans
    read = [step for _, step in plans if not step.endswith(("SUBQUERY 1", "MULTI-INDEX OR"))]
    assert [step for step in read if " USING " not in step or "TEMP B-TREE" in step] == []


def test_a_number_of_any_kind_finds_its_complaint(city):
    subject = city.portal.bad_review(project="P9")
    city.drain()
    city.step(subject, s.TicketLinked, OPERATOR, ticket="RX-7")
    for number in (subject, "P9", "RX-7"):
        with city.office.database.read() as conn, planned(conn, "complaints.ticket") as plans:
            (found,) = found_by(city.office, number, OPERATOR)
        assert found.id == subject
        assert [step for _, step in plans if step.startswith("SCAN")] == []


def test_a_clerk_is_told_what_is_wanted(city):
    with by_index(city, "complaints.handled_by"):
        departments.contacts_wanted(city.ledger, unit=UNIT)
    with by_index(city, "complaints.handled_by"):
        given = {"unit": UNIT, "account": "数据员", "phone": "13900001111"}
        assert departments.supply_contact(city.ledger, "P1", "1", **given) is None


@pytest.mark.parametrize("who", [{"account": OPERATOR.name}, {"subject": "CP21-0002"}])
def test_who_looked_is_listed_a_page_at_a_time(city, who):
    looked(city.office, OPERATOR, "phone", "CP21-0001", "CP21-0002")
    looked(city.office, Actor("另一人", OPERATOR.role), "phone", "CP21-0003", "CP21-0002")
    with city.office.database.read() as conn, by_index(city, "FROM views"):
        newest, oldest = looks(conn, **who)
        assert looks(conn, **who, most=1) == (newest,)
        assert looks(conn, **who, before=newest.id) == (oldest,)


def test_a_system_reads_complaints_in_the_order_they_came(city):
    first, second = city.portal.bad_review(), city.portal.bad_review()
    client = Systems(city).client(Scope.READ)
    with by_index(city, "ORDER BY complaints.collected_at"):
        assert client.get("/complaints?limit=1").json()["next"] == first
        (left,) = client.get("/complaints", params={"after": first}).json()["items"]
        since = {"since": "2021-09-16T09:59:00+08:00", "after": second}
        assert client.get("/complaints", params=since).json()["items"] == []
    assert left["id"] == second


def test_a_system_reads_the_open_complaints_of_a_state_among_the_open_ones(city):
    client = Systems(city).client(Scope.READ)
    with city.office.database.read() as conn, planned(conn, "ORDER BY complaints") as plans:
        client.get("/complaints?state=VERIFYING")
    assert plans[0][1] == "SEARCH complaints USING INDEX complaints_open (state=?)"


def test_receipts_are_listed_where_no_message_ever_went_out(city):
    city.portal.bad_review()
    city.drain()
    desk = Desks(city).sits("信息科庚", Role.IT)
    with by_index(city, "outbox.receipt"):
        assert "短信回执" in desk.get("/connect?tab=sent").text


def test_what_a_day_said_is_looked_for_from_that_day(city):
    city.portal.sends(rating("A"))
    city.travel(days=5000)
    with by_index(city, "JOIN vault"):
        Retention(city.ledger).expire()
    with city.office.database.read() as conn, planned(conn, "conflicts k") as plans:
        of_day(conn, "2021-09-16")
    (step,) = [step for _, step in plans if step.startswith("SEARCH k")]
    assert "project_no=?" in step


def test_a_complaints_page_opens_who_rated_once(city, monkeypatch):
    subject = city.portal.bad_review("又让我开证明", mobile="13900001234", userName="群众甲")
    city.drain()
    desk, opened, plain = Desks(city).sits(OPERATOR.name, Role.OPERATOR), [], Vault.plain
    monkeypatch.setattr(Vault, "plain", lambda *asked: opened.append(asked[2:]) or plain(*asked))
    page = desk.get(f"/c/{subject}").text
    assert opened.count((subject, "contact")) == 1
    assert "群**" in page
    assert "139****1234" in page
