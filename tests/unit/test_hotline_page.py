"""The hotline's page, piece by piece: masked numbers, stages, forms kept, doors found."""

from __future__ import annotations

import re
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from starlette.datastructures import FormData

import console.web
from console.sight import ADDRESSED, FOR_THE_WHOLE, UNITS_FIELDS
from console.web.doors import door_of, values_of
from console.web.hotline.forms import Forms, Typed
from console.web.hotline.masked import masked
from console.web.hotline.panel import ASIDE, CONTACT, FORMS, HANDS, kebab, panel, with_forms
from console.web.hotline.stages import stages
from console.web.hotline.tabs import TABS, Ask, asked
from producers import hotline, supervisors
from schemas import BY_TYPE
from schemas.envelope import Role
from workflow.door import texts_of
from workflow.errors import InvalidInput, NotPermitted
from workflow.loop import STEPS
from workflow.states import State

ZONE = ZoneInfo("Asia/Shanghai")
STEP_FORMS = Path(str(console.web.__file__)).parent / "templates" / "steps"


@pytest.mark.parametrize(
    ("phone", "shown"),
    [
        ("13812341234", "138****1234"),
        ("+8613812341234", "138****1234"),
        ("138 1234 1234", "138****1234"),
        ("0533-2281234", "****34"),
        ("2281234", "****34"),
        ("12345", "****"),
        ("", "****"),
    ],
)
def test_a_number_shows_its_ends_at_most(phone, shown):
    assert masked(phone) == shown


def test_a_short_number_is_not_told_by_its_ends():
    assert "1234" not in masked("0533-2281234")


@pytest.mark.parametrize(
    ("state", "tones"),
    [
        ("COLLECTED", "now later later later later"),
        ("VERIFYING", "done done now later later"),
        ("RULING", "done done done now later"),
        ("REEVALUATING", "done done done done now"),
        ("DISMISSED", "done done done stopped stopped"),
        ("CLOSED", "done done done done done"),
    ],
)
def test_five_stages(state, tones):
    assert [stage.tone for stage in stages(state, "剩余1工作日")] == tones.split()


def test_work_that_is_ahead_of_verifying_does_not_make_it_done():
    tones = [stage.tone for stage in stages("RECTIFYING", "剩余1工作日", verified=False)]
    assert tones == ["done", "done", "beside", "now", "later"]
    assert stages("VERIFYING", "", verified=False) == stages("VERIFYING", "")


def test_every_state_stands_in_a_stage_and_only_the_one_of_now_has_time_left():
    for state in State:
        found = stages(state, "剩余1工作日")
        assert [stage.name for stage in found] == ["归集", "分析", "核实", "整改", "再评价"]
        assert all(not stage.left or stage.tone == "now" for stage in found)


def test_every_step_that_a_person_of_the_office_may_take_has_a_form():
    people = {Role.OPERATOR, Role.REVIEWER, Role.SUPERVISOR}
    theirs = {step.event for step in STEPS if step.roles & people}
    assert theirs == with_forms()


def test_a_form_s_file_is_named_after_an_event():
    assert {path.stem for path in FORMS.glob("*.html")} <= set(BY_TYPE)
    assert {*HANDS, *CONTACT, *ASIDE} <= with_forms()


def test_each_offer_stands_in_one_place():
    found = panel(sorted(with_forms()), "VERIFYING")
    every = [o.event for o in (*found.hands, *found.contact, *found.main, *found.aside)]
    assert sorted(every) == sorted(with_forms())
    assert found.main[0].event == "ComplaintConfirmed"


def test_to_send_an_order_to_another_unit_is_not_what_comes_next():
    assert [o.label for o in panel(["DepartmentAssigned"], "ASSIGNING").main] == ["派单"]
    moved = panel(["DepartmentAssigned"], "RECTIFYING")
    assert ([o.label for o in moved.aside], moved.main) == (["改派"], ())


def test_addresses_of_steps():
    assert kebab("ComplaintConfirmed") == "complaint-confirmed"
    assert len({kebab(event) for event in with_forms()}) == len(with_forms())


def test_the_door_is_that_of_whoever_asks():
    assert door_of("ReturnAccepted", Role.OPERATOR) is hotline.accept_return
    assert door_of("ReturnAccepted", Role.SUPERVISOR) is supervisors.accept_return
    with pytest.raises(NotPermitted):
        door_of("ReturnAccepted", Role.REVIEWER)


def test_a_form_says_what_the_door_is_told():
    form = FormData(
        [
            ("csrf", "x"),
            ("account", "别人"),
            ("role", "supervisor"),
            ("reason_code", " 115 "),
            ("case_class", "clear"),
            ("unit", ""),
            ("assisting", "区医保局、区民政局"),
            ("show_service_number", "1"),
            ("contact_by_unit", "1"),
        ]
    )
    assert values_of(hotline.confirm, form, ZONE) == {
        "reason_code": "115",
        "case_class": "clear",
        "assisting": ["区医保局", "区民政局"],
        "show_service_number": True,
        "contact_by_unit": True,
    }


def test_times_are_the_office_s_and_numbers_numbers():
    call = FormData([("outcome", "call_later"), ("next_call_at", "2021-10-21T15:00")])
    told = values_of(hotline.call, call, ZONE)
    assert datetime.fromisoformat(told["next_call_at"]).utcoffset().total_seconds() == 8 * 3600
    said = FormData([("level", "5"), ("contacted", "0"), ("solved", "")])
    assert values_of(hotline.reevaluate, said, ZONE) == {"level": 5, "contacted": False}
    with pytest.raises(InvalidInput):
        values_of(hotline.reevaluate, FormData([("level", "五")]), ZONE)


def test_what_must_be_said_and_is_not_is_left_to_the_door_to_refuse():
    assert values_of(hotline.reevaluate, FormData(), ZONE) == {"level": None}
    assert values_of(hotline.fact_check, FormData(), ZONE) == {"rectified": None, "note": None}


def test_verdict_and_ground_are_chosen_as_one():
    form = FormData([("verdict", "invalid:misoperation"), ("note", "按错了")])
    told = values_of(hotline.dismiss, form, ZONE)
    assert told == {"verdict": "invalid", "ground": "misoperation", "note": "按错了"}
    form = FormData([("verdict", "unverifiable"), ("note", "不通")])
    assert "ground" not in values_of(hotline.dismiss, form, ZONE)


def test_no_form_field_is_called_as_what_the_page_gives_by_itself():
    for event in with_forms():
        text = (FORMS / f"{event}.html").read_text()
        assert 'name="account"' not in text, event
        assert 'name="role"' not in text, event


def test_a_refused_form_keeps_what_was_typed_and_the_others_are_fresh():
    sent = FormData([("note", "打了三次"), ("unit", ""), ("assisting", "甲"), ("assisting", "乙")])
    forms = Forms("ComplaintDismissed", "为什么", Typed(sent))
    kept = forms.of("ComplaintDismissed")
    assert (kept.get("note"), kept.get("unit", "默认"), kept.get("ground", "无")) == (
        "打了三次",
        "",
        "无",
    )
    assert kept.get("assisting", ()) == ["甲", "乙"]
    assert forms.of("ComplaintConfirmed").get("note", "新的") == "新的"


def test_a_form_that_is_gone_gives_back_its_sentences_and_nothing_hidden():
    sent = FormData([("csrf", "秘密的一串字"), ("note", "群众说按错了"), ("unit", "ZD-RSJ")])
    assert list(Typed(sent).words()) == ["群众说按错了"]


def test_a_question_misspelt_is_a_question_for_everything():
    assert asked("nothing", "whoever", None, -3) == Ask()
    assert asked("review", "mine", "U", 7) == Ask("review", "mine", "U", 7)
    assert (
        Ask("review", "mine", "U", 7).address(page=2)
        == "/hotline?tab=review&who=mine&unit=U&page=2"
    )


def test_tabs_stand_in_the_order_of_the_loop():
    assert list(TABS)[:6] == ["verify", "later", "assign", "returned", "review", "callback"]


@pytest.mark.parametrize("event", sorted(ADDRESSED | FOR_THE_WHOLE))
def test_whoever_writes_what_the_unit_will_read_is_told_so(event: str) -> None:
    form = STEP_FORMS / f"{event}.html"
    source = form.read_text(encoding="utf-8") if form.exists() else ""
    texts = texts_of(BY_TYPE[event]).keys() & UNITS_FIELDS
    asked = [name for name in texts if re.search(rf'name="{name}"|fields\.{name}\(', source)]
    assert not asked or re.search("会看到|看得到", source)
