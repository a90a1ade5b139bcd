"""单位联系: the citizen agrees to be contacted by the unit; the hotline puts them through, and the
unit learns no number.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from city import HANDLER, OPERATOR, REVIEWER, SUPERVISOR, UNIT, City
from desks import Desks, hidden_of
from systems import Systems
from test_department_desk import NAME, PHONE, THIRD
from typer.testing import CliRunner

import schemas as s
from console.accounts.tokens import Scope
from console.cli import app
from producers import hotline
from schemas.envelope import Role
from workflow.record import record_of
from workflow.storage.models import events

RELAYED = "群众同意单位联系：请通过“请热线代问”由热线转接，不显示号码"
AGREED = "群众已同意单位联系：由热线转接，不把号码告诉单位。"


def confirmed(city: City, **said: bool) -> str:
    """Sent to a unit, with another that assists, and acknowledged."""
    subject = city.portal.bad_review("又让我开证明", mobile=PHONE, userName=NAME)
    city.drain()
    city.hotline.calls(subject)
    hotline.confirm(
        city.ledger,
        subject,
        account=OPERATOR.name,
        reason_code="115",
        case_class="clear",
        unit=UNIT,
        assisting=[THIRD],
        **said,
    )
    city.drain()
    city.department.acknowledges(subject)
    return subject


def said_of(city: City, subject: str) -> str:
    with city.office.database.read() as conn:
        row = conn.execute(
            events.select().where(
                events.c.subject == subject, events.c.type == "ComplaintConfirmed"
            )
        ).one()
    assert record_of(row).fact.contact_by_unit in (True, None)
    return str(row.data)


@pytest.mark.parametrize("agreed", [True, False])
def test_consent_to_be_contacted_opens_the_relay_and_no_number(city: City, agreed: bool) -> None:
    desks = Desks(city)
    operator = desks.sits(OPERATOR.name, Role.OPERATOR)
    subject = confirmed(city, **({"contact_by_unit": True} if agreed else {}))
    assert ("contact_by_unit" in said_of(city, subject)) is agreed
    page = f"/orders/{city.complaint(subject).order}"
    units = desks.sits("经办乙", Role.DEPARTMENT, UNIT).get(page).text
    assert (RELAYED in units) is agreed
    assert "评价人</dt><dd>依法保密，请勿查找" in units
    assert "单位不自行联系群众" in units
    assert not [one for one in (PHONE, PHONE[-4:], NAME) if one in units]
    assisting = desks.sits("协办丁", Role.DEPARTMENT, THIRD).get(page)
    assert (assisting.status_code, "同意单位联系" in assisting.text) == (200, False)
    city.step(subject, s.ClarificationAsked, HANDLER, question="是哪一天来的")
    hotlines = operator.get(f"/c/{subject}").text
    assert (AGREED in hotlines, "群众同意单位联系（由热线转接）" in hotlines) == (agreed, agreed)
    city.step(subject, s.ClarificationAnswered, OPERATOR, answer="上周二")
    city.department.submits(subject)
    later = desks.sits("经办丙", Role.DEPARTMENT, UNIT).get(page).text
    assert "同意单位联系" not in later, "there is nothing to ask any more"
    assert city.damage() == []


def test_the_citizen_asked_anew_who_does_not_say_so_again_has_not_agreed(city: City) -> None:
    subject = city.portal.bad_review(mobile=PHONE)
    city.drain()
    city.hotline.confirms(subject, contact_by_unit=True)
    assert city.complaint(subject).contact_by_unit
    city.hotline.assigns(subject)
    city.step(subject, s.AppealLodged, HANDLER, reason="不是我们办的")
    given = {"verdict": "unverifiable", "reason": "查不清"}
    city.step(subject, s.AppealUpheld, REVIEWER, **given)
    city.step(subject, s.DismissalReversed, SUPERVISOR, reason="再核一次")
    city.hotline.confirms(subject)
    assert not city.complaint(subject).contact_by_unit
    assert city.damage() == []


def test_form_interface_and_command_line_can_each_say_so(city: City, folder: Path) -> None:
    subjects = [city.portal.bad_review(mobile=PHONE) for _ in range(3)]
    city.drain()
    said = {"reason_code": "115", "case_class": "clear"}
    for subject in subjects:
        city.hotline.calls(subject)
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    page = operator.get(f"/c/{subjects[0]}").text
    assert "群众同意单位联系" in page
    form = hidden_of(page) | said | {"by": "call", "contact_by_unit": "1"}
    posted = operator.client.post(f"/c/{subjects[0]}/complaint-confirmed", data=form)
    assert posted.status_code == 303
    hotlines = Systems(city).client(Scope.STEPS)
    path = f"/complaints/{subjects[1]}/steps/hotline/confirm"
    assert hotlines.post(path, json=said | {"contact_by_unit": True}).status_code == 200
    typed = f"hotline confirm {subjects[2]} --reason-code 115 --case-class clear --contact-by-unit"
    done = CliRunner().invoke(app, [*typed.split(), "--as", "a", "--data", str(folder)])
    assert done.exit_code == 0, done.output
    assert [city.complaint(subject).contact_by_unit for subject in subjects] == [True] * 3
