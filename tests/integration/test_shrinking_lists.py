"""Lists that become shorter while somebody stands on their last page."""

from __future__ import annotations

import re

import pytest
from city import HANDLER, OPERATOR, SUPERVISOR, City
from desks import Desks, Person
from sqlalchemy import insert

import schemas as s
from console.web.access import BY_ITSELF
from console.web.hotline import queue, tabs
from console.web.office import imports, ops
from console.web.supervisors import board, deciding, decisions, figuring, leaking
from producers import hotline
from schemas.envelope import Role
from workflow.storage.models import refused

NOTHING = ("这一栏没有件", "这里没有未办结的件", "没有等您裁决的事")


def rows(page: str) -> list[str]:
    return re.findall(r'href="/(?:c|watch|decisions)/(CP[^"?]+)[^"]*" data-row', page)


def asks_again(person: Person, address: str) -> list[str]:
    """What a page that stays open shows once something has changed."""
    page = person.get(address, headers={BY_ITSELF: "1"}).text
    assert not any(said in page for said in NOTHING)
    return rows(page)


@pytest.fixture(autouse=True)
def short_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tabs, queue, board, decisions, deciding, leaking, figuring, imports, ops):
        monkeypatch.setattr(module, "PER_PAGE", 2)


def three(city: City) -> list[str]:
    subjects = [city.portal.bad_review() for _ in range(3)]
    city.drain()
    return subjects


def test_an_operator_is_left_on_the_last_page_there_is(city: City) -> None:
    operator, subjects = Desks(city).sits(OPERATOR.name, Role.OPERATOR), three(city)
    address = "/hotline?tab=verify&who=all&page=2"
    assert rows(operator.get(address).text) == subjects[2:]
    city.hotline.dismisses(subjects[0])
    assert asks_again(operator, address) == subjects[1:]
    asked = re.search(r'hx-get="(/hotline[^"]*)"', operator.get(address).text)
    assert asked is not None
    assert asked[1].endswith("page=1"), "and it goes on asking for that one"


def test_a_supervisor_is_left_on_the_last_page_of_the_board(city: City) -> None:
    supervisor, subjects = Desks(city).sits(SUPERVISOR.name, Role.SUPERVISOR), three(city)
    assert rows(supervisor.get("/watch?page=2").text) == subjects[2:]
    city.hotline.dismisses(subjects[0])
    assert asks_again(supervisor, "/watch/rows?page=2") == subjects[1:]


def test_a_supervisor_is_left_on_the_last_page_of_decisions(city: City) -> None:
    supervisor, subjects = Desks(city).sits(SUPERVISOR.name, Role.SUPERVISOR), three(city)
    for subject in subjects:
        city.hotline.confirms(subject)
        city.drain()
        city.department.acknowledges(subject)
        city.step(subject, s.ExtensionRequested, HANDLER, working_days=3, reason="还差一个部门")
    assert rows(supervisor.get("/decisions?page=2").text) == subjects[2:]
    city.step(subjects[0], s.ExtensionRefused, SUPERVISOR, reason="不复杂")
    for kind in ("", "&kind=extension"):
        assert asks_again(supervisor, f"/decisions/rows?page=2{kind}") == subjects[1:]


def test_what_was_refused_of_late_is_shown_as_long_as_there_is_any(city: City) -> None:
    supervisor = Desks(city).sits(SUPERVISOR.name, Role.SUPERVISOR)
    row = {"source": "bihuan", "batch": 1, "field": "mobile", "reason": "没有", "value": "1"}
    row["received_at"] = city.clock()
    with city.office.database.write() as conn:
        conn.execute(insert(refused), [row | {"row": number} for number in (7, 8, 9)])
    page = supervisor.get("/collect/refused?page=3").text
    assert re.findall(r'<td class="number">(\d)</td>', page) == ["7"]
    assert "没有拒收的行" not in page


def test_the_rows_behind_a_figure_are_shown_as_long_as_there_are_any(city: City) -> None:
    supervisor, subjects = Desks(city).sits(SUPERVISOR.name, Role.SUPERVISOR), three(city)
    page = supervisor.get("/figures/2021Q3/invalid_share?page=9").text
    assert len(re.findall(r">(CP21-[0-9]+)</a>", page)) == 1, subjects


def test_whose_numbers_were_shown_is_told_as_long_as_it_was_anybody_s(city: City) -> None:
    auditor, (subject, *_) = Desks(city).sits("审计员丁", Role.AUDITOR), three(city)
    hotline.claim(city.ledger, subject, account=OPERATOR.name)
    for reason in ("核对来电一", "核对来电二", "核对来电三"):
        hotline.reveal_contact(city.ledger, subject, account=OPERATOR.name, reason=reason)
    page = auditor.get("/ops?tab=reveals&page=9").text
    assert re.findall("核对来电.", page) == ["核对来电一"]
