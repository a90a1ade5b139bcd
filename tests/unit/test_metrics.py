"""What the metrics consumer makes of a complaint's life, told through the ledger and the runner."""

import json
from datetime import datetime
from itertools import count

import pytest
from sqlalchemy import MetaData, Table, select

import schemas as s
from consumers.metrics import Metrics
from schemas.codes import CallOutcome, CaseClass, DismissalReason, Origin, Verdict
from schemas.envelope import Role
from workflow.bus.progress import join_source
from workflow.bus.runner import Runner
from workflow.clock import micros
from workflow.ledger import Actor, Ledger
from workflow.policy import Policies
from workflow.rulebook import Rulebook
from workflow.storage.models import complaint_facts, events, order_facts
from workflow.storage.schema import prepare
from workflow.storage.sqlite import SqliteDatabase
from workflow.storage.vault import load_keys

D = "0" * 32
NUMBERS = count(1)
OPERATOR = Actor("op1", Role.OPERATOR)
SUPERVISOR = Actor("sup1", Role.SUPERVISOR)
CONSUMER = Actor("assignment", Role.CONSUMER)
CITIZEN = Actor("citizen", Role.CITIZEN)
CLOCK = Actor("clock", Role.CLOCK)
RSJ = Actor("rsj1", Role.DEPARTMENT, "ZD-RSJ")


def at(text):
    return micros(datetime.fromisoformat(f"2021-{text}+08:00"))


class City:
    """One database for all stories; each has a complaint of its own."""

    def __init__(self, folder):
        self.now = at("09-16T09:00")
        self.database = SqliteDatabase(folder / "bihuan.db")
        keys = load_keys(folder, None)
        prepare(self.database, keys)
        self.policies = Policies.load()
        self.ledger = Ledger(self.database, Rulebook(self.policies, "zibo"), keys, lambda: self.now)
        self.runner = Runner(self.ledger, Metrics(self.policies))
        with self.database.write() as conn:
            join_source(conn, "metrics", "beginning")

    def drain(self):
        while self.runner.step():
            pass


class Story:
    """One complaint: each step at its own time, figures read after all of them in one batch."""

    def __init__(self, city, profile="zibo", **rating):
        self.city, self.subject = city, f"CP21-{next(NUMBERS):04}"
        policy = city.policies.versions(profile)[0]
        row = {
            "level": 1,
            "reasons": ("115",),
            "origin": Origin.ONSITE_ACTIVE,
            "unit": "ZD-RSJ",
            "area": "张店区",
            "real_name": True,
            "has_phone": True,
            "assessed_at": at("09-15T17:00"),
        }
        fact = s.ReviewCollected(
            source="bihuan",
            project_no=self.subject,
            service_number="1",
            assess_number="1",
            profile=profile,
            profile_version=policy.version,
            received_at=at("09-16T09:00"),
            **row | rating,
        )
        self.orders = 0
        self(at("09-16T09:00"), fact, Actor("platform", Role.PLATFORM))

    def __call__(self, when, fact, actor=OPERATOR):
        self.city.now = when
        with self.city.ledger.transaction() as posting:
            return posting.record(self.subject, fact, actor)

    def analysed(self):
        self(
            at("09-16T09:01"),
            s.ComplaintAnalysed(rules_version="1", category="x", severity=1, misoperation="low"),
            CONSUMER,
        )
        return self

    def verifying(self):
        self.analysed()
        self(at("09-16T09:02"), s.VerificationRequested(path="call"), CONSUMER)
        return self

    def confirmed(self, when="09-16T10:00"):
        self(at(when), s.CallAttempted(outcome=CallOutcome.ANSWERED))
        self(
            at(when),
            s.ComplaintConfirmed(by="call", reason_code="115", case_class=CaseClass.CLEAR),
        )
        return self

    def dismissed(self, when="09-16T10:00"):
        self(at(when), s.CallAttempted(outcome=CallOutcome.ANSWERED))
        self(
            at(when),
            s.ComplaintDismissed(
                verdict=Verdict.INVALID, ground=DismissalReason.MISOPERATION, note=D
            ),
        )
        return self

    def assigned(self, when="09-16T10:05", unit="ZD-RSJ", actor=CONSUMER):
        self.orders += 1
        order = f"GD{self.subject[2:]}-{self.orders}"
        self(at(when), s.DepartmentAssigned(order=order, unit=unit, rule="handler"), actor)
        return self

    def acknowledged(self, when="09-16T11:00"):
        self(at(when), s.WorkOrderAcknowledged(), RSJ)
        return self

    def submitted(self, when="09-22T15:00"):
        fact = s.RectificationSubmitted(
            kind="rectified", facts=D, cause=D, measures=D, reply=D, signed_by=D
        )
        self(at(when), fact, RSJ)
        return self

    def accepted(self, when="09-23T09:00"):
        self(at(when), s.RectificationAccepted())
        return self

    def called(self, when, outcome=CallOutcome.NO_ANSWER):
        self(at(when), s.CallAttempted(outcome=outcome))
        return self

    def rated(self, level, when="09-23T10:00"):
        self(at(when), s.ComplaintReevaluated(level=level, by="call"))
        return self

    def rectifying(self):
        return self.verifying().confirmed().assigned().acknowledged()

    def facts(self):
        self.city.drain()
        with self.city.database.read() as conn:
            query = select(complaint_facts).where(complaint_facts.c.subject == self.subject)
            return conn.execute(query).one()

    def order(self, number=1):
        self.city.drain()
        with self.city.database.read() as conn:
            query = select(order_facts).where(
                order_facts.c.subject == self.subject, order_facts.c.number == number
            )
            return conn.execute(query).one()


@pytest.fixture(scope="module")
def city(tmp_path_factory):
    city = City(tmp_path_factory.mktemp("metrics"))
    yield city
    city.database.close()


@pytest.fixture
def story(city):
    return Story(city)


def test_once_round_the_loop_leaves_one_row_for_the_complaint_and_one_for_its_order(story):
    story.rectifying().submitted().accepted().called("09-23T10:00", CallOutcome.ANSWERED).rated(5)
    facts, order = story.facts(), story.order()
    assert (facts.day, facts.unit, facts.area, facts.level) == ("2021-09-15", "ZD-RSJ", "张店区", 1)
    assert (facts.state, facts.verdict, facts.outcome) == ("CLOSED", "valid", "satisfied")
    assert (facts.verify_due_at, facts.verified_at) == (at("09-17T17:30"), at("09-16T10:00"))
    assert (facts.round, facts.first_level, facts.final_level) == (1, 5, 5)
    assert (facts.collected_at, facts.ended_at) == (at("09-16T09:00"), at("09-23T10:00"))
    assert (order.day, order.round) == ("2021-09-15", 1)
    assert (order.acknowledge_due_at, order.acknowledged_at) == (
        at("09-17T17:30"),
        at("09-16T11:00"),
    )
    assert order.rectify_due_at == order.original_due_at == at("09-24T17:30")
    assert (order.submitted_at, order.accepted_at) == (at("09-22T15:00"), at("09-23T09:00"))
    assert order.callback_due_at == at("09-29T17:30")
    assert (order.called_back_at, order.calls) == (at("09-23T10:00"), 1)
    assert (order.level, order.answered_at) == (5, at("09-23T10:00"))
    assert order.withdrawn_at is None


def test_a_rating_after_midnight_in_the_office_belongs_to_the_office_s_day(city):
    story = Story(city, assessed_at=at("07-01T00:30"))
    assert story.facts().day == "2021-07-01"


def test_a_dismissal_is_counted_by_its_verdict_and_reversing_it_clears_it(story):
    story.verifying().dismissed()
    facts = story.facts()
    assert (facts.state, facts.verdict, facts.ground) == ("DISMISSED", "invalid", "misoperation")
    story(at("09-17T09:00"), s.DismissalReversed(reason=D), SUPERVISOR)
    facts = story.facts()
    assert (facts.state, facts.verdict, facts.ground) == ("VERIFYING", None, None)
    assert (facts.verified_at, facts.ended_at) == (None, None)
    assert facts.verify_due_at == at("09-18T17:30")


def test_a_late_verification_stays_in_the_figures_when_the_dismissal_is_taken_back(story):
    story.verifying().dismissed("09-21T10:00")
    late = [at("09-17T17:30"), at("09-21T10:00")]
    assert story.facts().verified_before is None
    story(at("09-22T09:00"), s.DismissalReversed(reason=D), SUPERVISOR)
    facts = story.facts()
    assert json.loads(facts.verified_before) == [late]
    assert (facts.verify_due_at, facts.verified_at) == (at("09-23T17:30"), None)
    story.dismissed("09-22T10:00")
    again = [at("09-23T17:30"), at("09-22T10:00")]
    story(at("09-22T11:00"), s.CitizenObjected(words=D), CITIZEN)
    assert json.loads(story.facts().verified_before) == [late, again]


@pytest.mark.parametrize("again", ["dismissed", "malicious"])
def test_dismissed_again_after_a_reversal_it_is_counted_although_no_order_went_out(story, again):
    story.verifying().dismissed()
    story(at("09-17T09:00"), s.DismissalReversed(reason=D), SUPERVISOR)
    if again == "dismissed":
        story.dismissed("09-17T10:00")
    else:
        story(at("09-17T10:00"), s.MaliceAlleged(reason=D))
        story(at("09-17T11:00"), s.MaliceUpheld(reason=D), Actor("rev1", Role.REVIEWER))
    verdict = {"dismissed": "invalid", "malicious": "malicious"}[again]
    assert (story.facts().state, story.facts().verdict) == ("DISMISSED", verdict)


def test_a_ruling_that_dismisses_withdraws_the_order_whoever_called_for_it(story):
    story.rectifying()
    story(at("10-12T09:00"), s.RulingCalled(ground="overdue"), CLOCK)
    story(
        at("10-12T10:00"),
        s.RulingGiven(
            decision="dismiss",
            verdict=Verdict.INVALID,
            ground=DismissalReason.DUPLICATE,
            reason=D,
        ),
        SUPERVISOR,
    )
    assert story.order().withdrawn_at == story.order().assigned_at


def test_malice_is_a_verdict_of_its_own(story):
    story.verifying()
    story(at("09-16T10:00"), s.MaliceAlleged(reason=D))
    story(at("09-16T11:00"), s.MaliceUpheld(reason=D), Actor("rev1", Role.REVIEWER))
    assert (story.facts().verdict, story.facts().verified_at) == ("malicious", at("09-16T11:00"))


def test_waiting_for_a_contact_stops_the_verification_s_clock(city):
    story = Story(city, has_phone=False).verifying()
    assert not story.facts().real_name
    story(at("09-16T10:00"), s.ContactRequested())
    assert story.facts().verify_due_at is None
    clerk = Actor("clerk1", Role.CLERK, "ZD-RSJ")
    story(at("09-22T10:00"), s.ContactSupplied(found=True, phone=D), clerk)
    assert story.facts().verify_due_at > at("09-22T10:00")
    assert story.facts().real_name


def test_a_verdict_while_the_clock_stands_still_is_in_time(city):
    story = Story(city, has_phone=False, real_name=False).verifying()
    story(at("09-16T10:00"), s.ContactRequested())
    story(
        at("10-11T10:00"),
        s.ComplaintDismissed(verdict=Verdict.INVALID, ground=DismissalReason.DUPLICATE, note=D),
    )
    facts = story.facts()
    assert facts.verify_due_at == facts.verified_at == at("10-11T10:00")


def test_asking_for_a_contact_after_the_due_time_does_not_undo_the_delay(city):
    story = Story(city, has_phone=False).verifying()
    story(at("09-22T10:00"), s.ContactRequested())
    assert story.facts().verify_due_at == at("09-17T17:30")


def test_dissatisfied_the_citizen_gets_a_second_round_and_both_orders_stay(story):
    story.rectifying().submitted().accepted().called("09-23T10:00", CallOutcome.ANSWERED).rated(2)
    story.assigned("09-23T10:05")
    facts, first, second = story.facts(), story.order(1), story.order(2)
    assert (facts.round, facts.first_level, facts.final_level, facts.outcome) == (2, 2, 2, None)
    assert (first.round, first.level, first.withdrawn_at) == (1, 2, None)
    assert (second.round, second.submitted_at, second.called_back_at) == (2, None, None)
    story.acknowledged("09-24T09:00").submitted("09-26T09:00").accepted("09-26T10:00")
    story.called("09-26T10:30", CallOutcome.ANSWERED).rated(4, "09-26T10:30")
    facts = story.facts()
    assert (facts.state, facts.first_level, facts.final_level) == ("CLOSED", 2, 4)
    assert story.order(2).level == 4
    assert story.order(1).level == 2


def test_sent_back_it_is_submitted_again_by_the_same_due_time(story):
    story.rectifying().submitted("09-17T15:00")
    assert story.order().submitted_at == at("09-17T15:00")
    story(at("09-18T09:00"), s.RectificationSentBack(reason=D))
    assert (story.order().submitted_at, story.order().rectify_due_at) == (None, at("09-24T17:30"))
    story.submitted("09-26T15:00").accepted("09-27T09:00")
    assert story.order().submitted_at == at("09-26T15:00")


def test_an_extension_moves_the_due_time_and_keeps_the_original(story):
    story.rectifying()
    story(at("09-17T09:00"), s.ExtensionRequested(working_days=2, reason=D), RSJ)
    story(at("09-17T10:00"), s.ExtensionGranted(working_days=2), SUPERVISOR)
    order = story.order()
    assert (order.original_due_at, order.rectify_due_at) == (at("09-24T17:30"), at("09-27T17:30"))


def test_an_accepted_return_withdraws_the_order_as_if_it_had_never_been_sent(story):
    story.verifying().confirmed().assigned()
    story(at("09-17T09:00"), s.WorkOrderReturned(reason=D, legal_basis=D), RSJ)
    story(at("09-17T10:00"), s.ReturnAccepted(unit="ZD-YBJ"))
    story.assigned("09-17T10:05", unit="ZD-YBJ")
    first, second = story.order(1), story.order(2)
    assert first.acknowledged_at == at("09-17T09:00")
    assert first.withdrawn_at == first.assigned_at
    assert (second.unit, second.round, second.withdrawn_at) == ("ZD-YBJ", 1, None)


def test_given_to_another_unit_an_open_order_is_withdrawn_from_then_on(story):
    story.verifying().confirmed().assigned()
    story.assigned("09-28T09:00", unit="ZD-YBJ", actor=OPERATOR)
    assert story.order(1).withdrawn_at == at("09-28T09:00")
    assert story.order(2).round == 1


def test_an_appeal_upheld_takes_the_verdict_and_the_order_back(story):
    story.rectifying()
    story(at("09-17T09:00"), s.AppealLodged(reason=D), RSJ)
    upheld = s.AppealUpheld(verdict=Verdict.INVALID, ground=DismissalReason.OUT_OF_SCOPE, reason=D)
    story(at("09-17T15:00"), upheld, Actor("rev1", Role.REVIEWER))
    assert (story.facts().verdict, story.facts().state) == ("invalid", "DISMISSED")
    assert story.order().withdrawn_at == story.order().assigned_at


def test_three_calls_an_hour_apart_are_a_call_back_though_nobody_answered(story):
    story.rectifying().submitted().accepted("09-23T09:00")
    story.called("09-23T10:00").called("09-23T10:10").called("09-23T11:00")
    order = story.order()
    assert (order.calls, order.called_back_at) == (2, None)
    story.called("09-23T15:00")
    order = story.order()
    assert (order.calls, order.called_back_at) == (3, at("09-23T15:00"))
    story.called("09-24T15:00")
    assert story.order().called_back_at == at("09-23T15:00")


def test_unanswered_is_never_satisfied(story):
    story.rectifying().submitted().accepted("09-23T09:00")
    story.called("09-23T10:00").called("09-23T11:00").called("09-23T15:00")
    story(at("09-29T17:31"), s.ReevaluationLapsed(), CLOCK)
    facts = story.facts()
    assert (facts.state, facts.outcome, facts.final_level) == ("CLOSED", "unanswered", None)


def test_an_objection_after_closing_takes_the_satisfaction_back_and_opens_a_round(story):
    story.rectifying().submitted().accepted().called("09-23T10:00", CallOutcome.ANSWERED).rated(5)
    story(at("09-24T09:00"), s.CitizenObjected(), Actor("citizen", Role.CITIZEN))
    facts = story.facts()
    assert (facts.state, facts.round) == ("ASSIGNING", 2)
    assert (facts.first_level, facts.final_level, facts.outcome, facts.ended_at) == (
        5,
        None,
        None,
        None,
    )
    assert story.assigned("09-24T09:05").order(2).round == 2


def test_an_overdue_order_stays_in_the_figures_when_a_ruling_gives_it_away(story):
    story.rectifying()
    story(at("10-12T09:00"), s.RulingCalled(ground="overdue"), CLOCK)
    story(
        at("10-12T10:00"), s.RulingGiven(decision="reassign", unit="ZD-YBJ", reason=D), SUPERVISOR
    )
    story.assigned("10-12T10:05", unit="ZD-YBJ")
    first = story.order(1)
    assert first.withdrawn_at > first.rectify_due_at
    assert (story.facts().round, story.order(2).round) == (2, 2)


def test_a_ruling_may_close_it_unresolved(story):
    story.rectifying()
    story(at("09-20T09:00"), s.RulingCalled(ground="manual"), SUPERVISOR)
    story(at("09-20T10:00"), s.RulingGiven(decision="close_unresolved", reason=D), SUPERVISOR)
    assert (story.facts().state, story.facts().outcome) == ("CLOSED", "unresolved")
    assert story.order().withdrawn_at == at("09-20T09:00")


def test_dispatched_first_and_never_verified_it_counts_as_valid_once_closed(city):
    story = Story(city, profile="jiangsu").analysed().assigned("09-16T09:05")
    policy = city.policies.versions("jiangsu")[0]
    story.acknowledged("09-16T09:30").submitted("09-16T10:00")
    if policy.review:
        story.accepted("09-16T10:30")
    assert story.facts().verdict is None
    story.called("09-16T11:00", CallOutcome.ANSWERED).rated(5, "09-16T11:00")
    facts = story.facts()
    assert (facts.state, facts.verdict) == ("CLOSED", "valid")
    assert (facts.verify_due_at, facts.verified_at) == (None, None)
    assert story.order().accepted_at is not None


def test_read_one_by_one_or_in_one_batch_or_again_into_shadows_the_rows_are_the_same(city, story):
    story.rectifying().submitted().accepted().called("09-23T10:00", CallOutcome.ANSWERED).rated(2)
    story.assigned("09-23T10:05").acknowledged("09-24T09:00").submitted("09-26T09:00")
    city.drain()
    shadows = shadow_tables(city.database)
    consumer = Metrics(city.policies, shadows)
    consumer.name = "shadow"
    assert consumer.tables == shadows
    with city.database.write() as conn:
        join_source(conn, "shadow", "beginning")
    runner = Runner(city.ledger, consumer)
    while runner.step(size=1):
        pass
    for real, shadow in zip((complaint_facts, order_facts), shadows, strict=True):
        with city.database.read() as conn:
            rows = conn.execute(select(real).order_by(*real.primary_key)).all()
            again = conn.execute(select(shadow).order_by(*shadow.primary_key)).all()
        assert rows
        assert [tuple(row) for row in rows] == [tuple(row) for row in again]


def shadow_tables(database):
    metadata = MetaData()
    shadows = tuple(
        Table(
            f"{table.name}_shadow",
            metadata,
            *(c._copy() for c in table.columns),
            sqlite_with_rowid=False,
        )
        for table in (complaint_facts, order_facts)
    )
    with database.write() as conn:
        metadata.create_all(conn)
    return shadows


def test_every_event_it_does_not_handle_leaves_state_and_limits_alone(city, story):
    """What is passed over in the query must not have changed a figure."""
    story.rectifying()
    story(at("09-17T09:00"), s.ClarificationAsked(question=D), RSJ)
    story(at("09-17T09:10"), s.ClarificationAnswered(answer=D))
    story(at("09-17T09:20"), s.Reminded(), SUPERVISOR)
    story(at("09-17T09:30"), s.SupervisionOrdered(ground="manual"), SUPERVISOR)
    handled = Metrics(city.policies).handles
    with city.database.read() as conn:
        rows = conn.execute(
            select(events).where(events.c.subject == story.subject).order_by(events.c.version)
        ).all()
    before = ""
    for row in rows:
        if row.type not in handled:
            assert row.state == before
            assert row.limits is None
        before = row.state
    assert story.facts().state == before == "RECTIFYING"
