"""Who sees what of a complaint: the unit its own part and never the person; every look leaves a
trace.
"""

import json
from dataclasses import asdict
from datetime import datetime

import pytest
from city import HANDLER, OPERATOR, REVIEWER, SUPERVISOR, UNIT, City, service
from sqlalchemy import select

import schemas as s
from console.queues import queue
from console.timeline import timeline
from producers import departments, hotline
from schemas.envelope import Role
from workflow.errors import InvalidInput, NotPermitted, UnknownComplaint
from workflow.ledger import Actor
from workflow.storage.models import views

PHONE, NAME, ID = "19900001234", "群众甲", "370303198001011234"
OTHER = Actor("经办99", Role.DEPARTMENT, "ZD-YBJ")
ASSISTING = Actor("经办50", Role.DEPARTMENT, "ZD-MZJ")


@pytest.fixture
def rectifying(city: City) -> str:
    """A rating whose text tells who wrote it, confirmed and with the unit."""
    text = f"我是{NAME}，电话 199 0000 1234，身份证{ID}，又让我开证明"
    subject = city.portal.bad_review(text, mobile=PHONE, userName=NAME)
    city.hotline.receives(subject)
    city.hotline.confirms(subject)
    city.step(subject, s.RetaliationReported, OPERATOR, words="有人打电话来")
    city.step(
        subject,
        s.DepartmentAssigned,
        OPERATOR,
        order="GD21-0001-1",
        unit=UNIT,
        assisting=[ASSISTING.unit],
        rule="person",
    )
    departments.acknowledge(city.ledger, subject, account=HANDLER.name, unit=UNIT)
    return subject


def _seen(city: City, subject: str, viewer: Actor) -> str:
    return json.dumps(
        asdict(timeline(city.office, subject, viewer)), ensure_ascii=False, default=str
    )


def _events(city: City, subject: str, viewer: Actor) -> list[str]:
    return [entry.type for entry in timeline(city.office, subject, viewer).entries]


def test_the_unit_never_sees_who_rated(city: City, rectifying: str) -> None:
    departments.ask_clarification(
        city.ledger, rectifying, account=HANDLER.name, unit=UNIT, question="哪份证明？"
    )
    hotline.answer_clarification(
        city.ledger,
        rectifying,
        account=OPERATOR.name,
        answer=f"{NAME}（+86 19900001234）说居住证明",
    )
    seen = _seen(city, rectifying, HANDLER)
    for secret in (
        PHONE,
        "199 0000 1234",
        NAME,
        ID,
        "3号窗口",
        "P0001",
        "09-16T09:30",
        OPERATOR.name,
    ):
        assert secret not in seen
    assert "【隐去】" in seen
    assert "居住证明" in seen


def test_the_unit_never_reads_the_number_however_it_is_written(city: City) -> None:
    subject = city.portal.bad_review(
        "１９９００００１２３４，又让我开证明", project="P0001", mobile=""
    )
    city.hotline.receives(subject)
    city.step(subject, s.ContactRequested, OPERATOR)
    departments.supply_contact(
        city.ledger, "P0001", "1", account="数据员01", unit=UNIT, phone="0533-2280000"
    )
    city.hotline.confirms(subject)
    city.hotline.assigns(subject)
    departments.acknowledge(city.ledger, subject, account=HANDLER.name, unit=UNIT)
    asked = {"account": HANDLER.name, "unit": UNIT, "question": "哪份证明？"}
    departments.ask_clarification(city.ledger, subject, **asked)
    said = "居住证明；打199—0000—1234、（0533）2280000，家里228 0000，转二二八零零零零"
    hotline.answer_clarification(city.ledger, subject, account=OPERATOR.name, answer=said)
    seen = _seen(city, subject, HANDLER)
    assert "【隐去】，又让我开证明" in seen
    assert "居住证明；打【隐去】、【隐去】，家里【隐去】，转【隐去】" in seen


def test_an_assisting_unit_is_shown_the_orders_due_time_alone(city: City, rectifying: str) -> None:
    open_to = {
        unit: {due.name for due in timeline(city.office, rectifying, unit).open}
        for unit in (HANDLER, ASSISTING)
    }
    assert open_to == {
        HANDLER: {"rectify", "return_window", "appeal_window"},
        ASSISTING: {"rectify"},
    }
    (sent,) = timeline(city.office, rectifying, ASSISTING).entries
    assert [due.name for due in sent.limits] == ["rectify"]


def _about(city: City, subject: str, viewer: Actor) -> dict[str, str]:
    return dict(timeline(city.office, subject, viewer).head)


def test_time_and_window_are_as_coarse_as_enough_services_need(city: City) -> None:
    subject = city.portal.bad_review(project="P0001")
    city.portal.sends(service("P0001"), *(service(f"S{n}", winName="8号窗口") for n in range(3)))
    city.drain()
    city.hotline.confirms(subject)
    told = _about(city, subject, OPERATOR)["单位可见"]
    assert told == "不显示时间和窗口：该季同事项办件只有 4 件，不足 5 件"
    city.portal.sends(
        service("S9", serviceTime=datetime.fromisoformat("2021-09-01T09:00:00+08:00"))
    )
    told = _about(city, subject, OPERATOR)["单位可见"]
    assert told == "9月（已模糊），相符办件 5 件（至少 5 件）"
    city.drain()
    seen = _about(city, subject, HANDLER)
    assert (seen["时间"], seen.get("窗口")) == ("9月（已模糊）", None)
    city.travel(hours=1)
    city.portal.sends(*(service(f"L{n}") for n in range(9)))
    assert _about(city, subject, HANDLER) == seen, "what came after the order changes nothing"
    _sent_anew(city, subject)
    seen = _about(city, subject, HANDLER)
    assert (seen["时间"], seen["窗口"]) == ("9月第3周（已模糊）", "3号窗口")
    told = _about(city, subject, OPERATOR)["单位可见"]
    assert told == "9月第3周（已模糊）、3号窗口，相符办件 10 件（至少 5 件）"


def _sent_anew(city: City, subject: str) -> None:
    city.supervisor.calls_for_ruling(subject)
    city.supervisor.rules(subject, "reassign")
    city.drain()


def test_a_unit_is_told_of_item_and_window_what_was_known_when_the_order_was_sent(
    city: City,
) -> None:
    """Else the week it was shown and the item that it learns later would match too few together."""
    subject = city.portal.bad_review(project="P0001", taskName=None, winName=None)
    city.portal.sends(*(service(f"S{n}") for n in range(5)))
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    seen = _about(city, subject, HANDLER)
    assert (seen.get("事项"), seen["时间"], seen.get("窗口")) == (None, "9月第3周（已模糊）", None)
    city.travel(hours=1)
    city.portal.sends(service("P0001", taskName="居住证"))
    assert _about(city, subject, HANDLER) == seen
    assert _about(city, subject, OPERATOR)["事项"] == "居住证"
    _sent_anew(city, subject)
    seen = _about(city, subject, HANDLER)
    assert (seen["事项"], seen["时间"], seen.get("窗口")) == ("居住证", "不显示", None)
    city.portal.sends(*(service(f"L{n}", taskName="居住证") for n in range(4)))
    city.travel(hours=1)
    _sent_anew(city, subject)
    seen = _about(city, subject, HANDLER)
    assert (seen["时间"], seen["窗口"]) == ("9月第3周（已模糊）", "3号窗口")


def test_the_unit_sees_its_own_steps_and_what_it_is_told(city: City, rectifying: str) -> None:
    city.department.submits(rectifying)
    city.step(rectifying, s.RectificationSentBack, OPERATOR, reason="没有措施")
    city.step(rectifying, s.Reminded, SUPERVISOR, limit="rectify")
    city.step(rectifying, s.Reminded, SUPERVISOR, limit="total")
    assert _events(city, rectifying, HANDLER) == [
        "DepartmentAssigned",
        "WorkOrderAcknowledged",
        "RectificationSubmitted",
        "RectificationSentBack",
        "Reminded",
    ]
    opened = {due.name for due in timeline(city.office, rectifying, HANDLER).open}
    assert opened == {"rectify", "return_window", "appeal_window"}


def test_another_units_complaint_does_not_exist(city: City, rectifying: str) -> None:
    for viewer in (OTHER, Actor("x", Role.DEPARTMENT, "没有")):
        with pytest.raises(UnknownComplaint):
            timeline(city.office, rectifying, viewer)
    with pytest.raises(UnknownComplaint):
        timeline(city.office, "CP21-9999", HANDLER)
    assert queue(city.office, "department", OTHER.unit) == ()
    assert [item.subject for item in queue(city.office, "department", UNIT)] == [rectifying]


def test_a_queue_goes_by_unit_where_the_role_has_one(city: City) -> None:
    for role, unit in (("department", None), ("operator", UNIT), ("supervisor", UNIT)):
        with pytest.raises(InvalidInput, match="单位"):
            queue(city.office, role, unit)


def test_an_assisting_unit_sees_its_part(city: City, rectifying: str) -> None:
    city.department.submits(rectifying)
    assert _events(city, rectifying, ASSISTING) == ["DepartmentAssigned"]
    assert "已整改" not in _seen(city, rectifying, ASSISTING)
    city.step(rectifying, s.RectificationSentBack, OPERATOR, reason="没有措施")
    assert timeline(city.office, rectifying, ASSISTING).allowed == ("协办反馈",)
    assert "协办反馈" not in timeline(city.office, rectifying, HANDLER).allowed


def test_a_unit_that_lost_the_order_sees_it_no_longer(city: City, rectifying: str) -> None:
    city.hotline.assigns(rectifying, unit="ZD-YBJ")
    with pytest.raises(UnknownComplaint):
        timeline(city.office, rectifying, HANDLER)
    assert _events(city, rectifying, OTHER) == ["DepartmentAssigned"]


def test_retaliation_is_for_supervisor_and_auditor(city: City, rectifying: str) -> None:
    auditor = Actor("审计01", Role.AUDITOR)
    for viewer in (SUPERVISOR, auditor):
        assert "有人打电话来" in _seen(city, rectifying, viewer)
    for viewer in (REVIEWER, Actor("话务员09", Role.OPERATOR), HANDLER):
        assert "RetaliationReported" not in _events(city, rectifying, viewer)
    assert "RetaliationReported" in _events(city, rectifying, OPERATOR)


def test_the_hotline_sees_the_text_and_no_phone(city: City, rectifying: str) -> None:
    city.step(rectifying, s.ContactRevealed, OPERATOR, reason="回访")
    seen = _seen(city, rectifying, OPERATOR)
    assert "又让我开证明" in seen
    assert "有电话" in seen
    assert f'"{PHONE}"' not in seen


@pytest.mark.parametrize(
    "role", [Role.ADMINISTRATOR, Role.IT, Role.CLERK, Role.CITIZEN, Role.CLOCK]
)
def test_who_reads_no_complaints(city: City, rectifying: str, role: Role) -> None:
    with pytest.raises(NotPermitted):
        timeline(city.office, rectifying, Actor("x", role, UNIT))


def test_every_look_leaves_a_trace(city: City, rectifying: str) -> None:
    timeline(city.office, rectifying, HANDLER)
    timeline(city.office, rectifying, SUPERVISOR)
    with pytest.raises(UnknownComplaint):
        timeline(city.office, rectifying, OTHER)
    with city.office.database.read() as conn:
        looks = conn.execute(select(views.c.subject, views.c.actor, views.c.role)).all()
    assert [tuple(look) for look in looks] == [
        (rectifying, HANDLER.name, "department"),
        (rectifying, SUPERVISOR.name, "supervisor"),
    ]


def test_an_erased_text_is_said_to_be_erased(city: City, rectifying: str) -> None:
    departments.ask_clarification(
        city.ledger, rectifying, account=HANDLER.name, unit=UNIT, question="哪份证明？"
    )
    version = city.complaint(rectifying).version
    city.erases(f"{rectifying}-{version}")
    last = timeline(city.office, rectifying, HANDLER).entries[-1]
    assert last.details == (("代问", "（已删除）"),)


def test_steps_are_named_by_where_they_led(city: City, rectifying: str) -> None:
    city.department.submits(rectifying)
    city.hotline.accepts(rectifying)
    city.hotline.calls(rectifying)
    city.step(rectifying, s.ComplaintReevaluated, OPERATOR, level=2, by="call")
    found = timeline(city.office, rectifying, SUPERVISOR)
    assert found.entries[-1].label == "再评价不满意，重办"
    assert [due.name for due in found.entries[-1].limits] == ["assign"]
    assert found.allowed[:2] == ("派单", "督办")


# the queues


def test_a_queue_is_sorted_by_what_presses_most(city: City) -> None:
    first = city.portal.bad_review()
    city.hotline.receives(first)
    city.travel(hours=5)
    second = city.portal.bad_review(assessTime=datetime.fromisoformat("2021-09-16T14:30:00+08:00"))
    city.hotline.receives(second)
    hotline.claim(city.ledger, second, account="话务员01")
    items = queue(city.office, "operator")
    assert [(item.subject, item.task, item.holder) for item in items] == [
        (first, "核实", "热线，未认领"),
        (second, "核实", "话务员01"),
    ]
    city.travel("2021-09-18T10:00:00+08:00")
    late = queue(city.office, "operator")[0]
    assert late.left_text == "已超期1.5工作小时"
    assert [item.task for item in queue(city.office, "supervisor")] == ["督办（核实超期）"] * 2


def test_a_supervisor_rules_on_what_waits_for_him(city: City, rectifying: str) -> None:
    departments.request_extension(
        city.ledger, rectifying, account=HANDLER.name, unit=UNIT, working_days=2, reason="x"
    )
    tasks = [(item.task, item.limit) for item in queue(city.office, "supervisor")]
    assert tasks == [("裁定延期", "extension_ruling")]
    departments.appeal(city.ledger, rectifying, account=HANDLER.name, unit=UNIT, reason="x")
    assert [item.task for item in queue(city.office, "reviewer")] == ["申诉复核"]
    assert queue(city.office, "department", UNIT) == ()


def test_a_question_to_the_citizen_is_the_operators(city: City, rectifying: str) -> None:
    departments.ask_clarification(
        city.ledger, rectifying, account=HANDLER.name, unit=UNIT, question="哪份证明？"
    )
    assert [item.task for item in queue(city.office, "operator")] == ["代问群众"]
    assert [item.task for item in queue(city.office, "department", ASSISTING.unit)] == ["协办"]


@pytest.mark.parametrize("role", ["king", "", "clock", "citizen", "administrator"])
def test_who_has_no_queue(city: City, role: str) -> None:
    with pytest.raises(InvalidInput, match="role"):
        queue(city.office, role)


def test_a_departments_queue_needs_a_known_unit(city: City) -> None:
    for unit in (None, "区魔法局"):
        with pytest.raises(InvalidInput, match="unit"):
            queue(city.office, "department", unit)
