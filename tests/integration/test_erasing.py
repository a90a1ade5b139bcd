"""People are forgotten when their time is over or when they ask; nothing else is."""

import json
from datetime import datetime

import pytest
from city import OPERATOR, rating, service
from sqlalchemy import Engine, event, func, select
from typer.testing import CliRunner

from console.cli import app
from console.finding import found_by_last4
from console.timeline import timeline
from producers.clock import Ticker
from workflow.contact import Citizen
from workflow.erasure import Retention, erase_person
from workflow.errors import InvalidInput, UnknownComplaint
from workflow.storage import messages
from workflow.storage.models import conflicts, contacts, events, raters, ratings, tallies, vault

PHONE, ANOTHER = "19900001234", "19900005678"


def at(text):
    return datetime.fromisoformat(f"{text}+08:00")


def owners(city, field="rating"):
    query = select(vault.c.owner).where(vault.c.field == field).order_by(vault.c.owner)
    with city.office.database.read() as conn:
        return [owner.split("\x1f")[-3] for owner in conn.execute(query).scalars()]


def count(city, table):
    with city.office.database.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def figures(city):
    with city.office.database.read() as conn:
        return (
            conn.execute(select(tallies)).all(),
            conn.execute(select(ratings.c.project_no, ratings.c.level, ratings.c.digest)).all(),
        )


def recorded(city):
    query = select(events.c.data).where(events.c.type == "PersonalDataErased")
    with city.office.database.read() as conn:
        return [json.loads(data) for data in conn.execute(query).scalars()]


def all_of_it(city, most=500):
    retention = Retention(city.ledger, most)
    while retention.expire():
        pass


def dismissed(city, **values):
    subject = city.portal.bad_review(**values)
    city.drain()
    city.hotline.dismisses(subject)
    city.drain()
    return subject


def test_a_rating_is_forgotten_when_its_time_is_over_and_a_repeat_is_still_one(city):
    first = rating("A")
    city.portal.sends(service("A"), first, rating("B", mobile=ANOTHER))
    before = figures(city)
    city.travel("2023-09-16T23:00:00+08:00")
    all_of_it(city)
    assert owners(city) == ["A", "B"]
    city.travel("2023-09-17T00:01:00+08:00")
    all_of_it(city)
    assert owners(city) == []
    assert count(city, raters) == 0
    assert figures(city) == before
    assert city.portal.sends(first).rows[0].outcome == "repeat"
    assert city.portal.sends(rating("B", 4)).rows[0].outcome == "conflict"
    assert owners(city) == owners(city, "private") == []
    assert [(said["ground"], said["ratings"]) for said in recorded(city)] == [("retention", 2)]
    assert city.damage() == []
    assert Retention(city.ledger).expire() == 0


def test_a_complaint_keeps_its_people_until_its_own_time_is_over(city):
    ended, still = dismissed(city, project="E"), city.portal.bad_review(project="O")
    city.travel("2023-09-17T00:01:00+08:00")
    all_of_it(city)
    assert owners(city) == ["O"]
    assert count(city, contacts) == 1
    shown = timeline(city.office, ended, OPERATOR)
    assert ("说明", "（已删除）") in shown.entries[-1].details
    told = dict(shown.head)
    assert (told["原话"], told["实名"]) == ("（已删除）", "是，电话已删除")
    assert dict(timeline(city.office, still, OPERATOR).head)["实名"] == "是，有电话"
    assert dict(timeline(city.office, still, OPERATOR).head)["原话"] == "又让我开证明"
    assert city.damage() == []


def test_it_goes_in_small_parts_and_on_after_a_fall(city, monkeypatch):
    city.portal.sends(*(rating(f"R{n}", mobile=f"1990000{n:04d}") for n in range(7)))
    city.portal.sends(rating("L", assessTime=at("2021-09-15T09:30:00")))
    city.travel("2024-01-01T00:01:00+08:00")
    moved = "workflow.erasure.move"
    with monkeypatch.context() as falling:
        falling.setattr(moved, lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            Retention(city.ledger, 3).expire()
    assert len(owners(city)) == 8
    retention = Retention(city.ledger, 3)
    retention.expire()
    assert len(owners(city)) == 7
    retention.expire()
    assert len(owners(city)) == 4
    all_of_it(city, 3)
    assert owners(city) == []
    assert sum(said["ratings"] for said in recorded(city)) == 8
    assert city.damage() == []


def test_a_day_is_looked_through_once_however_many_parts_it_goes_in(city):
    city.portal.sends(*(rating(f"R{n}", mobile=f"1990000{n:04d}") for n in range(20)))
    city.travel("2024-01-01T00:01:00+08:00")
    looked = []

    def note(_conn, _cursor, sql, *_):
        looked.append("FROM ratings r" in sql)

    event.listen(Engine, "before_cursor_execute", note)
    all_of_it(city, 3)
    event.remove(Engine, "before_cursor_execute", note)
    assert owners(city) == []
    assert sum(looked) <= 4, "ratings and conflicts, once, and once more when it is done with"


def test_what_comes_while_a_day_goes_goes_too(city):
    city.portal.sends(rating("A"), rating("B"))
    city.travel("2024-01-01T00:01:00+08:00")
    retention = Retention(city.ledger, 1)
    retention.expire()
    city.portal.sends(rating("C"))
    assert len(owners(city)) == 2
    while retention.expire():
        pass
    assert owners(city) == []
    assert city.damage() == []


def test_the_clock_does_it(city):
    city.portal.sends(rating("A"))
    city.travel("2023-09-17T00:01:00+08:00")
    Ticker(city.ledger, city.office.rulebook.in_force(city.clock.now).zone).once()
    assert owners(city) == []


def test_what_comes_after_its_time_is_counted_and_not_kept(city):
    city.travel("2024-01-01T00:01:00+08:00")
    all_of_it(city)
    subject = city.portal.bad_review(project="BAD")
    city.portal.sends(rating("GOOD"), rating("NEW", assessTime=at("2023-12-30T09:00:00")))
    assert owners(city) == ["BAD", "NEW"]
    assert count(city, ratings) == 3
    assert dict(timeline(city.office, subject, OPERATOR).head)["原话"] == "又让我开证明"
    assert city.damage() == []


def test_a_person_who_asks_is_forgotten_wherever_he_is_and_nobody_else(city):
    dismissed(city, project="E")
    city.portal.sends(rating("A"), rating("A", 4), rating("B", mobile=ANOTHER))
    city.portal.sends(rating("C", assessTime=at("2021-09-15T09:30:00")))
    still = city.portal.bad_review(project="O")
    before = figures(city)
    assert len(owners(city, "private")) == 1
    done = erase_person(city.ledger, account="管理员", reason="本人申请", phone="199-0000-1234")
    assert (done.complaints, done.ratings, done.under_way) == (1, 2, (still,))
    assert owners(city) == ["B", "O"]
    assert owners(city, "private") == []
    assert count(city, conflicts) == 1
    assert [item.id for item in found_by_last4(city.office, "1234", OPERATOR)] == [still]
    assert figures(city) == before
    assert city.portal.sends(rating("A")).rows[0].outcome == "repeat"
    assert city.portal.sends(rating("A", 4)).rows[0].outcome == "conflict"
    assert owners(city, "private") == []
    (said,) = recorded(city)
    assert (said["ground"], said["complaints"], said["ratings"]) == ("request", 1, 2)
    assert PHONE not in str(said)
    assert city.damage() == []
    city.drain()
    city.hotline.dismisses(still)
    again = erase_person(city.ledger, account="管理员", reason="本人申请", subject=still)
    assert (again.complaints, again.under_way) == (1, ())
    assert owners(city) == ["B"]
    assert count(city, contacts) == 0
    city.drain()
    assert city.damage() == []


def test_erasing_wants_a_reason_and_a_person(city):
    with pytest.raises(InvalidInput, match="reason"):
        erase_person(city.ledger, account="管理员", reason=" ", phone=PHONE)
    with pytest.raises(InvalidInput, match="phone"):
        erase_person(city.ledger, account="管理员", reason="x", phone="")
    with pytest.raises(UnknownComplaint):
        erase_person(city.ledger, account="管理员", reason="x", subject="CP21-9999")
    assert recorded(city) == []


def test_on_the_command_line_the_number_is_read_and_never_shown(city, folder):
    city.portal.sends(rating("A"))
    upload = folder / "uploads" / "x.csv"
    upload.parent.mkdir()
    upload.write_text(f"projectNo,mobile\nP1,{PHONE}\n")
    words = ["erase", "--as", "管理员", "--reason", "本人申请", "--json", "--data", str(folder)]
    result = CliRunner().invoke(app, words, input=f"{PHONE}\n")
    assert result.exit_code == 0
    assert json.loads(result.stdout)["ratings"] == 1
    assert not upload.exists()
    assert owners(city) == []


def test_what_was_deleted_is_overwritten_in_the_file(city, folder, storage):
    if storage.name != "sqlite":
        pytest.skip("a server rewrites its pages when it vacuums")
    city.portal.sends(rating("A"), *(rating(f"B{n}", mobile=ANOTHER) for n in range(9)))
    query = select(vault.c.sealed).where(vault.c.owner.like("%\x1fA\x1f%"))
    with city.office.database.read() as conn:
        tail = bytes(conn.execute(query).scalar_one())[-40:]

    def in_the_file():
        with city.office.database.engine.connect() as conn:
            conn.exec_driver_sql("ROLLBACK")
            conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
            conn.exec_driver_sql("BEGIN")
        return tail in (folder / "bihuan.db").read_bytes()

    assert in_the_file()
    erase_person(city.ledger, account="管理员", reason="x", phone=PHONE)
    assert not in_the_file()


def test_who_rated_later_in_anothers_complaint_is_forgotten_by_his_own_number(city):
    subject = dismissed(city, project="A", mobile=PHONE)
    city.portal.sends(rating("A", 5, assessNumber="2", mobile=ANOTHER, userName="群众乙"))
    city.drain()
    done = erase_person(city.ledger, account="管理员", reason="本人要求", phone=ANOTHER)
    assert (done.complaints, done.ratings, done.under_way) == (1, 0, ())
    with city.office.database.read() as conn:
        told = Citizen(conn, city.office.vault, city.complaint(subject)).known
    assert told == ()
    assert city.damage() == []


def test_what_was_sent_with_his_number_and_not_taken_in_goes_too(city):
    """In conflict with another's rating, and in messages put aside, however it is written there."""
    still = city.portal.bad_review(project="O", mobile=ANOTHER)
    city.portal.sends(rating("A", mobile=ANOTHER))
    city.portal.sends(rating("A", 4), rating("A", 3, mobile=ANOTHER), rating("O", 2))
    sent = (
        b'{"mobile": "+86 199-0000-1234"',
        b'{"mobile": "\\uff11\\uff19\\uff19 00001234"}',
        b'{"mobile": 19900001234}',
        "群众\t１９９００００１２３４,差".encode(),
        "电话19900001234，差".encode("gb18030"),
        b'{"mobile": "19900005678", "certKey": "370303199000012345"}',
        b"\x28\xb5\x2f\xfd\x00",
    )
    with city.office.database.write() as conn:
        for at, value in enumerate(sent):
            status = "trying" if at == 2 else "parked"
            parcel = messages.Parcel("ratings", 0, at, None, value, [("source", b"bihuan")])
            messages.park(conn, city.office.vault, parcel, status, "x", 1)
    done = erase_person(city.ledger, account="管理员", reason="本人申请", phone=PHONE)
    assert (done.conflicts, done.messages, done.rows) == (2, 5, 7)
    assert done.unread == ("ratings/0/6",)
    assert len(owners(city, "private")) == 1
    with city.office.database.read() as conn:
        assert [row.position for row in messages.listed(conn)] == [5, 6]
        assert [row.position for row in messages.sealed(conn)] == [5, 6]
    assert city.complaint(still).state == "COLLECTED"
    assert city.damage() == []
    done = erase_person(city.ledger, account="管理员", reason="本人申请", phone=ANOTHER)
    assert (done.conflicts, done.messages, done.under_way) == (1, 1, (still,))
    assert city.damage() == []


def test_whatever_language_a_server_sorts_by_people_are_forgotten_whole(abroad):
    city = abroad
    subject = dismissed(city, project="A", mobile=PHONE)
    city.portal.sends(rating("A", 1, assessNumber="2", mobile=ANOTHER, userName="群众乙"))
    city.portal.sends(rating("A", 2, assessNumber="2", mobile=ANOTHER))  # another content
    city.drain()
    with city.office.database.read() as conn:
        assert {"群众乙", ANOTHER} <= set(
            Citizen(conn, city.office.vault, city.complaint(subject)).known
        )
    erase_person(city.ledger, account="管理员", reason="本人要求", subject=subject)
    left = select(vault.c.field).where(vault.c.field != "sent")
    with city.office.database.read() as conn:
        assert conn.execute(left).scalars().all() == ["reason"], "why it was erased, and no more"
    assert city.damage() == []
