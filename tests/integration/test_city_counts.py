"""与市里核对: the city's table beside what was taken in here; what cannot be compared is told."""

from __future__ import annotations

import html
import re

import pytest
from city import UNIT, City, rating, service
from desks import Desks, Person
from httpx import Response

from console.reports.periods import parse_period
from console.web.supervisors.beside_city import MOST, Compared, compared
from schemas.envelope import Role
from workflow.errors import InvalidInput

SEPTEMBER = parse_period("2021-09")
HERE = "/collect/city?period=2021-09"


@pytest.fixture
def told(city: City) -> City:
    """Three services, two ratings, one of them asked for on the spot."""
    city.portal.sends(*(service(f"S{n}") for n in range(3)))
    city.portal.sends(rating("S0", 5), rating("S1", 5))
    return city


def against(city: City, table: str) -> Compared:
    units = city.office.units
    with city.office.database.read() as conn:
        return compared(conn, units, units.of("部门", "张店区"), SEPTEMBER, table)


def pasted(person: Person, table: str) -> Response:
    return person.post(HERE, HERE, table=table)


def test_a_unit_that_differs_comes_first_with_what_is_missing_or_too_many(told: City) -> None:
    found = against(
        told,
        "单位\t办件\t评价\t现场\n区市场监管局\t0\t0\t0\n区人社局\t1,203\t1\t\n合计\t1203\t1\t0",
    )
    assert [line.unit.name for line in found.lines] == ["区人社局", "区市场监管局"]
    assert [(p.of, p.ours, p.theirs, p.more) for p in found.lines[0].pairs] == [
        ("services", 3, 1203, -1200),
        ("ratings", 2, 1, 1),
        ("onsite", 2, None, 0),
    ]
    assert (found.differing, found.wrong, found.unnamed) == (1, (), ())


def test_a_table_of_commas_by_codes_and_from_its_first_line_on(told: City) -> None:
    found = against(told, f"{UNIT},3,2,2")
    assert [line.differs for line in found.lines] == [False]


def test_a_unit_that_the_city_leaves_out_is_told(told: City) -> None:
    found = against(told, "区市场监管局，0，0，0")
    assert [line.unit.code for line in found.unnamed] == [UNIT]


def test_each_line_that_cannot_be_compared_is_named_and_stops_no_other(told: City) -> None:
    others = "没有的局\t1\n\n区人社局\t3"
    bad = "区市场监管局\t三\n区市场监管局\t-1\n区市场监管局\t1\t1\t1\t1"
    table = f"区人社局\t3\t2\t2\n{others}\n{bad}"
    found = against(told, table)
    assert [line.unit.code for line in found.lines] == [UNIT]
    assert [(one.number, one.said) for one in found.wrong] == [
        (2, "没有的局 1"),
        (4, "区人社局 3"),
        (5, "区市场监管局 三"),
        (6, "区市场监管局 -1"),
        (7, "区市场监管局 1 1 1 1"),
    ]
    reasons = ("名册里没有", "前面已有", "“三”不是数", "“-1”不是数", "多于四列")
    for one, reason in zip(found.wrong, reasons, strict=True):
        assert reason in one.reason


@pytest.mark.parametrize("table", ["", " \n\t\n", "区人社局\t1\n" * (MOST + 1)])
def test_a_table_of_nothing_or_without_end_is_refused(told: City, table: str) -> None:
    with pytest.raises(InvalidInput):
        against(told, table)


def test_the_page_shows_it_with_each_number_s_rows_and_keeps_nothing(told: City) -> None:
    supervisor = Desks(told).sits("监督01", Role.SUPERVISOR)
    assert "/collect/city?" in supervisor.get("/collect?period=2021-09").text
    page = pasted(supervisor, "区人社局\t5\t2\t2\n<b>局\t1").text
    assert "<b>1 个对不上</b>" in page
    assert "1 行没能核对" in page
    assert "<b>局" not in page
    assert ">-2</span>" in page
    place = re.search(r'href="(/collect/rows\?of=services[^"]+)">3</a>', page)
    assert place is not None
    assert "· 3 条" in supervisor.get(html.unescape(place[1])).text
    assert "对不上" not in supervisor.get(HERE).text


def test_an_empty_table_is_refused_in_words_and_what_was_typed_stays(told: City) -> None:
    supervisor = Desks(told).sits("监督02", Role.SUPERVISOR)
    answer = pasted(supervisor, " ")
    assert answer.status_code == 422
    assert "请粘贴市里的表" in answer.text
    assert pasted(Desks(told).sits("资料员01", Role.IT), "区人社局\t3\t2\t2").status_code == 200
    handler = Desks(told).sits("经办01", Role.DEPARTMENT, UNIT)
    assert handler.get(HERE).status_code == 403
