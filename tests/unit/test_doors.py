"""Every step a person records has its door; what a door takes in, refuses, and gives away."""

import contextlib
import inspect
from typing import Any

import pytest
from city import OPERATOR, City, service
from sqlalchemy import select

from console.finding import found_by_last4
from producers import citizens, departments, hotline, supervisors
from schemas.envelope import Role
from workflow import links
from workflow.contact import phone_of
from workflow.door import DOORS, TEXT_MOST
from workflow.errors import (
    BihuanError,
    IllegalStep,
    InvalidInput,
    KeyReused,
    NotPermitted,
    StaleVersion,
    UnknownComplaint,
)
from workflow.loop import STEPS
from workflow.storage.models import events, vault, views

A, B = "话务员01", "话务员02"
UNIT, OTHER = "ZD-RSJ", "ZD-YBJ"
AT_DOORS = {
    Role.OPERATOR,
    Role.REVIEWER,
    Role.DEPARTMENT,
    Role.CLERK,
    Role.SUPERVISOR,
    Role.CITIZEN,
    Role.HOTLINE,
}
FEEDBACK = {
    "facts": "多要了一份证明",
    "cause": "不熟悉办事指南",
    "measures": "已培训",
    "reply": "向您道歉",
    "signed_by": "负责人 科长",
}


@pytest.fixture
def verifying(city: City) -> str:
    """A bad rating the hotline is about to verify."""
    subject = city.portal.bad_review()
    city.hotline.receives(subject)
    return subject


@pytest.fixture
def dispatched(city: City, verifying: str) -> str:
    """The same, confirmed and sent to 区人社局."""
    hotline.call(city.ledger, verifying, account=A, outcome="answered")
    hotline.confirm(
        city.ledger, verifying, account=A, reason_code="109", case_class="clear", unit=UNIT
    )
    hotline.assign(city.ledger, verifying, account=A, unit="区人社局")
    return verifying


@pytest.fixture
def rectifying(city: City, dispatched: str) -> str:
    departments.acknowledge(city.ledger, dispatched, account="经办01", unit=UNIT)
    return dispatched


@pytest.fixture
def reevaluating(city: City, rectifying: str) -> str:
    departments.submit(city.ledger, rectifying, account="经办01", unit=UNIT, **FEEDBACK)
    hotline.accept_feedback(city.ledger, rectifying, account=A)
    return rectifying


def _stored(city: City, subject: str) -> list[str]:
    with city.office.database.read() as conn:
        return list(
            conn.execute(select(events.c.data).where(events.c.subject == subject)).scalars()
        )


# the register


def test_each_step_a_person_records_has_a_door_for_each_role_that_may() -> None:
    wanted = {(s.event, role) for s in STEPS for role in s.roles if role in AT_DOORS}
    doors = [door for party in DOORS.values() for door in party]
    offered = {(kind.__name__, role) for _, kind, roles in doors for role in roles}
    assert wanted - offered == set()
    by_supervisor = ("CalendarRevised", "PolicyProposed", "PolicyRefused", "PolicyTakenIntoForce")
    rules = {(event, Role.SUPERVISOR) for event in by_supervisor}
    rules.add(("PolicyProposed", Role.ADMINISTRATOR))
    assert offered - wanted == rules


def test_a_role_the_door_does_not_let_in_cannot_be_put_on(city: City, verifying: str) -> None:
    for role in ("clock", "consumer", "operator", "king", ""):
        with pytest.raises(InvalidInput, match="role"):
            supervisors.uphold_malice(city.ledger, verifying, account=B, reason="x", role=role)


# the loop, door by door


def test_a_complaint_goes_round_by_doors_alone(city: City, reevaluating: str) -> None:
    ledger = city.ledger
    assert hotline.invite(ledger, reevaluating, account=A).state == "REEVALUATING"
    hotline.call(ledger, reevaluating, account=A, outcome="answered")
    done = hotline.reevaluate(
        ledger, reevaluating, account=A, level=4, contacted=True, solved=True, words="可以了"
    )
    assert done.state == "CLOSED"
    assert city.complaint(reevaluating).outcome == "satisfied"
    assert city.timeline(reevaluating)[-7:] == [
        "DepartmentAssigned",
        "WorkOrderAcknowledged",
        "RectificationSubmitted",
        "RectificationAccepted",
        "ReevaluationInvited",
        "CallAttempted",
        "ComplaintReevaluated",
    ]
    assert city.damage() == []


def test_malice_is_decided_by_a_second_person(city: City, verifying: str) -> None:
    hotline.allege_malice(city.ledger, verifying, account=A, reason="多次无理评价")
    with pytest.raises(IllegalStep, match="另一人"):
        hotline.uphold_malice(city.ledger, verifying, account=A, reason="同意")
    hotline.reject_malice(city.ledger, verifying, account=B, reason="确有其事")
    hotline.allege_malice(city.ledger, verifying, account=A, reason="再报")
    done = supervisors.uphold_malice(city.ledger, verifying, account="复核01", reason="属实")
    assert (done.state, city.complaint(verifying).verdict) == ("DISMISSED", "malicious")
    assert supervisors.reverse_dismissal(
        city.ledger, verifying, account="监督01", reason="证据不足"
    ).state == ("VERIFYING")


def test_the_last_return_the_cap_allows_is_the_supervisors(city: City, dispatched: str) -> None:
    returned = {"account": "经办01", "unit": UNIT, "reason": "不归我管", "legal_basis": "三定方案"}
    departments.return_order(city.ledger, dispatched, suggested_unit=OTHER, **returned)
    hotline.refuse_return(city.ledger, dispatched, account=A, reason="归你管")
    departments.return_order(city.ledger, dispatched, **returned)
    with pytest.raises(IllegalStep, match="监督员"):
        hotline.accept_return(city.ledger, dispatched, account=A)
    done = supervisors.accept_return(city.ledger, dispatched, account="监督01", unit=OTHER)
    assert done.state == "ASSIGNING"
    supervisors.assign(city.ledger, dispatched, account="监督01", unit=OTHER, assisting=[UNIT])
    assert city.complaint(dispatched).assisting == [UNIT]
    assert '"order":"GD21-0001-2"' in _stored(city, dispatched)[-1]
    departments.assist(city.ledger, dispatched, account="经办01", unit=UNIT, note="已配合")
    with pytest.raises(NotPermitted, match="主办单位"):
        departments.acknowledge(city.ledger, dispatched, account="经办01", unit=UNIT)


def test_an_extension_is_asked_granted_and_never_more_than_asked(
    city: City, rectifying: str
) -> None:
    ask = {"account": "经办01", "unit": UNIT, "working_days": 3, "reason": "要开会研究"}
    departments.request_extension(city.ledger, rectifying, **ask)
    with pytest.raises(IllegalStep, match="不能批得更多"):
        supervisors.grant_extension(city.ledger, rectifying, account="监督01", working_days=4)
    due = city.complaint(rectifying).limits["rectify"].due_at
    supervisors.grant_extension(city.ledger, rectifying, account="监督01", working_days=2)
    moved = city.complaint(rectifying).limits["rectify"]
    assert moved.due_at > due == moved.original_due_at
    departments.request_extension(city.ledger, rectifying, **ask)
    supervisors.refuse_extension(city.ledger, rectifying, account="监督01", reason="已延过")


def test_an_appeal_is_heard_by_a_reviewer_who_did_not_verify(city: City, rectifying: str) -> None:
    departments.appeal(city.ledger, rectifying, account="经办01", unit=UNIT, reason="并非我方")
    with pytest.raises(IllegalStep, match="核实人以外"):
        supervisors.reject_appeal(city.ledger, rectifying, account=A, reason="x")
    supervisors.reject_appeal(city.ledger, rectifying, account="复核01", reason="证据不足")
    with pytest.raises(IllegalStep, match="只有一次"):
        departments.appeal(city.ledger, rectifying, account="经办01", unit=UNIT, reason="再来")


def test_an_order_does_not_go_anew_to_the_unit_that_holds_it(city: City, rectifying: str) -> None:
    """The clock would begin anew without a supervisor; a return that is accepted leads elsewhere
    too.
    """
    due, by = city.complaint(rectifying).limits["rectify"].due_at, {"account": A}
    for unit in (UNIT, "区人社局"):
        with pytest.raises(IllegalStep, match="改派须换一个单位；还需要时间的，由原单位申请延期"):
            hotline.assign(city.ledger, rectifying, unit=unit, assisting=[OTHER], **by)
    handler = {"account": "经办01", "unit": UNIT}
    departments.return_order(city.ledger, rectifying, reason="不归我们", legal_basis="x", **handler)
    for door in (hotline.assign, hotline.accept_return):
        with pytest.raises(IllegalStep, match="仍由原单位办理的，请不同意退回"):
            door(city.ledger, rectifying, unit=UNIT, **by)
    assert city.complaint(rectifying).limits["rectify"].due_at == due
    assert hotline.assign(city.ledger, rectifying, unit=OTHER, **by).state == "DISPATCHED"


def test_the_hotline_asks_for_the_unit_and_answers_it(city: City, rectifying: str) -> None:
    departments.ask_clarification(
        city.ledger, rectifying, account="经办01", unit=UNIT, question="哪份证明？"
    )
    with pytest.raises(IllegalStep, match="还没有答复"):
        departments.ask_clarification(
            city.ledger, rectifying, account="经办01", unit=UNIT, question="哪天？"
        )
    hotline.answer_clarification(city.ledger, rectifying, account=A, answer="居住证明")


def test_a_supervisor_presses_and_has_the_last_word(city: City, rectifying: str) -> None:
    by = {"account": "监督01"}
    supervisors.remind(city.ledger, rectifying, limit="rectify", **by)
    supervisors.order_supervision(city.ledger, rectifying, note="请抓紧", **by)
    supervisors.call_ruling(city.ledger, rectifying, note="两边都不认", **by)
    with pytest.raises(InvalidInput, match="结论"):
        supervisors.give_ruling(
            city.ledger,
            rectifying,
            decision="close_unresolved",
            reason="x",
            verdict="invalid",
            **by,
        )
    done = supervisors.give_ruling(
        city.ledger, rectifying, decision="reassign", unit="张店医保分局", reason="归医保", **by
    )
    assert (done.state, city.complaint(rectifying).named_unit) == ("ASSIGNING", OTHER)


def test_an_anonymous_complaint_is_checked_by_facts(city: City) -> None:
    subject = city.portal.bad_review(anonymityFlag=True, mobile="", userName="")
    city.hotline.receives(subject)
    by = {"account": A}
    hotline.confirm(
        city.ledger, subject, reason_code="109", case_class="clear", by="fact_check", **by
    )
    hotline.assign(city.ledger, subject, unit=UNIT, **by)
    departments.acknowledge(city.ledger, subject, account="经办01", unit=UNIT)
    departments.submit(city.ledger, subject, account="经办01", unit=UNIT, **FEEDBACK)
    hotline.accept_feedback(city.ledger, subject, **by)
    assert hotline.fact_check(city.ledger, subject, rectified=True, note="已改", **by).state == (
        "CLOSED"
    )


def test_a_feedback_sent_back_keeps_its_due_time(city: City, rectifying: str) -> None:
    due = city.complaint(rectifying).limits["rectify"].due_at
    departments.submit(city.ledger, rectifying, account="经办01", unit=UNIT, **FEEDBACK)
    city.travel(days=1)
    hotline.send_back(city.ledger, rectifying, account=A, reason="没有措施")
    assert city.complaint(rectifying).limits["rectify"].due_at == due


# the citizen's link


def test_a_link_takes_one_answer_of_its_round(city: City, reevaluating: str) -> None:
    expires = city.clock.now + 86_400_000_000
    token = links.make(city.office.keys.link, reevaluating, 1, expires)
    citizens.report_retaliation(city.ledger, token, words="有人打电话问我为什么差评")
    done = citizens.reevaluate(city.ledger, token, level=2, words="还是不行", key="once")
    assert (done.state, city.complaint(reevaluating).round) == ("ASSIGNING", 2)
    assert citizens.reevaluate(city.ledger, token, level=2, words="还是不行", key="once").repeated
    with pytest.raises(InvalidInput, match="过期"):
        citizens.reevaluate(city.ledger, token, level=5)


def test_an_expired_or_forged_link_opens_nothing(city: City, reevaluating: str) -> None:
    token = links.make(city.office.keys.link, reevaluating, 1, city.clock.now)
    with pytest.raises(InvalidInput, match="过期"):
        citizens.reevaluate(city.ledger, token, level=5)
    forged = links.make(b"x" * 32, reevaluating, 1, city.clock.now + 1)
    for bad in (forged, token[:-1], "", "…", "\ud800"):
        with pytest.raises(InvalidInput) as refused:
            citizens.object_to(city.ledger, bad, words="不服")
        assert not bad or bad not in str(refused.value)


def test_a_code_opens_what_is_asked_also_past_its_due_time(city: City, reevaluating: str) -> None:
    """Nobody was called often enough to end it without the citizen."""
    city.travel(days=30)
    city.drain()
    assert city.state(reevaluating) == "待再评价"
    token = citizens.token_of(city.ledger, links.code_of(city.office.keys.link, reevaluating))
    assert citizens.reevaluate(city.ledger, token, level=5).state == "CLOSED"


def test_an_objection_outlives_the_link_but_not_its_window(city: City, verifying: str) -> None:
    hotline.call(city.ledger, verifying, account=A, outcome="answered")
    hotline.dismiss(
        city.ledger, verifying, account=A, verdict="invalid", ground="misoperation", note="按错了"
    )
    token = links.make(city.office.keys.link, verifying, 1, city.clock.now)
    city.travel(days=3)
    for nothing in ("", " "):  # is not the one objection he has
        with pytest.raises(InvalidInput, match="words"):
            citizens.object_to(city.ledger, token, words=nothing)
        with pytest.raises(InvalidInput, match="words"):
            hotline.report_objection(city.ledger, verifying, account=A, words=nothing)
    assert citizens.object_to(city.ledger, token, words="我没有按错").state == "VERIFYING"
    with pytest.raises(IllegalStep, match="另一位话务员"):
        hotline.claim(city.ledger, verifying, account=A)
    hotline.claim(city.ledger, verifying, account=B)
    hotline.release(city.ledger, verifying, account=B)


# another unit's complaint


def test_another_units_complaint_does_not_exist(city: City, rectifying: str) -> None:
    as_other = {"account": "经办99", "unit": OTHER}
    with pytest.raises(UnknownComplaint):
        departments.acknowledge(city.ledger, rectifying, **as_other)
    with pytest.raises(UnknownComplaint):
        departments.acknowledge(city.ledger, rectifying, expected_version=1, **as_other)
    with pytest.raises(UnknownComplaint):
        departments.submit(city.ledger, rectifying, **as_other, **FEEDBACK)
    with pytest.raises(UnknownComplaint):
        departments.assist(city.ledger, rectifying, note="x", **as_other)
    assert city.complaint(rectifying).state == "RECTIFYING"


# what is typed in


@pytest.mark.parametrize("subject", ["CP21-9999", "", "\ud800", "x" * 200, "CP21-0001\n", "１"])
@pytest.mark.usefixtures("verifying")
def test_a_number_that_is_none_is_unknown(city: City, subject: str) -> None:
    with pytest.raises(UnknownComplaint):
        hotline.claim(city.ledger, subject, account=A)
    with pytest.raises(UnknownComplaint):
        hotline.assign(city.ledger, subject, account=A, unit=UNIT)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("outcome", {"outcome": "hung_up"}),
        ("outcome", {"outcome": ""}),
        ("outcome", {"outcome": 3}),
        ("next_call_at", {"outcome": "call_later"}),
        ("next_call_at", {"outcome": "busy", "next_call_at": "2021-09-17T10:00:00"}),
        ("next_call_at", {"outcome": "busy", "next_call_at": "1970-01-01T00:00:00+08:00"}),
        ("next_call_at", {"outcome": "busy", "next_call_at": "9999-12-31T23:59:59+08:00"}),
        ("next_call_at", {"outcome": "busy", "next_call_at": "明天"}),
        ("note", {"outcome": "busy", "note": "字" * (TEXT_MOST + 1)}),
        ("account", {"outcome": "busy", "account": ""}),
        ("account", {"outcome": "busy", "account": "a\x00b"}),
        ("key", {"outcome": "busy", "key": "k" * 500}),
    ],
)
def test_a_bad_value_names_its_field_and_records_nothing(
    city: City, verifying: str, field: str, values: dict[str, object]
) -> None:
    before = city.complaint(verifying).version
    with pytest.raises(InvalidInput) as refused:
        hotline.call(city.ledger, verifying, **({"account": A} | values))  # type: ignore[arg-type]
    assert refused.value.field == field
    assert city.complaint(verifying).version == before


def test_a_refusal_tells_the_time_of_the_offices_zone(city: City, verifying: str) -> None:
    past = "2021-09-16T08:00:00+08:00"
    with pytest.raises(InvalidInput, match=r"须晚于现在（2021-09-16 \d\d:\d\d），一年以内$"):
        hotline.call(city.ledger, verifying, account=A, outcome="busy", next_call_at=past)


@pytest.mark.parametrize("code", ["777", "510", "", "109 ", "\ud800"])
def test_a_reason_not_on_the_list_is_refused(city: City, verifying: str, code: str) -> None:
    with pytest.raises(InvalidInput, match="reason_code"):
        hotline.confirm(city.ledger, verifying, account=A, reason_code=code, case_class="clear")


def test_an_unknown_unit_is_refused_and_an_alias_is_known(city: City, verifying: str) -> None:
    hotline.call(city.ledger, verifying, account=A, outcome="answered")
    hotline.confirm(city.ledger, verifying, account=A, reason_code="109", case_class="clear")
    for unit, others in (("区魔法局", []), ("", []), (UNIT, [UNIT]), (UNIT, [OTHER, OTHER])):
        with pytest.raises(InvalidInput, match=r"unit|assisting"):
            hotline.assign(city.ledger, verifying, account=A, unit=unit, assisting=others)
    hotline.assign(city.ledger, verifying, account=A, unit="张店区人社局", assisting=["区民政局"])
    assert city.complaint(verifying).unit == UNIT


def test_a_text_is_cleaned_and_lies_in_the_vault_only(city: City, verifying: str) -> None:
    note = "群众\x00说\u202e排队\ud800慢"
    done = hotline.call(city.ledger, verifying, account=A, outcome="answered", note=f" {note} ")
    assert "排队" not in "".join(_stored(city, verifying))
    with city.office.database.read() as conn:
        assert city.office.vault.text(conn, done.event_id, "note") == "群众说排队\ufffd慢"
        sealed = conn.execute(select(vault.c.sealed).where(vault.c.owner == done.event_id)).scalar()
    assert "排队".encode() not in bytes(sealed or b"")


def test_a_required_text_of_blanks_is_refused(city: City, verifying: str) -> None:
    for blank in ("", "  ", "\x00\u202e"):
        with pytest.raises(InvalidInput, match="必填"):
            hotline.allege_malice(city.ledger, verifying, account=A, reason=blank)


UNSEEN = " \u200b", "\u200b\u2060\ufeff", "\u3164", "\u2800　", "\u00a0\u2028", "\u200e\ufe0f\u00ad"


@pytest.mark.parametrize("unseen", UNSEEN)
def test_what_cannot_be_seen_is_no_text(city: City, rectifying: str, unseen: str) -> None:
    ledger, given = city.ledger, FEEDBACK | {"facts": unseen}
    with pytest.raises(InvalidInput, match="facts：必填，不能为空"):
        departments.submit(ledger, rectifying, account="经办01", unit=UNIT, **given)
    given = FEEDBACK | {"signed_by": unseen}
    with pytest.raises(InvalidInput, match="signed_by：必填"):
        departments.submit(ledger, rectifying, account="经办01", unit=UNIT, **given)
    with pytest.raises(InvalidInput, match="reason：必填，不能为空"):
        hotline.reveal_contact(ledger, rectifying, account=A, reason=unseen)
    with pytest.raises(InvalidInput, match="account"):
        hotline.reveal_contact(ledger, rectifying, account=unseen, reason="回访")
    with pytest.raises(InvalidInput, match="notice"):
        supervisors.revise_calendar(
            ledger, account="监督01", version="1", notice=unseen, working=["2021-09-18"]
        )
    assert "ContactRevealed" not in city.timeline(rectifying)


def test_emoji_and_blanks_within_a_text_stay(city: City, verifying: str) -> None:
    note = "👨\u200d👩\u200d👧 来过❤\ufe0f"
    done = hotline.call(city.ledger, verifying, account=A, outcome="answered", note=note)
    with city.office.database.read() as conn:
        assert city.office.vault.text(conn, done.event_id, "note") == note


@pytest.mark.parametrize("odd", [5, True, ["x"], b"x", 1.5])
def test_a_name_or_a_time_of_the_wrong_type_is_refused_like_any_other(
    city: City, verifying: str, odd: Any
) -> None:
    call = {"account": A, "outcome": "answered"}
    confirm = {"account": A, "reason_code": "109", "case_class": "clear"}
    for door, given, field in (
        (hotline.call, call, "account"),
        (hotline.call, call, "key"),
        (hotline.call, call, "next_call_at"),
        (hotline.confirm, confirm, "reason_code"),
        (hotline.confirm, confirm, "unit"),
        (hotline.assign, {"account": A, "unit": "区人社局"}, "assisting"),
    ):
        with pytest.raises(InvalidInput) as refused:
            door(city.ledger, verifying, **{**given, field: odd})
        assert refused.value.field == field
    with pytest.raises(UnknownComplaint):
        hotline.claim(city.ledger, odd, account=A)
    assert city.damage() == []


ODD: tuple[Any, ...] = (5, -1, True, 1.5, "x", b"x", ["x"], [5], {"x": 1}, object(), "\ud800")


@pytest.mark.parametrize("party", sorted(DOORS))
def test_whatever_is_given_a_door_refuses_it_and_never_fails(
    city: City, verifying: str, party: str
) -> None:
    for door, _, roles in DOORS[party]:
        takes = inspect.signature(door).parameters
        given: dict[str, Any] = {n: "x" for n, one in takes.items() if one.default is one.empty}
        given |= {
            "ledger": city.ledger,
            "subject": verifying,
            "account": A,
            "unit": UNIT,
            "role": min(roles),
        }
        given |= {"token": links.make(city.ledger.keys.link, verifying, 1, 2**60)}
        given = {name: value for name, value in given.items() if name in takes}
        beside = {"key", "expected_version"} if "step" in takes else set()
        for name in (takes.keys() | beside) - {"ledger", "step"}:
            for odd in ODD:
                with contextlib.suppress(BihuanError):
                    door(**given | {name: odd})
    assert city.damage() == []


# repeats and stale screens


def test_a_repeated_key_gets_the_first_answer(city: City, verifying: str) -> None:
    first = hotline.call(city.ledger, verifying, account=A, outcome="answered", note="x", key="k")
    again = hotline.call(city.ledger, verifying, account=A, outcome="answered", note="x", key="k")
    assert (again.version, again.repeated) == (first.version, True)
    with pytest.raises(KeyReused):
        hotline.claim(city.ledger, verifying, account=A, key="k")


def test_other_words_or_another_unit_under_the_same_key_are_no_repeat(
    city: City, verifying: str
) -> None:
    given = {"account": A, "outcome": "answered", "key": "k"}
    hotline.call(city.ledger, verifying, note="x", **given)
    with pytest.raises(KeyReused):
        hotline.call(city.ledger, verifying, note="y", **given)
    with pytest.raises(KeyReused):
        hotline.call(city.ledger, verifying, **given)
    hotline.confirm(city.ledger, verifying, account=A, reason_code="109", case_class="clear")
    hotline.assign(city.ledger, verifying, account=A, unit=UNIT)
    departments.acknowledge(city.ledger, verifying, account="经办", unit=UNIT, key="u")
    with pytest.raises(KeyReused):
        departments.acknowledge(city.ledger, verifying, account="经办", unit=OTHER, key="u")


def test_pressing_names_a_limit_of_the_table(city: City, dispatched: str) -> None:
    for press in (supervisors.order_supervision, supervisors.remind):
        with pytest.raises(InvalidInput, match="limit：只能是 verify"):
            press(city.ledger, dispatched, account="监督01", limit="nothing")
        press(city.ledger, dispatched, account="监督01", limit="rectify")


def test_a_repeated_assignment_is_one_order(city: City, dispatched: str) -> None:
    given = {"account": A, "unit": OTHER, "key": "assign-1"}
    first = hotline.assign(city.ledger, dispatched, **given)
    assert hotline.assign(city.ledger, dispatched, **given).version == first.version
    assert city.complaint(dispatched).orders == 2


def test_a_stale_screen_is_refused(city: City, verifying: str) -> None:
    seen = city.complaint(verifying).version
    hotline.claim(city.ledger, verifying, account=A)
    with pytest.raises(StaleVersion) as refused:
        hotline.call(city.ledger, verifying, account=A, outcome="answered", expected_version=seen)
    assert refused.value.changed == ("ComplaintClaimed",)


def test_a_stale_unit_is_not_told_what_others_did(city: City, dispatched: str) -> None:
    seen = city.complaint(dispatched).version
    supervisors.remind(city.ledger, dispatched, account="监督01", limit="acknowledge")
    with pytest.raises(StaleVersion) as refused:
        departments.acknowledge(
            city.ledger, dispatched, account="经办01", unit=UNIT, expected_version=seen
        )
    assert refused.value.changed == ()
    assert "催办" not in str(refused.value)


# the phone


def test_the_clerk_cannot_tell_which_service_was_rated(city: City) -> None:
    city.portal.sends(*(service(f"S{n:02d}") for n in range(30)))
    subject = city.portal.bad_review(project="S07", mobile="")
    city.hotline.receives(subject)
    hotline.request_contact(city.ledger, subject, account=A)
    wanted = departments.contacts_wanted(city.ledger, unit=UNIT)
    assert len(wanted) == 10
    assert "S07" in {item.project_no for item in wanted}
    assert departments.contacts_wanted(city.ledger, unit=OTHER) == ()

    as_clerk = {"account": "数据员", "unit": UNIT, "phone": "199-0000-4321"}
    other = next(item for item in wanted if item.project_no != "S07")
    assert departments.supply_contact(city.ledger, other.project_no, "1", **as_clerk) is None
    hotline.link_ticket(city.ledger, subject, account=A, ticket="T1", key="used")
    stale = as_clerk | {"expected_version": 1}
    assert departments.supply_contact(city.ledger, "S07", "1", **stale) is None
    used = as_clerk | {"key": "used"}
    assert departments.supply_contact(city.ledger, "S07", "1", **used) is not None, "is no refusal"
    assert departments.supply_contact(city.ledger, "S07", "1", **as_clerk) is None
    assert departments.contacts_wanted(city.ledger, unit=UNIT) == wanted
    with pytest.raises(InvalidInput, match="phone"):
        departments.supply_contact(
            city.ledger, "S07", "1", account="数据员", unit=UNIT, phone="12345"
        )
    hotline.claim(city.ledger, subject, account=A)
    hotline.reveal_contact(city.ledger, subject, account=A, reason="回访")
    with city.office.database.read() as conn:
        assert phone_of(conn, city.office.vault, subject) == "19900004321"
    assert "19900004321" not in "".join(_stored(city, subject))


def test_a_service_without_a_record_is_looked_up_on_the_offices_date(city: City) -> None:
    city.travel("2021-09-17T07:30:00+08:00")
    subject = city.portal.bad_review(mobile="")
    city.hotline.receives(subject)
    hotline.request_contact(city.ledger, subject, account=A)
    (wanted,) = departments.contacts_wanted(city.ledger, unit=UNIT)
    assert wanted.day == "2021-09-17"


def test_a_clerk_of_another_unit_supplies_nothing(city: City) -> None:
    subject = city.portal.bad_review(project="S07", mobile="")
    city.hotline.receives(subject)
    hotline.request_contact(city.ledger, subject, account=A)
    given = {"account": "数据员", "unit": OTHER, "phone": "19900004321"}
    assert departments.supply_contact(city.ledger, "S07", "1", **given) is None
    assert city.complaint(subject).contact_requested


def test_by_a_phone_supplied_later_a_complaint_is_found_and_matched(city: City) -> None:
    subject = city.portal.bad_review(project="S07", mobile="")
    city.drain()
    hotline.request_contact(city.ledger, subject, account=A)
    given = {"account": "数据员", "unit": UNIT, "phone": "19900004321"}
    assert found_by_last4(city.office, "4321", OPERATOR) == ()
    departments.supply_contact(city.ledger, "S07", "1", **given, key="k1")
    departments.supply_contact(city.ledger, "S07", "1", **given, key="k1")
    assert [item.id for item in found_by_last4(city.office, "4321", OPERATOR)] == [subject]
    again = city.portal.bad_review(project="S08", mobile="19900004321")
    city.drain()
    assert city.complaint(again).duplicate_of == subject
    assert len(found_by_last4(city.office, "4321", OPERATOR)) == 2
    with city.office.database.read() as conn:
        query = select(views.c.subject).where(views.c.what == "last4").order_by(views.c.id)
        assert list(conn.execute(query).scalars()) == ["", subject, subject, again]
    with pytest.raises(InvalidInput, match="last4") as refused:
        found_by_last4(city.office, "19900004321", OPERATOR)
    assert "1990" not in str(refused.value)
    assert city.damage() == []


# the rules


def test_a_notice_revises_the_calendar(city: City) -> None:
    by = {"account": "监督01", "version": "2021-11", "notice": "关于调整的通知"}
    event = supervisors.revise_calendar(city.ledger, off=["2021-09-22"], expected_version=0, **by)
    assert event == "calendar/china-1"
    policy = city.office.rulebook.in_force(city.clock.now)
    calendar = city.office.rulebook.bound(policy.name, policy.version).calendar
    with pytest.raises(StaleVersion):
        supervisors.revise_calendar(city.ledger, off=["2021-09-23"], expected_version=0, **by)
    subject = city.portal.bad_review()
    assert city.complaint(subject).limits["verify"].calendar == calendar.id


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("working", {}),
        ("off", {"working": ["2021-09-18"], "off": ["2021-09-18"]}),
        ("working", {"working": ["2021-02-30"]}),
        ("off", {"off": ["9999-01-01"]}),
        ("notice", {"off": ["2021-09-22"], "notice": " "}),
        ("published_year", {"published_year": 1}),
        ("replaces", {"off": ["2021-09-22"], "replaces": 1}),
        ("version", {"off": ["2021-09-22"], "version": ""}),
    ],
)
def test_a_notice_that_cannot_be_is_refused(
    city: City, field: str, values: dict[str, object]
) -> None:
    given = {"account": "监督01", "version": "1", "notice": "通知"} | values
    with pytest.raises(InvalidInput) as refused:
        supervisors.revise_calendar(city.ledger, **given)  # type: ignore[arg-type]
    assert refused.value.field == field


def test_a_policy_is_proposed_for_the_future_only(city: City) -> None:
    policy = city.office.rulebook.in_force(city.clock.now)
    by = {"account": "监督01"}
    later = "2022-01-01T00:00:00+08:00"
    for field, values in (
        ("effective_at", {"version": policy.version, "effective_at": "2020-01-01T00:00:00+08:00"}),
        ("profile", {"version": "没有", "effective_at": later}),
        ("profile", {"version": policy.version, "profile": "jiangsu", "effective_at": "x"}),
        ("role", {"version": policy.version, "effective_at": later, "role": "operator"}),
    ):
        with pytest.raises(InvalidInput) as refused:
            supervisors.propose_policy(city.ledger, **by, **values)
        assert refused.value.field == field


def test_a_policy_comes_into_force_by_the_word_of_two(city: City) -> None:
    policy = city.office.rulebook.in_force(city.clock.now)
    later = "2022-01-01T00:00:00+08:00"

    def proposes(account: str, **values: str) -> str:
        said = {"account": account, "version": policy.version, "effective_at": later} | values
        return supervisors.propose_policy(city.ledger, **said)  # type: ignore[arg-type]

    with pytest.raises(InvalidInput, match="没有等裁决的提请"):
        supervisors.take_policy_into_force(city.ledger, account="监督02")
    assert proposes("管理01", role="administrator") == f"proposal/{policy.name}-1"
    with pytest.raises(InvalidInput, match="已有一个提请"):
        proposes("监督01")
    supervisors.refuse_policy(city.ledger, account="监督01", reason="年底前不改")
    second = proposes("监督01")
    with pytest.raises(NotPermitted, match="另一位监督员"):
        supervisors.take_policy_into_force(city.ledger, account="监督01")
    with pytest.raises(StaleVersion):
        supervisors.take_policy_into_force(city.ledger, account="监督02", expected_version=1)
    assert not city.office.rulebook._learned.in_force
    event = supervisors.take_policy_into_force(city.ledger, account="监督02", expected_version=3)
    assert event == f"policy/{policy.name}-1"
    assert [one.proposal for one in city.office.rulebook._learned.in_force] == [second]
    with pytest.raises(InvalidInput, match="已有人裁过"):
        supervisors.take_policy_into_force(city.ledger, account="监督03")
    assert proposes("监督01") == f"proposal/{policy.name}-4", "and so on"
    city.travel("2022-01-02T09:00:00+08:00")
    with pytest.raises(InvalidInput, match="不能早于现在"):
        supervisors.take_policy_into_force(city.ledger, account="监督02")
    assert city.damage() == []
