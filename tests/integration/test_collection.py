"""归集: what becomes of each row, and that a batch goes in whole or not at all."""

from datetime import datetime, timedelta

import pytest
from city import rating, service
from sqlalchemy import func, select

from producers import hotline
from schemas.codes import Origin
from workflow.clock import instant
from workflow.collection import MOST, collect
from workflow.contact import Citizen, ending_in, left_by, phone_of
from workflow.storage import collected
from workflow.storage.models import (
    complaint_facts,
    complaints,
    conflicts,
    contacts,
    raters,
    ratings,
    refused,
    services,
    tallies,
    vault,
)


def outcomes(answers):
    return [answer.outcome for answer in answers.rows]


def count(city, table):
    with city.office.database.read() as conn:
        return conn.execute(select(func.count()).select_from(table)).scalar_one()


def tally(city, unit="ZD-RSJ", day="2021-09-16"):
    """A, M, P, D of the day; zeros where nothing was counted."""
    query = select(tallies).where(tallies.c.unit == unit, tallies.c.day == day)
    with city.office.database.read() as conn:
        row = conn.execute(query).one_or_none()
    return (0, 0, 0, 0) if row is None else (row.services, row.ratings, row.onsite, row.bad)


@pytest.mark.guarantee("G1")
def test_new_rows_are_accepted_and_a_bad_one_opens_a_complaint(city):
    answers = city.portal.sends(service("A"), service("B"), rating("A"), rating("B", 2))
    assert outcomes(answers) == ["accepted"] * 4
    assert [answer.number for answer in answers.rows] == [1, 2, 3, 4]
    assert answers.rows[3].complaint == "CP21-0001"
    assert answers.complaints == 1
    assert city.timeline("CP21-0001") == ["ReviewCollected"]
    assert tally(city) == (2, 2, 2, 1)
    assert city.damage() == []


@pytest.mark.guarantee("G1")
def test_the_same_batch_sent_again_is_all_repeats_and_counts_nothing(city):
    rows = [service("A"), rating("A"), rating("B", 1)]
    city.portal.sends(*rows)
    again = city.portal.sends(*rows)
    assert outcomes(again) == ["repeat"] * 3
    assert (tally(city), count(city, complaints), count(city, conflicts)) == ((1, 2, 2, 1), 1, 0)
    assert city.timeline("CP21-0001") == ["ReviewCollected"]
    assert city.damage() == []


def test_another_content_under_the_same_key_is_kept_beside_the_first(city):
    city.portal.sends(service("A"), rating("A", 5))
    answers = city.portal.sends(service("A", winName="8号窗口"), rating("A", 1))
    assert outcomes(answers) == ["conflict", "conflict"]
    assert (count(city, conflicts), count(city, complaints)) == (2, 0)
    assert tally(city) == (1, 1, 1, 0)
    with city.office.database.read() as conn:
        assert conn.execute(select(ratings.c.level)).scalars().all() == [5]
        kept = select(func.count()).where(vault.c.owner.like("conflict%"))
        assert conn.execute(kept).scalar_one() >= 2
    assert outcomes(city.portal.sends(rating("A", 1))) == ["conflict"]
    assert count(city, conflicts) == 2
    assert city.damage() == []


def test_a_name_spelt_differently_is_a_conflict_too_though_it_lies_in_the_vault(city):
    city.portal.sends(rating("A", userName="群众甲"))
    assert outcomes(city.portal.sends(rating("A", userName="群众乙"))) == ["conflict"]


@pytest.mark.guarantee("G1")
def test_who_first_gave_his_name_and_then_not_has_said_something_else(city):
    city.portal.sends(rating("A"))
    assert outcomes(city.portal.sends(rating("A", anonymityFlag=True))) == ["conflict"]
    city.portal.sends(rating("B", anonymityFlag=True))
    assert outcomes(city.portal.sends(rating("B", anonymityFlag=True))) == ["repeat"]
    assert city.damage() == []


def test_rows_that_meet_in_one_batch_are_told_apart(city):
    rows = [rating("A", 5), rating("A", 5), rating("A", 1), rating("A", 1, assessNumber="2")]
    answers = city.portal.sends(*rows)
    assert outcomes(answers) == ["accepted", "repeat", "conflict", "accepted"]
    assert answers.rows[3].complaint is not None
    assert tally(city) == (0, 2, 2, 1)
    assert city.damage() == []


@pytest.mark.guarantee("G1")
def test_a_service_sent_again_when_it_is_done_is_kept_beside_the_first(city):
    begun = service("A", acceptDate=datetime.fromisoformat("2021-09-16T09:00:00+08:00"))
    done = begun.model_copy(
        update={"resultDate": datetime.fromisoformat("2021-09-20T16:00:00+08:00")}
    )
    assert outcomes(city.portal.sends(begun)) == ["accepted"]
    assert outcomes(city.portal.sends(done, begun)) == ["conflict", "repeat"]
    assert (count(city, services), count(city, conflicts)) == (1, 1)
    assert (tally(city), city.damage()) == ((1, 0, 0, 0), [])


@pytest.mark.guarantee("G1")
def test_every_row_has_exactly_one_answer_also_when_old_and_new_are_mixed(city):
    city.portal.sends(rating("A"), rating("B"))
    rows = [rating("B"), rating("C"), rating("C"), rating("A", 4), rating("D"), rating("A")]
    answers = city.portal.sends(*rows)
    expected = ["repeat", "accepted", "repeat", "conflict", "accepted", "repeat"]
    assert outcomes(answers) == expected
    assert [answer.number for answer in answers.rows] == [1, 2, 3, 4, 5, 6]
    assert city.damage() == []


@pytest.mark.guarantee("G1")
def test_many_rows_are_told_apart_whatever_the_batch_before_them_was(city):
    def sends(*numbers):
        rows = [one for n in numbers for one in (service(f"{n}"), rating(f"{n}"))]
        return outcomes(city.portal.sends(*rows))

    new, repeat = ["accepted"] * 2, ["repeat"] * 2
    assert sends(*range(40)) == new * 40
    assert sends(*range(20, 60)) == repeat * 20 + new * 20
    assert sends(*range(40)) == repeat * 40
    assert sends(*range(60, 100)) == new * 40
    assert sends(*range(100, 140), 99) == new * 40 + repeat
    assert tally(city) == (140, 140, 140, 0)
    assert (count(city, services), count(city, ratings)) == (140, 140)
    assert city.damage() == []


def test_a_rating_may_come_before_its_service_record(city):
    city.portal.sends(rating("A", 2, proDepart="", areaName=""), rating("B"))
    assert (tally(city, ""), tally(city)) == ((0, 1, 1, 1), (0, 1, 1, 0))
    assert city.damage() == []
    city.portal.sends(service("A"))
    assert (tally(city, ""), tally(city)) == ((0, 0, 0, 0), (1, 2, 2, 1))
    with city.office.database.read() as conn:
        query = select(ratings.c.unit, ratings.c.matched).order_by(ratings.c.project_no)
        assert conn.execute(query).all() == [("ZD-RSJ", 2), ("ZD-RSJ", None)]
    assert city.damage() == []
    again = city.portal.sends(rating("A", 2, proDepart="", areaName=""))
    assert outcomes(again) == ["repeat"]
    assert city.damage() == []


def test_a_rating_that_names_no_unit_takes_that_of_its_service_record(city):
    city.portal.sends(service("A"))
    city.portal.sends(rating("A", 1, proDepart="", areaName=""))
    assert tally(city) == (1, 1, 1, 1)
    assert city.complaint("CP21-0001").handled_by == "ZD-RSJ"
    assert city.damage() == []


def test_service_and_rating_may_come_in_one_batch_in_any_order(city):
    city.portal.sends(rating("A", proDepart="", areaName=""), service("A"))
    assert tally(city) == (1, 1, 1, 0)
    assert city.damage() == []


@pytest.mark.parametrize("together", [True, False], ids=["one batch", "two batches"])
def test_a_later_rating_of_the_same_service_joins_its_complaint(city, together):
    first, later = rating("A", 1), rating("A", 5, assessNumber="2")
    if together:
        answers = city.portal.sends(first, later)
        assert {answer.complaint for answer in answers.rows} == {"CP21-0001"}
    else:
        city.portal.sends(first)
        assert city.portal.sends(later).rows[0].complaint == "CP21-0001"
    assert city.timeline("CP21-0001") == ["ReviewCollected", "LaterRatingJoined"]
    assert tally(city) == (0, 2, 2, 1)
    assert city.damage() == []


@pytest.mark.parametrize("together", [True, False])
@pytest.mark.parametrize("first_was", ["without a phone", "anonymous"])
def test_a_later_rating_s_contact_becomes_its_complaint_s(city, together, first_was):
    hidden = {"mobile": "", "userName": ""} if first_was == "without a phone" else {}
    early = datetime.fromisoformat("2021-09-16T09:10:00+08:00")
    # The platform numbers them the other way round than they were given.
    first = rating("A", 1, assessNumber="2", assessTime=early, **hidden)
    if first_was == "anonymous":
        said = {"anonymityFlag": True, "mobile": "13900005678"}
        first = first.model_copy(update=said)
    later = rating("A", 1, mobile="13900005678", userName="群众乙")
    for rows in [(later, first)] if together else [(first,), (later,)]:
        city.portal.sends(*rows)
    assert city.timeline("CP21-0001") == ["ReviewCollected", "LaterRatingJoined", "ContactSupplied"]
    city.drain()
    complaint = city.complaint("CP21-0001")
    assert complaint.reachable
    vault = city.office.vault
    with city.office.database.read() as conn:
        assert phone_of(conn, vault, "CP21-0001") == "13900005678"
        assert ending_in(conn, vault, "5678") == ("CP21-0001",)
        assert {"群众乙", "13900005678"} <= set(Citizen(conn, vault, complaint).known)
        assert conn.execute(select(complaint_facts.c.real_name)).scalar_one()
    assert city.damage() == []


@pytest.mark.parametrize(
    ("first", "later"),
    [
        ({}, {"mobile": "13900005678"}),
        ({"mobile": ""}, {"mobile": "", "userName": "群众乙"}),
        ({"mobile": ""}, {"mobile": "13900005678", "anonymityFlag": True}),
        ({"anonymityFlag": True}, {"mobile": "13900005678"}),
    ],
    ids=["there was one", "no phone", "anonymous", "another one was given anonymously"],
)
def test_a_later_rating_brings_no_contact_where_none_is_wanted_or_given(city, first, later):
    city.portal.sends(rating("A", 1, **first))
    city.portal.sends(rating("A", 1, assessNumber="2", **later))
    assert city.timeline("CP21-0001") == ["ReviewCollected", "LaterRatingJoined"]
    assert city.damage() == []


def test_a_good_first_rating_and_a_later_bad_one_open_a_complaint(city):
    city.portal.sends(rating("A", 5))
    assert city.portal.sends(rating("A", 1, assessNumber="2")).rows[0].complaint == "CP21-0001"
    assert city.timeline("CP21-0001") == ["ReviewCollected"]


def test_another_service_of_the_same_case_is_another_complaint(city):
    answers = city.portal.sends(rating("A", 1), rating("A", 1, serviceNumber="2"))
    assert [answer.complaint for answer in answers.rows] == ["CP21-0001", "CP21-0002"]


@pytest.mark.parametrize(
    ("row", "field"),
    [
        (rating("A", proDepart="不存在的局"), "proDepart"),
        (service("A", proDepart="", deptCode="X1"), "deptCode"),
        (service("A", proDepart=""), "proDepart"),
    ],
    ids=["rating's unit", "service's code", "service without unit"],
)
def test_an_unknown_unit_is_refused_with_field_and_reason_and_the_rest_goes_in(city, row, field):
    answers = city.portal.sends(rating("B"), row, rating("C"))
    assert outcomes(answers) == ["accepted", "refused", "accepted"]
    refusal = answers.rows[1].refusal
    assert (refusal.row, refusal.field, bool(refusal.reason)) == (2, field, True)
    with city.office.database.read() as conn:
        kept = conn.execute(select(refused.c.row, refused.c.field, refused.c.reason)).all()
    assert kept == [(2, field, refusal.reason)]
    assert city.damage() == []


def test_a_time_that_lies_ahead_is_refused_but_a_platform_may_run_five_minutes_fast(city):
    now = instant(city.clock.now)
    answers = city.portal.sends(
        rating("A", assessTime=now + timedelta(minutes=5)),
        rating("B", assessTime=now + timedelta(minutes=5, microseconds=1)),
        service("C", serviceTime=now + timedelta(days=400)),
    )
    assert outcomes(answers) == ["accepted", "refused", "refused"]
    assert [a.refusal.field for a in answers.rows[1:]] == ["assessTime", "serviceTime"]
    assert city.damage() == []


def test_a_day_is_counted_in_the_offices_zone(city):
    city.travel("2021-09-18T00:00:00+08:00")
    late = datetime.fromisoformat("2021-09-16T15:59:59.999999+00:00")
    after = datetime.fromisoformat("2021-09-16T16:00:00+00:00")
    city.portal.sends(rating("A", assessTime=late), rating("B", assessTime=after))
    assert tally(city, day="2021-09-16") == (0, 1, 1, 0)
    assert tally(city, day="2021-09-17") == (0, 1, 1, 0)


def test_only_on_site_active_ratings_count_for_p_and_levels_one_and_two_for_d(city):
    rows = [rating(f"P{n}", origin=origin) for n, origin in enumerate(Origin)]
    rows += [rating(f"L{level}", level) for level in (1, 2, 3, 4, 5)]
    city.portal.sends(*rows)
    assert tally(city) == (0, len(Origin) + 5, 6, 2)
    assert city.damage() == []


def test_ratings_of_one_phone_are_counted_by_day_without_keeping_the_phone(city):
    city.portal.sends(*[rating(f"A{n}", mobile="19900001234") for n in range(3)])
    city.portal.sends(rating("B", mobile="19900009999"), rating("C", mobile=""))
    with city.office.database.read() as conn:
        assert sorted(conn.execute(select(raters.c.ratings)).scalars()) == [1, 3]
        assert "19900001234" not in repr(conn.execute(select(raters)).all())


def test_words_in_a_phone_s_place_are_kept_and_are_nobody_s_number(city):
    junk = ["无", "不愿透露", "12345", "00000000000"]
    rows = [rating(f"A{n}", 1, mobile=mobile, userName="") for n, mobile in enumerate(junk)]
    assert outcomes(city.portal.sends(*rows)) == ["accepted"] * len(junk)
    city.drain()
    vault = city.office.vault
    for number, mobile in enumerate(junk, 1):
        subject = f"CP21-{number:04d}"
        row = city.complaint(subject)
        assert (row.real_name, row.has_phone, row.duplicate_of) == (False, False, None)
        with city.office.database.read() as conn:
            assert phone_of(conn, vault, subject) is None
            assert left_by(conn, vault, subject) == mobile
    with city.office.database.read() as conn:
        assert set(conn.execute(select(contacts.c.phone, contacts.c.last4)).all()) == {(None, None)}
        assert not any(conn.execute(select(complaint_facts.c.real_name)).scalars())
    assert count(city, raters) == 0
    assert city.damage() == []


def test_where_words_stood_a_number_is_asked_for_and_a_later_rating_brings_it(city):
    asked = city.portal.bad_review(project="A", mobile="无")
    city.hotline.receives(asked)
    hotline.request_contact(city.ledger, asked, account="话务员01")
    assert city.complaint(asked).contact_requested
    city.portal.sends(rating("A", 1, assessNumber="2", mobile="不愿透露"))
    assert not city.complaint(asked).has_phone
    city.portal.sends(rating("A", 1, assessNumber="3", mobile="+86 139-0000-5678"))
    assert city.complaint(asked).reachable
    with city.office.database.read() as conn:
        assert phone_of(conn, city.office.vault, asked) == "13900005678"
        assert ending_in(conn, city.office.vault, "5678") == (asked,)
    city.drain()
    assert city.damage() == []


def test_one_number_written_in_many_ways_is_one(city):
    ways = ["13900005678", "139 0000-5678", "+8613900005678", "8613900005678"]
    ways += ["１３９００００５６７８"]
    for n, mobile in enumerate(ways):
        city.portal.sends(rating(f"A{n}", 1, mobile=mobile))
    city.drain()
    assert {city.complaint(f"CP21-{n:04d}").duplicate_of for n in range(2, 6)} == {"CP21-0001"}
    with city.office.database.read() as conn:
        assert conn.execute(select(raters.c.ratings)).scalars().all() == [len(ways)]
    assert city.damage() == []


@pytest.mark.guarantee("G1")
def test_a_batch_that_fails_at_its_end_leaves_nothing(city):
    def receipt(_conn, _answers):
        raise ZeroDivisionError

    rows = list(enumerate([service("A"), rating("A", 1)], 1))
    with pytest.raises(ZeroDivisionError):
        collect(city.ledger, city.office.desk(), "bihuan", rows, also=receipt)
    for table in (services, ratings, complaints, tallies, vault):
        assert count(city, table) == 0
    assert city.portal.sends(service("A"), rating("A", 1)).batch == 1
    assert city.damage() == []


def test_a_batch_holds_at_most_a_thousand_rows(city):
    with pytest.raises(ValueError, match="1000"):
        city.portal.sends(*[rating(f"A{n}") for n in range(MOST + 1)])


def test_complaints_are_numbered_by_the_offices_year_without_gaps(city):
    city.travel("2021-12-31T23:59:00+08:00")
    city.portal.bad_review()
    city.travel(minutes=2)
    assert city.portal.bad_review() == "CP22-0001"
    assert city.portal.bad_review() == "CP22-0002"


@pytest.mark.parametrize("text", ["群" * 4000, "a\u2028b", "😀", "' OR 1=1 --", "%s{}\\"])
def test_any_clean_text_goes_in_and_comes_out_as_it_was(city, text):
    complaint = city.portal.bad_review(text)
    with city.office.database.read() as conn:
        assert city.office.vault.text(conn, f"{complaint}-1", "text") == text
    assert city.damage() == []


def test_a_rating_that_says_nothing_of_its_rater_opens_a_complaint_nobody_can_call(city):
    complaint = city.portal.bad_review(mobile="", userName="", anonymityFlag=True)
    row = city.complaint(complaint)
    assert (row.real_name, row.has_phone, row.reachable) == (False, False, False)
    assert city.damage() == []


def test_where_all_is_new_nobody_asks_what_stood_there_before(city, monkeypatch):
    for asked in ("_OLD_RATING", "_OLD_SERVICE"):
        monkeypatch.delattr(collected, asked)
    rows = [one for n in range(30) for one in (service(f"Q{n}"), rating(f"Q{n}", 5))]
    assert {answer.outcome for answer in city.portal.sends(*rows).rows} == {"accepted"}
