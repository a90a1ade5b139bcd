"""部门: a unit at its desk: its own orders alone, and of the citizen nothing."""

from __future__ import annotations

import io
import re
import zipfile
from html import unescape
from typing import Any

import pytest
from city import CLOCK, HANDLER, OPERATOR, UNIT, City, service
from desks import Desks, Person, hidden_of
from papers import office_file
from plans import planned
from sqlalchemy import func, select, update

import schemas as s
from console import foreseen
from console.accounts.handover import hand_over
from console.accounts.roster import take_roster
from console.accounts.roster_reading import HEADER, SUCCEEDS, read_roster
from console.accounts.sheets import sheet
from console.reports.periods import parse_period
from console.web.departments.figures import Figures, own_figures
from console.web.departments.listing import done_orders
from console.web.departments.order import order_page
from producers import departments, hotline, supervisors
from schemas.envelope import Role
from workflow.erasure import erase_person
from workflow.errors import IllegalStep, InvalidInput
from workflow.ledger import Actor
from workflow.states import State
from workflow.storage.models import attachments, drafts, views

OTHER_UNIT, THIRD = "ZD-YBJ", "ZD-MZJ"
PHONE, NAME, ID = "19900001234", "群众甲", "370303198001011234"
SECRETS = (PHONE, "199 0000 1234", NAME, ID, "P0001", "3号窗口", "09:30", OPERATOR.name)
TYPED = {
    "kind": "rectified",
    "facts": "窗口人员多要了一份证明",
    "cause": "不熟悉办事指南",
    "measures": "已培训，已改指引",
    "post": "window",
    "reply": "向您道歉，今后不再要这份证明",
    "signer": "负责人丁",
    "signer_post": "分管副局长",
}
PDF = b"%PDF-1.7 minutes of a training"


@pytest.fixture
def dispatched(city: City) -> str:
    """A rating whose text tells who wrote it, with the unit, not yet acknowledged."""
    text = f"我是{NAME}，电话 199 0000 1234，身份证{ID}，又让我开证明"
    subject = city.portal.bad_review(text, mobile=PHONE, userName=NAME)
    city.drain()
    city.hotline.confirms(subject)
    city.hotline.assigns(subject)
    city.drain()
    return subject


@pytest.fixture
def rectifying(city: City, dispatched: str) -> str:
    city.department.acknowledges(dispatched)
    return dispatched


@pytest.fixture
def handler(desks: Desks) -> Person:
    return desks.sits("经办乙", Role.DEPARTMENT, UNIT)


@pytest.fixture
def stranger(desks: Desks) -> Person:
    return desks.sits("外单位", Role.DEPARTMENT, OTHER_UNIT)


def number_of(city: City, subject: str) -> str:
    return str(city.complaint(subject).order)


def page_of(city: City, subject: str) -> str:
    return f"/orders/{number_of(city, subject)}"


def attach(city: City, subject: str, name: str = "记录.pdf", content: bytes = PDF) -> str:
    made = departments.attach(
        city.ledger, subject, account="经办乙", unit=UNIT, name=name, content=content
    )
    return made.id


def count(city: City, table: Any) -> int:
    with city.office.database.read() as conn:
        return int(conn.execute(select(func.count()).select_from(table)).scalar_one())


# scope


def test_another_units_order_does_not_exist_by_any_way(
    city: City, rectifying: str, handler: Person, stranger: Person
) -> None:
    file = attach(city, rectifying)
    page = page_of(city, rectifying)
    for address in (page, f"{page}/foreseen?working_days=1", f"/attachments/{file}"):
        assert handler.get(address).status_code == 200
        assert stranger.get(address).status_code == 404
    hidden = {"csrf": csrf_of(stranger)}
    for act in ("acknowledge", "return", "extension", "appeal", "ask", "assist", "feedback"):
        answer = stranger.client.post(f"{page}/{act}", data=hidden | TYPED | {"reason": "x"})
        assert answer.status_code == 404
    for act in ("draft", "attachments", f"attachments/{file}/delete"):
        assert stranger.client.post(f"{page}/{act}", data=hidden | TYPED).status_code == 404
    number = number_of(city, rectifying)
    for address in ("/orders", "/orders/export.csv", "/orders/figures?of=rectify"):
        assert number not in stranger.get(address).text
    assert number in handler.get("/orders/export.csv").text
    assert city.complaint(rectifying).state == State.RECTIFYING


def csrf_of(person: Person) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', person.get("/orders").text)
    assert found
    return found[1]


def test_an_order_is_found_without_its_round_and_by_an_earlier_number(
    city: City, rectifying: str, handler: Person
) -> None:
    city.department.submits(rectifying)
    city.citizen.rates(rectifying, 1)
    city.hotline.assigns(rectifying)
    page = page_of(city, rectifying)
    assert page.endswith("-2")
    for address in (page[:-2], f"{page[:-2]}-1"):
        answer = handler.get(address)
        assert (answer.status_code, answer.headers["location"]) == (302, page)


def test_who_rated_is_on_no_page_of_the_units(city: City, rectifying: str, handler: Person) -> None:
    departments.ask_clarification(
        city.ledger, rectifying, account=HANDLER.name, unit=UNIT, question="哪份证明？"
    )
    hotline.answer_clarification(
        city.ledger, rectifying, account=OPERATOR.name, answer=f"{NAME}（{PHONE}）说居住证明"
    )
    city.department.submits(rectifying)
    hotline.send_back(
        city.ledger, rectifying, account=OPERATOR.name, reason=f"{NAME} {PHONE} 说没有改"
    )
    page = page_of(city, rectifying)
    shown = [
        handler.get(address)
        for address in ("/orders", page, "/orders/export.csv", "/orders/figures?of=rectify")
    ]
    shown.append(handler.post(f"{page}/return", page, reason="不是我们的"))
    assert [answer.status_code for answer in shown] == [200, 200, 200, 200, 422]
    for secret in SECRETS:
        assert not [answer.url for answer in shown if secret in answer.text], secret
    assert "居住证明" in shown[1].text
    book = zipfile.ZipFile(io.BytesIO(handler.get("/orders/export.xlsx").content))
    whole = "".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    assert number_of(city, rectifying) in whole
    assert not [secret for secret in SECRETS if secret in whole]


def test_of_a_page_that_is_old_only_what_is_kept_is_said_to_be_kept(
    city: City, handler: Person, desks: Desks
) -> None:
    """There are drafts of the main unit's feedback, and of nothing else."""
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    order = city.complaint(subject).next_order
    given = {"order": order, "unit": UNIT, "assisting": [THIRD], "rule": "person"}
    city.step(subject, s.DepartmentAssigned, OPERATOR, **given)
    page = page_of(city, subject)

    def told(person: Person) -> str:
        found = re.search(r'<div id="changed"[^>]*>(.*)</div>', person.get(page).text)
        assert found is not None
        return found[1]

    assert "反馈已存草稿，别处正在写的没有存" in told(handler)
    assisting = told(desks.sits("协办丁", Role.DEPARTMENT, THIRD))
    assert "没有存" in assisting
    assert "已存" not in assisting
    city.department.submits(subject)
    assert "存" not in told(handler)


def test_an_assisting_unit_writes_its_part_and_sees_no_more(city: City, desks: Desks) -> None:
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    order = city.complaint(subject).next_order
    given = {"order": order, "unit": UNIT, "assisting": [THIRD], "rule": "person"}
    city.step(subject, s.DepartmentAssigned, OPERATOR, **given)
    assisting = desks.sits("协办丁", Role.DEPARTMENT, THIRD)
    file = attach(city, subject)
    page = page_of(city, subject)
    shown = assisting.get(page).text
    assert "协办反馈" in shown
    assert "我还可以" not in shown
    assert assisting.get(f"/attachments/{file}").status_code == 404
    answer = assisting.post(f"{page}/feedback", page, **TYPED)
    assert answer.status_code == 403
    answer = assisting.post(f"{page}/assist", page, note="我们补了接口")
    assert answer.status_code == 303
    assert "我们补了接口" in assisting.get(page).text
    assert city.timeline(subject)[-1] == "AssistanceSubmitted"


# steps, and what they were said to do


def test_one_click_in_the_list_acknowledges_and_a_second_one_does_nothing(
    city: City, dispatched: str, handler: Person
) -> None:
    hidden = hidden_of(handler.get("/orders").text) | {"from": "list"}
    place = f"{page_of(city, dispatched)}/acknowledge"
    for _ in "ab":
        answer = handler.client.post(place, data=hidden)
        assert (answer.status_code, answer.headers["location"]) == (303, "/orders?done=acknowledge")
    assert city.timeline(dispatched).count("WorkOrderAcknowledged") == 1


TAKEN: dict[str, dict[str, str]] = {
    "acknowledge": {},
    "return": {"reason": "不属本单位职责", "legal_basis": "三定方案第三条"},
    "extension": {"reason": "要向上级核对", "working_days": "3"},
    "appeal": {"reason": "群众要办的不在清单里"},
    "ask": {"question": "是哪份证明？"},
}
EVENTS = {
    "acknowledge": "WorkOrderAcknowledged",
    "return": "WorkOrderReturned",
    "extension": "ExtensionRequested",
    "appeal": "AppealLodged",
    "ask": "ClarificationAsked",
}


@pytest.mark.parametrize("act", TAKEN)
def test_what_a_step_is_said_to_do_is_what_it_does(
    city: City, dispatched: str, handler: Person, act: str
) -> None:
    if act == "extension":
        city.department.acknowledges(dispatched)
    before = city.complaint(dispatched)
    rules = city.office.rulebook.of(before)
    by = Actor("经办乙", Role.DEPARTMENT, UNIT)
    told = foreseen.units_steps(before, by, city.clock(), rules)[EVENTS[act]]
    if act == "extension":
        told = foreseen.extension(before, 3, by, city.clock(), rules)
        page = handler.get(f"{page_of(city, dispatched)}/foreseen?working_days=3").text
        assert "最晚可到 09-28" in page
    assert told.refusal is None
    answer = handler.post(
        f"{page_of(city, dispatched)}/{act}", page_of(city, dispatched), **TAKEN[act]
    )
    assert answer.status_code == 303
    if act == "extension":
        supervisors.grant_extension(city.ledger, dispatched, account="监督01", working_days=3)
    after = city.complaint(dispatched)
    assert after.limits["rectify"].due_at == told.due_at
    assert ("rectify" in after.paused) is told.paused
    assert told.moves is (act == "extension")


def test_every_time_until_which_a_step_can_be_taken_says_why(
    city: City, dispatched: str, handler: Person
) -> None:
    number = number_of(city, dispatched)
    for state, limits in (
        ("待签收", ("rectify", "return_window", "appeal_window")),
        ("整改中", ("rectify", "return_window", "appeal_window")),
    ):
        page = handler.get(f"/orders/{number}").text
        assert state in page
        for limit in limits:
            assert f'href="/why/{number}/{limit}"' in page, (state, limit)
            assert "到期" in handler.get(f"/why/{number}/{limit}").text
        if state == "待签收":
            city.department.acknowledges(dispatched)


@pytest.mark.parametrize("act", ["return", "appeal", "extension"])
def test_until_when_a_step_can_be_taken_is_until_when_it_is_taken(
    city: City, dispatched: str, act: str
) -> None:
    city.department.acknowledges(dispatched)
    by = Actor("经办乙", Role.DEPARTMENT, UNIT)

    def told() -> foreseen.Foreseen:
        complaint = city.complaint(dispatched)
        rules = city.office.rulebook.of(complaint)
        return foreseen.units_steps(complaint, by, city.clock(), rules)[EVENTS[act]]

    until = told().until
    assert until is not None
    city.clock.now = until
    assert told().refusal is None
    city.clock.now = until + 1
    assert "期限已过" in (told().refusal or "") or "到期前" in (told().refusal or "")
    door: Any = {
        "return": departments.return_order,
        "appeal": departments.appeal,
        "extension": departments.request_extension,
    }[act]
    given: dict[str, Any] = TAKEN[act] | ({"working_days": 3} if act == "extension" else {})
    with pytest.raises(IllegalStep):
        door(city.ledger, dispatched, account="经办乙", unit=UNIT, **given)


def test_a_stale_page_is_refused_and_keeps_what_was_typed(
    city: City, rectifying: str, handler: Person
) -> None:
    page = page_of(city, rectifying)
    hidden = hidden_of(handler.get(page).text)
    departments.ask_clarification(
        city.ledger, rectifying, account="同事", unit=UNIT, question="哪份证明？"
    )
    answer = handler.client.post(f"{page}/feedback", data=hidden | TYPED)
    assert answer.status_code == 409
    assert "没有办成" in answer.text
    for text in (TYPED["facts"], TYPED["reply"], TYPED["signer"]):
        assert text in answer.text
    assert '<option value="window" selected>' in answer.text
    assert (
        handler.client.post(f"{page}/feedback", data=hidden_of(answer.text) | TYPED).status_code
        == 303
    )


@pytest.mark.parametrize("role", [Role.CITIZEN, Role.OPERATOR])
def test_what_is_hidden_from_the_unit_leaves_it_no_sign(
    city: City, rectifying: str, handler: Person, role: Role
) -> None:
    """A report of retaliation neither moves the page nor makes it stale."""
    page = page_of(city, rectifying)
    before = _signs(handler, page)
    city.step(rectifying, s.RetaliationReported, Actor("话务员07", role), words="打电话骂我")
    hotline.reveal_contact(city.ledger, rectifying, account="话务员07", reason="回访")
    assert _signs(handler, page) == before
    answer = handler.client.post(f"{page}/feedback", data=dict(before) | TYPED)
    assert answer.status_code == 303


def _signs(handler: Person, page: str) -> dict[str, str]:
    """Whatever of the page may tell how far the complaint is, but its one-time keys."""
    hidden = hidden_of(handler.get(page).text)
    seen = re.search(r'data-seen="([0-9]+)"', handler.get(page).text)
    listed = re.findall(r'name="expected_version" value="([0-9]+)"', handler.get("/orders").text)
    assert seen
    return {
        "seen": seen[1],
        "listed": str(listed),
        **{k: v for k, v in hidden.items() if k != "key"},
    }


# feedback


def test_feedback_is_submitted_once_with_its_post_and_files(
    city: City, rectifying: str, handler: Person, desks: Desks
) -> None:
    page = page_of(city, rectifying)
    kept, left = attach(city, rectifying, "培训记录.pdf"), attach(city, rectifying, "别的.pdf")
    hidden = hidden_of(handler.get(page).text)
    for _ in "ab":
        given = hidden | TYPED | {"attachment": kept}
        assert handler.client.post(f"{page}/feedback", data=given).status_code == 303
    assert city.timeline(rectifying).count("RectificationSubmitted") == 1
    assert count(city, drafts) == 0
    assert handler.get(f"/attachments/{left}").status_code == 404, "what was left beside it is gone"
    shown = handler.get(page).text
    for text in ("窗口岗", "培训记录.pdf", "负责人丁，分管副局长", TYPED["reply"]):
        assert text in shown
    operator = desks.sits("话务员丙", Role.OPERATOR)
    assert f'href="/attachments/{kept}"' in operator.get(f"/c/{rectifying}").text
    file = operator.get(f"/attachments/{kept}")
    assert (file.status_code, file.content) == (200, PDF)
    assert file.headers["content-disposition"].startswith("attachment;")
    assert file.headers["x-content-type-options"] == "nosniff"
    with city.office.database.read() as conn:
        seen = conn.execute(select(views.c.actor, views.c.what).where(views.c.what == "attachment"))
        assert [tuple(row) for row in seen] == [("话务员丙", "attachment")]
    assert city.damage() == []


def test_a_file_not_yet_submitted_is_its_units_alone(
    city: City, rectifying: str, handler: Person, desks: Desks
) -> None:
    file = attach(city, rectifying)
    for role in (Role.OPERATOR, Role.SUPERVISOR, Role.AUDITOR):
        person = desks.sits(f"看{role}", role)
        assert person.get(f"/attachments/{file}").status_code == 404
    assert desks.sits("管理", Role.ADMINISTRATOR).get(f"/attachments/{file}").status_code == 403
    assert handler.get("/attachments/nobody").status_code == 404


@pytest.mark.parametrize(
    ("missing", "told"),
    [
        ("facts", "查明事实"),
        ("reply", "给群众的答复"),
        ("post", "责任岗位"),
        ("signer_post", "签批人"),
        ("legal_basis", "法律依据"),
    ],
)
def test_a_refused_feedback_comes_back_as_it_was_typed(
    city: City, rectifying: str, handler: Person, missing: str, told: str
) -> None:
    page = page_of(city, rectifying)
    typed = {name: text for name, text in TYPED.items() if name != missing}
    if missing == "legal_basis":
        typed["kind"] = "explained"
    answer = handler.post(f"{page}/feedback", page, **typed)
    assert answer.status_code in (409, 422)
    assert told in answer.text
    for text in (typed.get("facts"), typed.get("cause"), typed.get("reply")):
        assert text is None or text in answer.text
    assert "已培训，已改指引" in handler.get(page).text, "and it is a draft now"
    assert city.complaint(rectifying).state == State.RECTIFYING


def test_a_draft_is_kept_as_one_types_for_its_account_alone_and_sealed(
    city: City, dispatched: str, handler: Person, desks: Desks
) -> None:
    page = page_of(city, dispatched)
    hidden = hidden_of(handler.get(page).text)
    quick = {"hx-request": "true"}
    answer = handler.client.post(f"{page}/draft", data=hidden | {"facts": "第一句"}, headers=quick)
    assert answer.text == "草稿 10:00 已存"
    handler.client.post(f"{page}/draft", data=hidden | {"facts": "第二句"}, headers=quick)
    assert "第二句" in handler.get(page).text
    colleague = desks.sits("同事", Role.DEPARTMENT, UNIT)
    assert "第二句" not in colleague.get(page).text
    with city.office.database.read() as conn:
        (sealed,) = conn.execute(select(drafts.c.sealed)).scalars()
    assert "第二句".encode() not in bytes(sealed)
    assert city.timeline(dispatched)[-1] == "DepartmentAssigned", "a draft is no step"


@pytest.mark.parametrize("way", ["form", "roster"])
def test_what_was_typed_goes_along_at_a_hand_over(
    city: City, dispatched: str, handler: Person, desks: Desks, way: str
) -> None:
    page, office = page_of(city, dispatched), city.office
    hidden = hidden_of(handler.get(page).text)
    handler.client.post(f"{page}/draft", data=hidden | {"facts": "写到一半"})
    if way == "form":
        hand_over(office, "经办乙", "新人", "联络员新", None, "admin")
    else:
        row = ("新人", "联络员新", "责任单位", UNIT, "", "经办乙")
        file = io.BytesIO(sheet((*HEADER, SUCCEEDS), [row]))
        found = read_roster(office, file, "名册.xlsx")
        assert found.new[0].taking_over() == ["接替 经办乙，该账号停用"]
        take_roster(office, found, "admin")
    assert handler.get(page).status_code == 303, "signed out"
    order = order_page(office, Actor("新人", Role.DEPARTMENT, UNIT), page.rpartition("/")[2])
    assert order.draft is not None
    assert order.draft.values["facts"] == "写到一半"
    with office.database.read() as conn:
        assert list(conn.execute(select(drafts.c.account)).scalars()) == ["新人"]
    assert city.damage() == []


def test_after_it_was_sent_back_the_last_feedback_is_there_to_be_mended(
    city: City, rectifying: str, handler: Person
) -> None:
    page = page_of(city, rectifying)
    file = attach(city, rectifying, "培训记录.pdf")
    handler.post(f"{page}/feedback", page, **TYPED, attachment=file)
    hotline.send_back(city.ledger, rectifying, account=OPERATOR.name, reason="没有写清怎样防止")
    shown = handler.get(page).text
    for text in ("没有写清怎样防止", TYPED["facts"], "分管副局长", "培训记录.pdf", "上次已交"):
        assert text in shown
    again = TYPED | {"measures": "每周抽查", "attachment": file}
    assert handler.post(f"{page}/feedback", page, **again).status_code == 303
    assert city.damage() == []


def test_a_second_round_says_that_it_is_one_and_why_and_keeps_the_first_ones_reasons_to_itself(
    city: City, rectifying: str, handler: Person
) -> None:
    city.department.submits(rectifying)
    hotline.send_back(city.ledger, rectifying, account=OPERATOR.name, reason="没有写清怎样防止")
    assert "第2轮" not in handler.get(page_of(city, rectifying)).text
    city.department.submits(rectifying, "每周抽查")
    city.hotline.accepts(rectifying)
    city.drain()
    city.citizen.rates(rectifying, 1)
    city.drain()
    city.department.acknowledges(rectifying)
    shown = handler.get(page_of(city, rectifying)).text
    assert "这是第2轮整改" in shown
    assert "非常不满意" in shown[shown.index("这是第2轮整改") :][:200]
    assert "上次打回的原因" not in shown
    assert "退回补正记录 1" in shown, "what was sent back before stays in the record"


# files


REFUSED = {
    "a program renamed": ("账单.pdf", b"MZ\x90\x00" + b"\0" * 100),
    "nothing in it": ("空.pdf", b""),
    "too large": ("大.pdf", b"%PDF-" + b"\0" * (11 << 20)),
}


@pytest.mark.parametrize("what", REFUSED)
def test_a_file_that_is_refused_is_not_kept_and_what_was_typed_is(
    city: City, rectifying: str, handler: Person, what: str
) -> None:
    page, (name, content) = page_of(city, rectifying), REFUSED[what]
    answer = handler.post(f"{page}/attachments", page, files={"file": (name, content)}, **TYPED)
    assert answer.status_code == 422
    assert "附件" in answer.text
    assert TYPED["facts"] in answer.text
    assert count(city, attachments) == 0


def test_files_are_known_by_what_they_hold_and_named_harmlessly(
    city: City, rectifying: str, handler: Person
) -> None:
    page = page_of(city, rectifying)
    sent = {
        "../../etc/passwd": PDF,
        "C:\\tmp\\照片.exe": b"\xff\xd8\xff\xe0 picture",
        "a\r\nSet-Cookie: x=1.png": b"\x89PNG\r\n\x1a\n rest",
        "文.docx": office_file("word/document.xml"),
        "表.xlsx": office_file("xl/workbook.xml"),
        "...": PDF,
    }
    for name, content in sent.items():
        attach(city, rectifying, name, content)
    with city.office.database.read() as conn:
        ids = list(
            conn.execute(select(attachments.c.id).order_by(attachments.c.uploaded_at)).scalars()
        )
        sealed = conn.execute(select(attachments.c.content)).scalars().all()
    assert not any(b"PDF" in bytes(one) for one in sealed)
    assert all(re.fullmatch(r"[0-9a-f]{32}", one) for one in ids)
    shown = handler.get(page).text
    for name in ("passwd.pdf", "照片.jpg", "文.docx", "表.xlsx", "附件.pdf"):
        assert name in shown
    for one in ids:
        told = handler.get(f"/attachments/{one}").headers
        assert "set-cookie" not in told
        assert ".." not in told["content-disposition"]


def test_a_file_is_deleted_before_it_is_submitted_and_never_another_units(
    city: City, rectifying: str, handler: Person
) -> None:
    page, file = page_of(city, rectifying), attach(city, rectifying)
    other = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(other)
    city.hotline.assigns(other, unit=OTHER_UNIT)
    theirs = departments.attach(
        city.ledger, other, account="外", unit=OTHER_UNIT, name="a.pdf", content=PDF
    )
    answer = handler.post(f"{page}/attachments/{theirs.id}/delete", page)
    assert answer.status_code == 422
    answer = handler.post(f"{page}/feedback", page, **TYPED, attachment=theirs.id)
    assert answer.status_code == 422
    assert city.complaint(rectifying).state == State.RECTIFYING
    assert handler.post(f"{page}/attachments/{file}/delete", page, **TYPED).status_code == 303
    assert count(city, attachments) == 1
    assert TYPED["facts"] in handler.get(page).text


def test_no_more_than_ten_files_go_with_a_feedback(city: City, rectifying: str) -> None:
    files = [attach(city, rectifying, f"{n}.pdf") for n in range(11)]
    given = {name: TYPED[name] for name in ("facts", "cause", "measures", "reply")}
    with pytest.raises(InvalidInput, match="最多10个"):
        departments.submit(
            city.ledger,
            rectifying,
            account="经办乙",
            unit=UNIT,
            signed_by="丁",
            attachments=files,
            **given,
        )


def test_what_was_typed_and_attached_is_forgotten_with_the_complaint(
    city: City, rectifying: str, handler: Person
) -> None:
    page = page_of(city, rectifying)
    file = attach(city, rectifying)
    handler.post(f"{page}/feedback", page, **TYPED, attachment=file)
    city.citizen.rates(rectifying, 5)
    erase_person(city.ledger, account="管理", reason="本人要求", subject=rectifying)
    assert count(city, attachments) == 0
    assert handler.get(f"/attachments/{file}").status_code == 404
    assert city.damage() == []


@pytest.mark.parametrize(
    ("table", "values"),
    [
        (attachments, {"content": b"\0" * 60}),
        (attachments, {"digest": "0" * 32}),
        (attachments, {"version": 2}),
        (attachments, {"subject": "CP21-9999"}),
        (drafts, {"sealed": b"\0" * 60}),
        (drafts, {"account": "别人"}),
    ],
)
def test_what_was_changed_among_drafts_and_files_is_found(
    city: City, rectifying: str, handler: Person, table: Any, values: dict[str, Any]
) -> None:
    page = page_of(city, rectifying)
    file = attach(city, rectifying)
    handler.post(f"{page}/feedback", page, **TYPED, attachment=file)
    hotline.send_back(city.ledger, rectifying, account=OPERATOR.name, reason="再写")
    handler.post(f"{page}/draft", page, **TYPED)
    city.drain()
    assert city.damage() == []
    with city.office.database.write() as conn:
        conn.execute(update(table).values(**values))
    assert [finding.kind for finding in city.damage()]


# the list, figures, export


def test_the_list_has_what_waits_for_the_unit_first(
    city: City, rectifying: str, handler: Person
) -> None:
    later = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(later)
    city.hotline.assigns(later)
    city.department.submits(later)
    shown = handler.get("/orders").text
    first, second = number_of(city, rectifying), number_of(city, later)
    assert shown.index(f"<b>{first}</b>") < shown.index(f"<b>{second}</b>")
    assert "未办结 2 件" in shown
    city.citizen.rates(later, 5)
    shown = handler.get("/orders").text
    assert "未办结 1 件" in shown
    assert "已办结 1 件" in shown
    assert "群众满意" in shown


def test_done_orders_are_found_without_reading_everybodys(city: City) -> None:
    """A unit that has none would wait for the whole year's complaints to be gone through."""
    if city.office.database.engine.dialect.name != "sqlite":
        pytest.skip("the plan is SQLite's")
    with (
        city.office.database.read() as conn,
        planned(conn, "SELECT complaints.fold") as plans,
    ):
        done = done_orders(conn, city.office, Actor("经办丙", Role.DEPARTMENT, THIRD), 1)
    assert done.total == 0
    found = [line for _, line in plans if "complaints" in line]
    assert found
    assert not [line for line in found if "complaints_ended" in line or line.startswith("SCAN c")]


def test_own_figures_open_their_orders(city: City, rectifying: str, desks: Desks) -> None:
    city.department.submits(rectifying)
    city.citizen.rates(rectifying, 2)
    city.travel("2021-10-20T09:00:00+08:00")
    city.drain()
    handler = desks.sits("经办乙", Role.DEPARTMENT, UNIT)
    shown = handler.get("/orders/figures?period=2021Q3&of=rectify").text
    assert "按期整改率：1/1" in shown
    assert f"{number_of(city, rectifying)[:-2]}-1" in shown
    assert "整改满意率（首轮）" in shown
    assert "0/1" in shown
    ((place, count),) = re.findall(r'href="([^"]+of=orders)#lines"><b>(\d)</b></a> 张', shown)
    listed = handler.get(unescape(place)).text.partition('id="lines"')[2]
    assert listed.count("<tr><td>") == int(count)
    assert number_of(city, rectifying) in listed
    assert "算在分子里" not in listed
    assert handler.get("/orders/figures?of=callback").status_code == 404
    assert handler.get("/orders/figures?period=nonsense").status_code == 422


@pytest.mark.parametrize(
    ("period", "called"),
    [
        ("2021Q3", "2021年第三季度"),
        ("2021-10..2021-12", "2021年第四季度"),
        ("2021-08..2021-10", "2021-08..2021-10"),
        ("2021-09", "2021-09"),
    ],
)
def test_only_a_quarter_is_called_one(desks: Desks, period: str, called: str) -> None:
    handler = desks.sits("经办乙", Role.DEPARTMENT, UNIT)
    shown = handler.get("/orders/figures", params={"period": period}).text
    assert f"<h1>本单位指标 {called}</h1>" in shown


def goes_on_elsewhere(city: City, subject: str) -> None:
    """Answered, the citizen is dissatisfied; in the second round another unit answers."""
    city.department.submits(subject)
    city.citizen.rates(subject, 1)
    city.hotline.assigns(subject, unit=OTHER_UNIT)
    city.department.submits(subject, by=Actor("经办丙", Role.DEPARTMENT, OTHER_UNIT))


def test_what_the_citizen_said_counts_for_the_unit_it_was_said_to(
    city: City, rectifying: str
) -> None:
    goes_on_elsewhere(city, rectifying)
    city.drain()
    assert satisfied(city, UNIT) == ("0/1", "0/1")
    assert satisfied(city, OTHER_UNIT) == ("0/0", "0/0")
    city.citizen.rates(rectifying, 5)
    city.drain()
    assert satisfied(city, UNIT) == ("0/1", "0/1")
    assert satisfied(city, OTHER_UNIT) == ("0/0", "1/1")


def test_a_citizen_is_silent_towards_the_unit_that_had_him_asked_last(
    city: City, rectifying: str
) -> None:
    goes_on_elsewhere(city, rectifying)
    city.hotline.accepts(rectifying)
    for day in range(3):
        city.travel(f"2021-09-{22 + day}T10:00:00+08:00")
        city.hotline.calls(rectifying, "no_answer")
    city.travel("2021-10-20T10:00:00+08:00")
    city.step(rectifying, s.ReevaluationLapsed, CLOCK)
    city.drain()
    assert city.complaint(rectifying).outcome == "unanswered"
    assert [len(figures_of(city, unit).unanswered) for unit in (UNIT, OTHER_UNIT)] == [0, 1]


def satisfied(city: City, unit: str) -> tuple[str, str]:
    """The first round's rate, and the final one, as the unit reads them."""
    own = figures_of(city, unit)
    return str(own.figure("satisfied_first").rate), str(own.figure("satisfied_final").rate)


def figures_of(city: City, unit: str) -> Figures:
    with city.office.database.read() as conn:
        return own_figures(city.office, conn, unit, parse_period("2021Q3"))


def test_orders_bear_the_services_item_where_it_was_known_when_they_were_sent(
    city: City, handler: Person
) -> None:
    subject = city.portal.bad_review(project="P1", taskName=None)
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    city.travel(minutes=5)
    city.portal.sends(service("P1"))
    assert "（未写事项）" in handler.get("/orders").text
    assert "社保卡申领" not in handler.get("/orders/export.csv").text
    city.supervisor.calls_for_ruling(subject)
    city.supervisor.rules(subject, "reassign")
    city.drain()
    for address in ("/orders", "/orders/export.csv", page_of(city, subject)):
        assert "社保卡申领" in handler.get(address).text, address


def test_no_cell_of_an_export_is_a_formula(city: City, desks: Desks) -> None:
    subject = city.portal.bad_review(taskName='=HYPERLINK("http://x")')
    city.drain()
    city.hotline.confirms(subject)
    city.hotline.assigns(subject)
    handler = desks.sits("经办乙", Role.DEPARTMENT, UNIT)
    text = handler.get("/orders/export.csv").text
    assert "'=HYPERLINK" in text
    book = zipfile.ZipFile(io.BytesIO(handler.get("/orders/export.xlsx").content))
    assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
    assert handler.get("/orders/export.exe").status_code == 404


# the data clerk


def test_the_clerk_learns_nothing_from_an_answer(city: City, desks: Desks) -> None:
    subject = city.portal.bad_review(mobile=None, project="P9")
    city.portal.sends(service("P9"), *(service(f"S{n}") for n in range(20)))
    city.drain()
    city.step(subject, s.ContactRequested, OPERATOR)
    clerk = desks.sits("数据员戊", Role.CLERK, UNIT)
    before = clerk.get("/contacts").text
    assert before.count('name="project_no"') == 10
    answers = []
    for project in ("P9", "S1", "P9", "nothing"):
        answer = clerk.post(
            "/contacts", "/contacts", project_no=project, service_number="1", phone="13900001111"
        )
        answers.append((answer.status_code, answer.headers["location"], answer.text))
    assert len(set(answers)) == 1
    assert city.timeline(subject).count("ContactSupplied") == 1
    wrong = [
        clerk.post("/contacts", "/contacts", project_no=p, service_number="1", phone="12").text
        for p in ("P9", "S1")
    ]
    assert re.sub(r'value="[^"]*"', "", wrong[0]) == re.sub(r'value="[^"]*"', "", wrong[1])
    empty = clerk.post("/contacts", "/contacts", project_no="S1", service_number="1", phone="")
    assert empty.status_code == 422


def test_every_phone_the_clerk_sends_from_one_page_is_taken(city: City, desks: Desks) -> None:
    """Each row is answered in its place, and the page stays as it is."""
    waiting = {no: city.portal.bad_review(mobile=None, project=no) for no in ("P8", "P9")}
    city.drain()
    for subject in waiting.values():
        city.step(subject, s.ContactRequested, OPERATOR)
    clerk = desks.sits("数据员戊", Role.CLERK, UNIT)
    forms = re.findall(r"<form class=\"supply\".*?</form>", clerk.get("/contacts").text, re.DOTALL)
    assert len(forms) == 2
    for number, form in enumerate(forms):
        hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form))
        sent = hidden | {"phone": f"1390000111{number}"}
        told = clerk.client.post("/contacts", data=sent, headers={"hx-request": "true"})
        assert "已收到" in told.text
    for subject in waiting.values():
        assert city.timeline(subject).count("ContactSupplied") == 1
        assert city.complaint(subject).reachable


def test_only_handlers_open_orders_and_only_clerks_contacts(desks: Desks) -> None:
    for role in (Role.OPERATOR, Role.SUPERVISOR, Role.ADMINISTRATOR, Role.CLERK):
        unit = UNIT if role is Role.CLERK else None
        person = desks.sits(f"某{role}", role, unit)
        assert person.get("/orders").status_code == 403
        assert person.get("/contacts").status_code == (200 if role is Role.CLERK else 403)
