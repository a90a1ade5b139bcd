"""What happens by itself: each reaction told as a story, through the log and the runner."""

from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime

import pytest
from city import HANDLER, OPERATOR, PLATFORM, REVIEWER, SECOND, SUPERVISOR, UNIT, City, rating
from city import service as service_record
from sqlalchemy import insert, select
from typer.testing import CliRunner

import schemas as s
from console.cli import app
from console.timeline import timeline
from consumers import register
from consumers.assignment import Assignment, rules_of
from producers import hotline
from producers.departments import supply_contact
from workflow import links, outbox
from workflow.clock import instant
from workflow.ledger import Actor
from workflow.policy import Policies
from workflow.staff import Person, seed_staff
from workflow.storage.models import deadlines, events, order_facts, parked, units, vault
from workflow.storage.models import outbox as outbox_table

NAMES = (
    "analysis",
    "verification",
    "assignment",
    "reevaluation",
    "supervision",
    "deadlines",
    "notifications",
    "metrics",
)


def fact_of(city, subject, kind):
    """The last event of this kind, as it was recorded."""
    query = select(events.c.data).where(events.c.subject == subject, events.c.type == kind)
    with city.office.database.read() as conn:
        found = conn.execute(query.order_by(events.c.version.desc())).scalars().first()
    return None if found is None else s.BY_TYPE[kind].model_validate_json(found)


def messages(city, subject):
    query = select(outbox_table.c.recipient, outbox_table.c.body).order_by(outbox_table.c.id)
    with city.office.database.read() as conn:
        return [tuple(row) for row in conn.execute(query.where(outbox_table.c.subject == subject))]


def timers(city, subject):
    query = select(deadlines).where(deadlines.c.subject == subject)
    with city.office.database.read() as conn:
        return {row.limit_name: row for row in conn.execute(query)}


def rows(city, table):
    with city.office.database.read() as conn:
        return conn.execute(select(table)).all()


def moment(text):
    return datetime.fromisoformat(text)


def handler(unit):
    return Actor("经办09", HANDLER.role, unit)


def confirmed(city, **values):
    subject = city.portal.bad_review(**values)
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    return subject


def reported(city, **values):
    """Up to the invitation."""
    subject = confirmed(city, **values)
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()
    return subject


@pytest.fixture
def city(folder, monkeypatch, request):
    """A city under Zibo's rules, or under those named by the test."""
    monkeypatch.setenv("BIHUAN_PROFILE", getattr(request, "param", "zibo"))
    made = City(folder)
    yield made
    made.close()


@pytest.fixture(autouse=True)
def nothing_goes_wrong(city):
    yield
    assert city.drain()
    assert [row for row in rows(city, parked) if row.status != "overtaken"] == []
    assert city.damage() == []


def test_the_register_lists_the_reactions_in_loop_order(city):
    assert tuple(consumer.name for consumer in register(city.office)) == NAMES


def test_a_bad_rating_goes_round_with_only_people_and_citizen_stepping_in(city):
    subject = reported(city)
    city.citizen.rates(subject, 5)
    city.drain()
    assert city.timeline(subject) == [
        "ReviewCollected",
        "ComplaintAnalysed",
        "VerificationRequested",
        "CallAttempted",
        "ComplaintConfirmed",
        "DepartmentAssigned",
        "WorkOrderAcknowledged",
        "RectificationSubmitted",
        "RectificationAccepted",
        "ReevaluationInvited",
        "ComplaintReevaluated",
    ]
    assert city.state(subject) == "办结"
    assert timers(city, subject) == {}


# 分析


def test_analysis_reads_the_text_from_the_vault_and_leaves_none_of_it_in_the_log(city):
    subject = city.portal.bad_review("点错了，我叫群众甲，19900001234", stars=2)
    city.drain()
    analysed = fact_of(city, subject, "ComplaintAnalysed")
    assert analysed.misoperation == "high"
    assert city.complaint(subject).misoperation == "high"
    assert not any(word in str(analysed) for word in ("群众甲", "199"))


@contextmanager
def withheld(city, owner):
    """What is sealed under this owner is away, and comes back."""
    with city.office.database.read() as conn:
        sealed = conn.execute(select(vault).where(vault.c.owner == owner)).mappings().all()
    assert city.erases(owner) == len(sealed) > 0
    yield
    with city.office.database.write() as conn:
        conn.execute(insert(vault), [dict(row) for row in sealed])


def test_a_text_that_is_away_when_it_is_analysed_is_no_obstacle(city):
    subject = city.portal.bad_review("点错了", stars=2)
    with withheld(city, f"{subject}-1"):
        city.drain()
    assert fact_of(city, subject, "ComplaintAnalysed").misoperation == "low"


def test_only_the_first_four_thousand_characters_are_looked_at(city):
    subject = city.portal.bad_review("事" * 1999 + "点错了")
    city.drain()
    assert fact_of(city, subject, "ComplaintAnalysed").misoperation == "high"


def test_the_same_number_on_the_same_matter_within_a_day_is_shown_as_a_repeat(city):
    first = city.portal.bad_review()
    again = city.portal.bad_review(winName="7号窗口")
    elsewhere = city.portal.bad_review(winName="8号窗口", taskName="就业登记")
    somebody = city.portal.bad_review(mobile="19900009999")
    city.drain()
    assert fact_of(city, first, "ComplaintAnalysed").duplicate_of is None
    assert fact_of(city, again, "ComplaintAnalysed").duplicate_of == first
    assert fact_of(city, elsewhere, "ComplaintAnalysed").duplicate_of is None
    assert fact_of(city, somebody, "ComplaintAnalysed").duplicate_of is None


def test_a_number_that_rates_in_bulk_and_one_of_the_staff_are_shown(city):
    with city.office.database.write() as conn:
        seed_staff(conn, city.office.vault, [Person(UNIT, "经办01", "19900001234")])
    city.portal.sends(*(rating(f"G{n}") for n in range(4)))
    subject = city.portal.bad_review()
    city.drain()
    found = {f.kind: f for f in fact_of(city, subject, "ComplaintAnalysed").findings}
    assert "5 次" in found["bulk"].evidence
    assert found["self_rating"].weight == "high"
    assert "经办01" not in str(found)


@pytest.mark.parametrize(
    ("units", "weight"),
    [
        (("AAA", UNIT), "high"),
        ((UNIT, "ZZ"), "high"),
        (("AAA", "ZZ"), "medium"),
    ],
)
def test_a_number_known_in_several_units_is_the_rated_one_s_if_it_is_there(city, units, weight):
    with city.office.database.write() as conn:
        people = [Person(unit, "经办01", "19900001234") for unit in units]
        seed_staff(conn, city.office.vault, people)
    subject = city.portal.bad_review()
    city.drain()
    findings = fact_of(city, subject, "ComplaintAnalysed").findings
    assert [f.weight for f in findings if f.kind == "self_rating"] == [weight]


# 核实


def test_a_rating_nobody_can_be_asked_about_is_sent_to_fact_checking(city):
    named = city.portal.bad_review()
    nameless = city.portal.bad_review(mobile="", userName="", anonymityFlag=True)
    city.drain()
    assert fact_of(city, named, "VerificationRequested").path == "call"
    assert fact_of(city, nameless, "VerificationRequested").path == "fact_check"


@pytest.mark.parametrize("city", ["jiangsu"], indirect=True)
def test_where_the_profile_dispatches_first_the_unit_has_it_at_once(city):
    subject = city.portal.bad_review()
    city.drain()
    assert city.timeline(subject)[1:] == ["ComplaintAnalysed", "DepartmentAssigned"]
    assert city.state(subject) == "待签收"


def test_dismissed_again_after_an_objection_it_has_no_order_to_withdraw(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.dismisses(subject)
    city.citizen.objects(subject)
    city.hotline.dismisses(subject, by=SECOND, ground="duplicate")
    assert city.drain()
    assert rows(city, order_facts) == []
    assert city.damage() == []


# 整改


def test_who_handled_it_answers_for_it(city):
    subject = confirmed(city)
    assigned = fact_of(city, subject, "DepartmentAssigned")
    assert (assigned.unit, assigned.rule) == (UNIT, "handler")
    assert assigned.order == f"GD{subject[2:]}-1"
    assert not assigned.named_by_person


def test_a_unit_named_by_a_person_wins(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject, unit="ZD-YBJ")
    city.drain()
    assigned = fact_of(city, subject, "DepartmentAssigned")
    assert (assigned.unit, assigned.rule, assigned.named_by_person) == ("ZD-YBJ", "named", True)


def test_a_rating_that_named_no_unit_goes_to_the_one_of_its_service(city):
    project = "P0777"
    subject = city.portal.bad_review(project=project, proDepart="", areaName="")
    city.drain()
    city.portal.sends(service_record(project))
    city.hotline.confirms(subject)
    city.drain()
    assert fact_of(city, subject, "DepartmentAssigned").unit == UNIT


def test_where_no_unit_is_found_it_waits_for_the_operators(city):
    subject = confirmed(city, proDepart="", areaName="")
    assert city.state(subject) == "待派单"
    assert "assign" in timers(city, subject)
    city.hotline.assigns(subject)
    assert city.state(subject) == "待签收"


def test_a_unit_whose_return_was_accepted_does_not_get_it_again(city):
    subject = confirmed(city)
    city.step(subject, s.WorkOrderReturned, HANDLER, reason="不归我们", legal_basis="三定方案")
    city.step(subject, s.ReturnAccepted, OPERATOR)
    city.drain()
    assert city.state(subject) == "待派单"
    city.hotline.assigns(subject, unit=UNIT)
    assert city.complaint(subject).unit == UNIT


def test_a_unit_whose_return_was_refused_stays_answerable_for_the_next_round(city):
    subject = confirmed(city)
    city.step(subject, s.WorkOrderReturned, HANDLER, reason="不归我们", legal_basis="三定方案")
    city.step(subject, s.ReturnRefused, OPERATOR, reason="归你们")
    city.department.submits(subject)
    city.citizen.rates(subject, 1)
    city.drain()
    assert city.complaint(subject).orders == 2
    assert city.complaint(subject).unit == UNIT


def test_a_redo_goes_to_the_units_that_did_it_whoever_handled_the_service(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject, unit="ZD-YBJ")
    city.drain()
    city.department.submits(subject, by=handler("ZD-YBJ"))
    city.citizen.rates(subject, 2)
    city.drain()
    again = fact_of(city, subject, "DepartmentAssigned")
    assert (again.unit, again.rule, again.order) == ("ZD-YBJ", "same-again", f"GD{subject[2:]}-2")


def test_rules_by_item_and_area_name_main_and_assisting_units_by_any_of_their_names(city):
    rules = rules_of(
        {
            "version": "t1",
            "rule": [
                {"id": "R0", "items": ["社保卡"], "area": "别处", "main": "区卫健局"},
                {"id": "R1", "items": ["社保卡"], "area": "张店区", "main": "无此单位"},
                {
                    "id": "R2",
                    "items": ["社保卡"],
                    "main": "区审批服务局",
                    "assisting": ["区人社局", "无此单位", "区行政审批局"],
                },
            ],
        }
    )
    consumers = list(register(city.office))
    consumers[2] = Assignment(consumers[2]._resolve, rules)
    subject = city.portal.bad_review()
    city.drain(consumers)
    city.hotline.confirms(subject)
    city.drain(consumers)
    assigned = fact_of(city, subject, "DepartmentAssigned")
    assert (assigned.unit, assigned.assisting, assigned.rule) == ("ZD-XZSP", (UNIT,), "R2@t1")


def test_without_a_list_of_units_a_name_stands_for_itself_and_a_new_list_is_seen_at_once(city):
    consumers = register(city.office)
    code_of = consumers[2]._resolve
    with city.office.database.read() as conn:
        assert code_of(conn, "区人社局", "张店区") == UNIT
        assert code_of(conn, "没有这个局") is None
    with city.office.database.write() as conn:
        conn.execute(units.delete())
        assert code_of(conn, "没有这个局") == "没有这个局"


# 再评价


def test_an_operator_who_has_invited_by_telephone_is_not_asked_to(city):
    named, asked = reported(city), "请电话回访，邀请群众再评价"
    for _ in range(2):
        hotline.invite(city.ledger, named, account=OPERATOR.name)
    city.drain()
    assert sum(body.endswith(asked) for _, body in messages(city, named)) == 1


def test_the_citizen_is_invited_by_a_call_and_where_nobody_can_be_asked_not_at_all(city):
    named = reported(city)
    assert fact_of(city, named, "ReevaluationInvited").channel == "call"
    nameless = city.portal.bad_review(mobile="", userName="", anonymityFlag=True)
    city.drain()
    city.step(
        nameless,
        s.ComplaintConfirmed,
        OPERATOR,
        by="fact_check",
        reason_code="115",
        case_class="clear",
    )
    city.drain()
    city.department.submits(nameless)
    city.hotline.accepts(nameless)
    city.drain()
    assert fact_of(city, nameless, "ReevaluationInvited") is None
    assert city.state(nameless) == "待再评价"


def later(city, subject, stars, **values):
    """A later rating of the same service, given now."""
    found = city.complaint(subject)
    now = city.clock.now
    city.step(
        subject,
        s.LaterRatingJoined,
        PLATFORM,
        **{
            "source": found.source,
            "project_no": found.project_no,
            "service_number": found.service_number,
            "assess_number": "2",
            "level": stars,
            "assessed_at": now,
            "received_at": now,
        }
        | values,
    )
    city.drain()


def test_a_later_rating_answers_the_invitation(city):
    subject = reported(city)
    city.travel(hours=2)
    later(city, subject, 4)
    answer = fact_of(city, subject, "ComplaintReevaluated")
    assert (answer.level, answer.by) == (4, "site")
    assert city.state(subject) == "办结"


def test_a_later_rating_given_before_the_unit_had_reported_answers_nothing(city):
    subject = confirmed(city)
    given = city.clock.now
    city.travel(hours=1)
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain()
    later(city, subject, 5, assessed_at=given)
    assert city.state(subject) == "待再评价"


@pytest.mark.parametrize("city", ["beijing"], indirect=True)
@pytest.mark.parametrize(("stars", "level"), [(2, 1), (1, 1), (3, 3), (4, 5), (5, 5)])
def test_on_a_scale_of_three_a_later_rating_is_mapped(city, stars, level):
    subject = reported(city)
    later(city, subject, stars)
    assert fact_of(city, subject, "ComplaintReevaluated").level == level


def test_a_bad_later_rating_after_the_end_is_an_objection_once_and_inside_its_window(city):
    subject = reported(city)
    city.citizen.rates(subject, 3)
    city.travel(days=1)
    later(city, subject, 4)
    assert city.state(subject) == "办结"
    later(city, subject, 2)
    assert city.timeline(subject)[-2:] == ["CitizenObjected", "DepartmentAssigned"]
    city.department.submits(subject)
    city.citizen.rates(subject, 3)
    later(city, subject, 1)
    assert city.state(subject) == "办结"


def test_an_objection_that_came_in_time_is_one_however_late_it_is_looked_at(city):
    subject = reported(city)
    city.citizen.rates(subject, 3)
    city.drain()
    ended = city.complaint(subject)
    city.clock.now = due_at = ended.limits["objection_window"].due_at
    again = rating(ended.project_no, 1, assessNumber="2", assessTime=instant(due_at))
    city.portal.sends(again)
    city.travel(days=3)
    city.drain()
    assert city.timeline(subject)[-3:-1] == ["LaterRatingJoined", "CitizenObjected"]
    assert city.state(subject) == "待签收"
    occurred = [row.occurred_at for row in rows(city, events) if row.type == "CitizenObjected"]
    assert occurred == [due_at], "the day it came, from which the unit's limits run"


def test_after_the_window_a_bad_later_rating_reopens_nothing(city):
    subject = reported(city)
    city.citizen.rates(subject, 3)
    city.drain()
    city.travel(days=30)
    later(city, subject, 1)
    assert city.state(subject) == "办结"


def test_a_dismissed_one_objected_to_goes_to_another_operator(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.dismisses(subject)
    later(city, subject, 1)
    assert city.state(subject) == "核实中"
    assert city.complaint(subject).barred == OPERATOR.name


# 督办


def test_a_dissatisfied_call_back_is_supervised_and_so_is_a_second_round(city):
    subject = reported(city)
    city.citizen.rates(subject, 1)
    city.drain()
    assert fact_of(city, subject, "SupervisionOrdered").ground == "dissatisfied"
    city.department.submits(subject)
    city.citizen.rates(subject, 2)
    city.drain()
    assert fact_of(city, subject, "SupervisionOrdered").ground == "second_round"
    assert city.timeline(subject).count("SupervisionOrdered") == 2
    assert city.state(subject) == "待终裁"


def test_a_call_back_is_supervised_as_what_it_was_however_late_that_is_noticed(city):
    subject = reported(city)
    city.citizen.rates(subject, 1)  # nothing is drained until the last step
    city.hotline.assigns(subject)
    city.supervisor.calls_for_ruling(subject)
    city.supervisor.rules(subject, "reassign")
    city.drain()
    assert city.complaint(subject).round == 3
    assert fact_of(city, subject, "SupervisionOrdered").ground == "dissatisfied"
    city.department.submits(subject)
    city.citizen.rates(subject, 2)
    city.drain()
    assert fact_of(city, subject, "SupervisionOrdered").ground == "second_round"


def test_a_satisfied_citizen_causes_no_supervision(city):
    subject = reported(city)
    city.citizen.rates(subject, 3)
    city.drain()
    assert "SupervisionOrdered" not in city.timeline(subject)


# 时限


def test_timers_follow_the_limits_whatever_is_met_moved_and_opened_in_one_batch(city):
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    city.hotline.confirms(subject)
    city.hotline.assigns(subject)
    city.department.submits(subject)
    city.step(subject, s.RectificationSentBack, OPERATOR, reason="没有写措施")
    city.department.submits(subject)
    city.hotline.accepts(subject)
    city.drain([c for c in register(city.office) if c.name == "deadlines"])
    armed = timers(city, subject)
    limits = city.complaint(subject).limits
    assert set(armed) == {"reevaluate", "total"}
    for name, row in armed.items():
        opened = limits[name]
        assert (row.generation, row.due_at) == (opened.generation, opened.due_at)
        assert (row.next_step, row.next_at) == ("yellow", opened.warn_at)


def test_a_yellow_card_whose_time_was_past_at_the_opening_is_not_armed(city):
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    city.drain()
    verify = timers(city, subject)["verify"]
    assert verify.next_step == "missed"
    assert verify.next_at == verify.due_at + 1


def test_a_paused_limit_has_no_timer_until_it_goes_on(city):
    subject = city.portal.bad_review(mobile="")
    city.drain()
    city.step(subject, s.ContactRequested, OPERATOR)
    city.drain()
    assert "verify" not in timers(city, subject)
    city.travel(days=1)
    supply_contact(city.ledger, "P0001", "1", account="数据员01", unit=UNIT, phone="19900005678")
    city.drain()
    verify = timers(city, subject)["verify"]
    assert verify.generation == 2
    assert verify.due_at == city.complaint(subject).limits["verify"].due_at


# 通知


def test_each_desk_is_told_what_is_for_it_in_words_a_person_can_read(city):
    subject = confirmed(city)
    order = f"GD{subject[2:]}-1"
    assert messages(city, subject) == [
        ("role:operator", f"{subject} 新的差评，请核实"),
        (
            f"unit:{UNIT}",
            f"{order} 请签收并整改，签收期限9月17日17:30，整改期限9月24日17:30",
        ),
    ]
    city.department.submits(subject)
    city.step(subject, s.RectificationSentBack, OPERATOR, reason="没有写措施")
    city.step(subject, s.Reminded, SUPERVISOR, limit="rectify")
    city.step(subject, s.SupervisionOrdered, SUPERVISOR, ground="manual")
    city.drain()
    assert messages(city, subject)[2:] == [
        ("role:operator", f"{subject} 整改反馈已提交，请审核，9月18日17:30前"),
        (f"unit:{UNIT}", f"{order} 整改反馈被打回，请重新整改，9月24日17:30前"),
        (f"unit:{UNIT}", f"{order} 【催办】整改时限"),
        (f"unit:{UNIT}", f"{order} 【督办】监督员督办"),
        ("role:supervisor", f"{subject} 【督办】监督员督办（责任单位区人社局）"),
    ]


def test_the_unit_is_never_told_of_retaliation_nor_anybody_of_the_citizen(city):
    subject = reported(city)
    city.step(subject, s.RetaliationReported, SECOND, words="窗口打电话骂我")
    city.drain()
    told = messages(city, subject)
    readers = ["role:supervisor", "role:auditor"]
    assert told[-2:] == [(reader, f"{subject} 群众反映打击报复") for reader in readers]
    for recipient, body in told:
        assert not any(word in body for word in ("群众甲", "1990", "又让我开证明", "P0"))
        assert "打击" not in body or recipient in readers


def test_assisting_units_and_the_ruling_are_told(city):
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    order = f"GD{subject[2:]}-1"
    given = {"order": order, "unit": UNIT, "assisting": ["ZD-YBJ"], "rule": "person"}
    city.step(subject, s.DepartmentAssigned, OPERATOR, **given, named_by_person=True)
    city.drain()
    assert (f"unit:{'ZD-YBJ'}", f"{order} 请协办，主办单位区人社局") in messages(city, subject)
    city.supervisor.calls_for_ruling(subject)
    city.supervisor.rules(subject, "dismiss", verdict="invalid", ground="out_of_scope")
    city.drain()
    told = dict(messages(city, subject)[-2:])
    assert told["role:supervisor"].endswith("提请终裁，9月22日17:30前")
    assert told[f"unit:{UNIT}"] == f"{order} 终裁：结案，无需再办"


def test_an_appeal_is_for_the_reviewer_and_its_outcome_for_the_unit(city):
    subject = confirmed(city)
    city.step(subject, s.AppealLodged, HANDLER, reason="不是我们的办件")
    city.step(subject, s.AppealRejected, REVIEWER, reason="是")
    city.drain()
    assert [recipient for recipient, _ in messages(city, subject)[-2:]] == [
        "role:reviewer",
        f"unit:{UNIT}",
    ]


@pytest.mark.parametrize(
    ("assessed", "late"),
    [("2021-09-23T23:59:59+08:00", False), ("2021-09-24T00:00:01+08:00", True)],
)
def test_a_rating_after_its_window_is_kept_verified_and_said_so(city, assessed, late):
    city.travel("2021-09-27T09:00:00+08:00")
    city.portal.sends(service_record("P0001", serviceTime=moment("2021-09-16T16:00:00+08:00")))
    subject = city.portal.bad_review(assessTime=moment(assessed))
    city.drain()
    found = [f for f in fact_of(city, subject, "ComplaintAnalysed").findings if f.kind == "late"]
    assert bool(found) is late
    assert city.state(subject) == "核实中"
    shown = dict(timeline(city.office, subject, OPERATOR).entries[1].details).get("依据", "")
    assert ("办事后第 7 天才评价，已过本地的评价期限" in shown) is late


def test_where_the_service_is_not_known_nothing_is_said_of_the_window(city):
    city.travel("2021-12-27T09:00:00+08:00")
    subject = city.portal.bad_review()
    city.drain()
    assert "late" not in {f.kind for f in fact_of(city, subject, "ComplaintAnalysed").findings}


class Gateway:
    """A message gateway that keeps what it was handed, and may be down."""

    def __init__(self, fails=0):
        self.sent, self.fails = [], fails

    def send(self, message):
        if self.fails:
            self.fails -= 1
            raise ConnectionError("网关不通")
        self.sent.append(message)
        return "sent"


def test_what_is_for_a_desk_is_shown_there_and_nothing_of_it_is_sent(city):
    confirmed(city)
    assert {(row.channel, row.status) for row in rows(city, outbox_table)} == {("desk", "shown")}
    gateway = Gateway()
    assert outbox.deliver(city.ledger, {outbox.DESK: gateway, "link": gateway}) == 0
    assert gateway.sent == []


@pytest.fixture
def by_link(city):
    """An office whose profile prefers links, and which has a gateway for them."""
    rulebook = city.office.rulebook
    zibo = rulebook.in_force(city.clock.now)
    rulebook.policies = Policies([replace(zibo, reevaluation_channels=("link", "call"))])
    return lambda: city.drain(register(city.office, frozenset({"link"})))


def invite_by_link(city, by_link):
    subject = confirmed(city)
    city.department.submits(subject)
    city.hotline.accepts(subject)
    by_link()
    return subject


def test_a_link_is_an_invitation_only_once_it_is_delivered(city, by_link):
    subject = invite_by_link(city, by_link)
    assert fact_of(city, subject, "ReevaluationInvited") is None
    gateway = Gateway(fails=1)
    assert outbox.deliver(city.ledger, {"link": gateway}) == 1
    assert fact_of(city, subject, "ReevaluationInvited") is None
    assert outbox.deliver(city.ledger, {"link": gateway}) == 0
    city.travel(minutes=1)
    assert outbox.deliver(city.ledger, {"link": gateway}) == 1
    invited = fact_of(city, subject, "ReevaluationInvited")
    (message,) = gateway.sent
    due_at = city.complaint(subject).limits["reevaluate"].due_at
    assert (invited.channel, invited.expires_at) == ("link", due_at)
    assert links.read(city.office.keys.link, message.link) == (subject, 1, due_at)
    assert message.phone == "19900001234"
    kept = str(rows(city, outbox_table)) + str(rows(city, events))
    assert message.link not in kept
    assert message.phone not in kept


def test_a_link_that_cannot_be_delivered_becomes_a_call(city, by_link):
    subject = invite_by_link(city, by_link)
    written = city.clock.now
    for wait in outbox.WAITS:
        assert fact_of(city, subject, "ReevaluationInvited") is None
        city.clock.now = written + wait
        assert outbox.deliver(city.ledger, {"link": Gateway(fails=1)}) == 1
    city.travel(days=1)
    assert outbox.deliver(city.ledger, {"link": Gateway()}) == 0
    assert fact_of(city, subject, "ReevaluationInvited").channel == "call"


@pytest.mark.parametrize("sent", [{"link"}, set()], ids=["a gateway that fails", "no gateway"])
def test_where_nobody_is_called_the_operators_hear_of_a_link_that_was_not_delivered(city, sent):
    rulebook = city.office.rulebook
    zibo = rulebook.in_force(city.clock.now)
    rulebook.policies = Policies([replace(zibo, reevaluation_channels=("link",))])
    subject = invite_by_link(city, lambda: city.drain(register(city.office, frozenset(sent))))
    written = city.clock.now
    for wait in outbox.WAITS:
        city.clock.now = written + wait
        outbox.deliver(city.ledger, {name: Gateway(fails=1) for name in sent})
    (told,) = [one for one in messages(city, subject) if "没有送达" in one[1]]
    assert told == ("role:operator", f"{subject} 再评价邀请没有送达，请另行联系群众")
    assert fact_of(city, subject, "ReevaluationInvited") is None
    assert city.state(subject) == "待再评价"


def test_an_answer_that_came_before_the_message_needs_no_invitation(city, by_link):
    subject = invite_by_link(city, by_link)
    city.citizen.rates(subject, 5)
    gateway = Gateway()
    outbox.deliver(city.ledger, {"link": gateway})
    assert gateway.sent == []
    kept = [row.status for row in rows(city, outbox_table) if row.recipient == outbox.CITIZEN]
    assert kept == ["overtaken"]
    assert fact_of(city, subject, "ReevaluationInvited") is None
    assert city.state(subject) == "办结"


@pytest.mark.parametrize("action", [["retry"], ["discard", "--reason", "x"]])
@pytest.mark.parametrize("consumer", ["analysis", "ratings"])
@pytest.mark.parametrize("place", [("2147483648", "1"), ("1", "9" * 19), ("0", "1"), ("x", "1")])
def test_no_place_of_a_parked_one_is_too_large_to_be_refused(folder, action, consumer, place):
    words = ["parked", *action, consumer, *place, "--data", str(folder)]
    told = CliRunner().invoke(app, words)
    assert told.exit_code == 2, told.output
