"""The ledger: one step, one transaction; refused steps change nothing; repeats get one answer."""

from contextlib import suppress

import pytest
from city import (
    CITIZEN,
    CLOCK,
    HANDLER,
    OPERATOR,
    SECOND,
    SUPERVISOR,
    SYSTEM,
    UNIT,
)
from sqlalchemy import func, select

import schemas as s
from schemas.envelope import Role
from workflow.erasure import erase_person
from workflow.errors import IllegalStep, KeyReused, NotPermitted, StaleVersion, UnknownComplaint
from workflow.ledger import Actor
from workflow.storage.models import METADATA, commands, events, vault


def contents(city):
    """Every row of every table: what 'nothing half done' is held against."""
    with city.office.database.read() as conn:
        return {
            table.name: sorted(map(repr, conn.execute(select(table)).all()))
            for table in METADATA.sorted_tables
        }


@pytest.fixture
def verifying(city):
    complaint = city.portal.bad_review()
    city.hotline.receives(complaint)
    return complaint


@pytest.mark.guarantee("G3")
def test_an_illegal_step_is_refused_with_what_is_allowed_and_nothing_is_half_done(city, verifying):
    before = contents(city)
    with pytest.raises(IllegalStep) as refused:
        city.step(verifying, s.RectificationAccepted, OPERATOR)
    assert refused.value.state == "VERIFYING"
    assert refused.value.reason == "这一步只在“反馈待审”时由话务员办理"
    assert "CallAttempted" in refused.value.allowed
    assert not {"RectificationAccepted", "ComplaintConfirmed"} & set(refused.value.allowed)
    assert contents(city) == before
    city.hotline.calls(verifying)
    with pytest.raises(IllegalStep, match="只能由话务员、复核人、监督员") as refused:
        city.step(verifying, s.ContactRevealed, Actor("管理员", Role.ADMINISTRATOR), reason="看看")
    assert refused.value.allowed == ()


@pytest.mark.guarantee("G3")
@pytest.mark.parametrize(
    ("actor", "refusal"),
    [
        (Actor("话务员01", Role.DEPARTMENT, UNIT), UnknownComplaint),
        (Actor("管理员", Role.ADMINISTRATOR), IllegalStep),
        (Actor("群众", Role.CITIZEN), IllegalStep),
        (CLOCK, IllegalStep),
        (SYSTEM, IllegalStep),
    ],
)
def test_only_the_roles_of_the_table_may_take_a_step(city, verifying, actor, refusal):
    city.hotline.calls(verifying)
    before = contents(city)
    given = {"by": "call", "reason_code": "115", "case_class": "clear"}
    with pytest.raises(refusal):
        city.step(verifying, s.ComplaintConfirmed, actor, **given)
    assert contents(city) == before


@pytest.mark.guarantee("G3")
def test_another_units_complaint_does_not_exist_for_a_unit(city, verifying):
    city.hotline.confirms(verifying)
    city.hotline.assigns(verifying)
    stranger = Actor("经办02", Role.DEPARTMENT, "ZD-YBJ")
    with pytest.raises(UnknownComplaint):
        city.department.acknowledges(verifying, by=stranger)
    with pytest.raises(UnknownComplaint):
        city.department.acknowledges("CP99-0001", by=HANDLER)


@pytest.mark.guarantee("G3")
def test_an_assisting_unit_does_its_own_part_only(city, verifying):
    city.hotline.confirms(verifying)
    given = {"order": "GD21-0001-1", "unit": UNIT, "rule": "person", "named_by_person": True}
    city.step(verifying, s.DepartmentAssigned, OPERATOR, **given, assisting=["ZD-YBJ"])
    second = Actor("经办02", Role.DEPARTMENT, "ZD-YBJ")
    with pytest.raises(NotPermitted):
        city.department.acknowledges(verifying, by=second)
    assert city.step(verifying, s.AssistanceSubmitted, second, note="已配合").version
    with pytest.raises(NotPermitted):
        city.step(verifying, s.AssistanceSubmitted, HANDLER, note="已配合")


def test_a_repeated_key_gets_the_first_answer_and_records_once(city, verifying):
    first = city.step(verifying, s.CallAttempted, OPERATOR, key="k1", outcome="busy", note="占线")
    again = city.step(verifying, s.CallAttempted, OPERATOR, key="k1", outcome="busy", note="占线")
    assert (again.event_id, again.state, again.repeated) == (first.event_id, first.state, True)
    assert city.timeline(verifying).count("CallAttempted") == 1
    with city.office.database.read() as conn:
        assert conn.execute(select(func.count()).select_from(commands)).scalar_one() == 1


def test_a_repeat_is_told_the_due_times_of_the_first_answer(city, verifying):
    city.hotline.calls(verifying)
    confirmed = {"by": "call", "reason_code": "115", "case_class": "clear"}
    first = city.step(verifying, s.ComplaintConfirmed, OPERATOR, key="k1", **confirmed)
    city.travel(days=3)
    city.hotline.assigns(verifying)
    again = city.step(verifying, s.ComplaintConfirmed, OPERATOR, key="k1", **confirmed)
    assert set(first.limits) == {"assign"}
    assert again == first._replace(repeated=True)


@pytest.mark.parametrize(
    ("actor", "outcome"), [(OPERATOR, "answered"), (SECOND, "busy")], ids=["other words", "other"]
)
def test_a_key_that_stood_for_something_else_is_refused(city, verifying, actor, outcome):
    city.step(verifying, s.CallAttempted, OPERATOR, key="k1", outcome="busy")
    before = contents(city)
    with pytest.raises(KeyReused):
        city.step(verifying, s.CallAttempted, actor, key="k1", outcome=outcome)
    assert contents(city) == before


def test_a_refused_command_leaves_its_key_free(city, verifying):
    with pytest.raises(IllegalStep):
        city.step(verifying, s.ComplaintReleased, OPERATOR, key="k1", reason="done")
    city.step(verifying, s.ComplaintClaimed, OPERATOR)
    assert city.step(verifying, s.ComplaintReleased, OPERATOR, key="k1", reason="done").version


@pytest.mark.guarantee("G3")
def test_a_person_is_stale_after_another_persons_step_and_is_told_what_changed(city, verifying):
    seen = city.complaint(verifying).version
    city.step(verifying, s.ComplaintClaimed, SECOND)
    with pytest.raises(StaleVersion) as stale:
        city.ledger.command(verifying, s.ComplaintClaimed(), OPERATOR, expected_version=seen)
    assert (stale.value.current, stale.value.changed) == (seen + 1, ("ComplaintClaimed",))


def test_what_is_done_beside_the_loop_disturbs_nobody_and_is_told_to_nobody(city, verifying):
    """An operator learns of no report of retaliation by having been second."""
    seen = city.complaint(verifying).version
    city.step(verifying, s.RetaliationReported, CITIZEN, words="打电话骂我")
    city.step(verifying, s.ContactRevealed, SUPERVISOR, reason="回访")
    assert city.ledger.command(verifying, s.ComplaintClaimed(), OPERATOR, expected_version=seen)
    with pytest.raises(StaleVersion) as stale:
        city.ledger.command(verifying, s.ComplaintClaimed(), SECOND, expected_version=seen)
    assert stale.value.changed == ("ComplaintClaimed",)


def test_a_warning_or_a_reminder_by_the_clock_disturbs_nobody(city, verifying):
    seen = city.complaint(verifying).version
    city.step(verifying, s.Reminded, CLOCK, limit="verify")
    city.step(verifying, s.SupervisionOrdered, SYSTEM, ground="overdue", limit="verify")
    done = city.ledger.command(verifying, s.ComplaintClaimed(), OPERATOR, expected_version=seen)
    assert done.version == seen + 3


def test_a_change_of_state_disturbs_whoever_made_it(city):
    complaint = city.portal.bad_review()
    seen = city.complaint(complaint).version
    city.hotline.receives(complaint)
    with pytest.raises(StaleVersion):
        city.ledger.command(complaint, s.TicketLinked(ticket="T1"), OPERATOR, expected_version=seen)


@pytest.mark.parametrize("beyond", [1, 2**63, 10**30, -(10**30)])
def test_a_version_nobody_has_seen_yet_is_refused(city, verifying, beyond):
    """Also one that no database can count to."""
    ahead = city.complaint(verifying).version + beyond
    with pytest.raises(StaleVersion):
        city.ledger.command(verifying, s.ComplaintClaimed(), OPERATOR, expected_version=ahead)


@pytest.mark.guarantee("G4")
def test_recorded_time_never_falls_back_within_a_subject_when_the_clock_does(city, verifying):
    city.travel(hours=-3)
    city.hotline.calls(verifying)
    city.travel(hours=1)
    city.step(verifying, s.ComplaintClaimed, OPERATOR)
    query = select(events.c.recorded_at).where(events.c.subject == verifying)
    with city.office.database.read() as conn:
        times = list(conn.execute(query.order_by(events.c.version)).scalars())
    assert times == sorted(times)
    assert city.damage() == []


@pytest.mark.guarantee("G3")
def test_a_transaction_of_many_steps_is_all_or_nothing(city, verifying):
    other = city.portal.bad_review()
    before = contents(city)

    def claim_both():
        with city.ledger.transaction() as posting:
            posting.record(verifying, s.ComplaintClaimed(), OPERATOR)
            posting.record(other, s.ComplaintClaimed(), OPERATOR)

    with pytest.raises(IllegalStep):
        claim_both()
    assert contents(city) == before


def test_steps_of_one_transaction_see_each_other(city, verifying):
    with city.ledger.transaction() as posting:
        posting.record(verifying, s.ComplaintClaimed(), OPERATOR)
        posting.record(verifying, s.ComplaintReleased(reason="done"), OPERATOR)
        assert posting.complaint(verifying).claimer is None
    assert city.timeline(verifying)[-2:] == ["ComplaintClaimed", "ComplaintReleased"]
    assert city.damage() == []


def test_an_earlier_time_is_shown_beside_the_recorded_one(city, verifying):
    said = city.clock.now - 600_000_000
    with city.ledger.transaction() as posting:
        bridge = Actor("bridge", Role.HOTLINE)
        posting.record(verifying, s.TicketLinked(ticket="T1"), bridge, occurred_at=said)
    query = select(events).where(events.c.subject == verifying, events.c.type == "TicketLinked")
    with city.office.database.read() as conn:
        row = conn.execute(query).one()
    assert (row.occurred_at, row.recorded_at) == (said, city.clock.now)


def test_words_lie_in_the_vault_and_their_digest_in_the_log(city, verifying):
    done = city.step(verifying, s.ContactRevealed, SUPERVISOR, reason="核对号码 13912345678")
    with city.office.database.read() as conn:
        query = select(events.c.data).where(events.c.subject == verifying)
        assert "13912345678" not in "".join(conn.execute(query).scalars())
        kept = city.office.vault.text(conn, done.event_id, "reason")
        sealed = conn.execute(select(vault.c.sealed).where(vault.c.owner == done.event_id))
        assert b"13912345678" not in bytes(sealed.scalar_one())
    assert kept == "核对号码 13912345678"


def test_erasing_the_words_leaves_the_log_as_it_is(city, verifying):
    done = city.step(verifying, s.ContactRevealed, SUPERVISOR, reason="核对号码")
    city.hotline.dismisses(verifying)
    erase_person(city.ledger, account="管理员", reason="本人申请", subject=verifying)
    with city.office.database.read() as conn:
        assert city.office.vault.text(conn, done.event_id, "reason") is None
    assert city.damage() == []


@pytest.mark.guarantee("G3")
def test_a_row_that_cannot_be_stored_takes_its_event_with_it(city, verifying):
    before = contents(city)
    with suppress(ZeroDivisionError), city.ledger.transaction() as posting:
        posting.record(verifying, s.ComplaintClaimed(), OPERATOR)
        posting.flush()
        raise ZeroDivisionError
    assert contents(city) == before


@pytest.mark.guarantee("G3")
def test_what_another_process_recorded_is_seen_before_the_next_step(city, elsewhere, verifying):
    """Folds kept at hand are told by their version; another process may have moved the row."""
    city.hotline.calls(verifying, "busy")
    elsewhere.step(verifying, s.ComplaintClaimed, SECOND)
    with pytest.raises(IllegalStep, match="认领"):
        city.hotline.calls(verifying)
    assert city.damage() == []
