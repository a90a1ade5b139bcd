"""今日待办 shows everybody the most pressing of his own work, whatever else is overdue."""

from __future__ import annotations

import re

import pytest
from city import HANDLER, OPERATOR, REVIEWER, SUPERVISOR, UNIT, City, service
from plans import planned
from test_supervisors_pages import open_one, signed_in

import schemas as s
from console.accounts.register import disable
from console.queues import pressing, queue
from console.web.home import MOST
from schemas.envelope import Role
from workflow.ledger import Actor


@pytest.fixture
def given_again(city: City) -> list[str]:
    """As many as a page holds whose total ran out before they went to a unit once more."""
    subjects = [open_one(city) for _ in range(MOST)]
    for subject in subjects:
        city.supervisor.calls_for_ruling(subject)
    city.travel(days=60)
    for subject in subjects:
        city.supervisor.rules(subject, "reassign")
    assert all(city.complaint(c).limits["total"].due_at < city.clock.now for c in subjects)
    return subjects


def test_a_clerk_is_told_what_to_look_up_or_that_nothing_waits(city: City) -> None:
    clerk = signed_in(city, "数据员丁", Role.CLERK, UNIT)
    clerk.opens("/")
    assert "现在没有等您办的事" in clerk.page
    city.portal.sends(service("S1"), service("S2"))
    subject = city.portal.bad_review(mobile="")
    city.drain()
    city.step(subject, s.ContactRequested, OPERATOR)
    clerk.opens("/contacts")
    (count,) = re.findall(r'<span class="soft">(\d+) 次办件</span>', clerk.page)
    assert int(count) > 1
    clerk.opens("/")
    assert f'<a href="/contacts">有 <b>{count}</b> 次办件' in clerk.page
    assert "没有等您办的事" not in clerk.page


@pytest.mark.usefixtures("given_again")
def test_a_decision_is_not_hidden_behind_what_is_overdue_as_a_whole(city: City) -> None:
    asked, ruled = open_one(city, "extension"), open_one(city)
    city.supervisor.calls_for_ruling(ruled)
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/")
    for subject, task in ((asked, "裁定延期"), (ruled, "终裁")):
        assert f'href="/c/{subject}"' in supervisor.page
        assert task in supervisor.page
    shown = pressing(city.office, SUPERVISOR, MOST)
    assert {item.subject for item in shown} == {asked, ruled}
    assert shown == queue(city.office, Role.SUPERVISOR)


def test_what_falls_due_first_is_shown_though_all_others_are_overdue_as_a_whole(
    city: City, given_again: list[str]
) -> None:
    for subject in given_again:
        city.hotline.assigns(subject)
        city.department.acknowledges(subject)
    new = open_one(city, "dispatched")
    shown = pressing(city.office, HANDLER, MOST)
    assert (shown[0].subject, shown[0].task) == (new, "签收")
    assert shown == queue(city.office, Role.DEPARTMENT, HANDLER.unit)[:MOST]


def test_what_only_a_supervisor_rules_on_takes_no_operator_s_place(city: City) -> None:
    for _ in range(MOST):
        subject = open_one(city, "dispatched")
        for _ in range(2):
            city.step(
                subject, s.WorkOrderReturned, HANDLER, reason="不归我们管", legal_basis="三定方案"
            )
            if city.complaint(subject).returns_used_up:
                break
            city.step(subject, s.ReturnRefused, OPERATOR, reason="归你们管")
    city.travel(hours=4)
    mine = open_one(city, "verifying")
    city.step(mine, s.ComplaintClaimed, OPERATOR)
    assert [item.subject for item in pressing(city.office, OPERATOR, MOST)] == [mine]
    assert len(pressing(city.office, SUPERVISOR, MOST)) == MOST


@pytest.mark.parametrize("viewer", [OPERATOR, REVIEWER, SUPERVISOR, HANDLER])
def test_only_what_is_open_is_read_however_much_is_done(city: City, viewer: Actor) -> None:
    if city.office.database.engine.dialect.name != "sqlite":
        pytest.skip("the plan is SQLite's")
    with city.office.database.read() as conn, planned(conn, "complaints.fold") as plans:
        pressing(city.office, viewer, MOST)
    found = [line for _, line in plans if " complaints " in line]
    assert found
    of_open = ("complaints_due", "complaints_open")
    assert all(any(index in line for index in of_open) for line in found), found


def test_an_administrator_is_told_which_accounts_are_missing(city: City) -> None:
    """Without a reviewer every appeal would wait for nobody."""
    administrator = signed_in(city, "管理员壬", Role.ADMINISTRATOR)
    administrator.opens("/")
    assert '<a href="/units">有复核人的账号' in administrator.page
    signed_in(city, "复核人己", Role.REVIEWER)
    administrator.opens("/")
    assert "有复核人的账号" in administrator.page
    assert '<a href="/units">有复核人的账号' not in administrator.page
    disable(city.office, "复核人己", "管理员壬")
    administrator.opens("/")
    assert '<a href="/units">有复核人的账号' in administrator.page
    administrator.opens("/units")
    assert "身份写话务员、复核人、责任单位" in administrator.page
