"""误操作集中处: the window and the device that the complaint's own rating came by."""

from __future__ import annotations

import html
import re
from datetime import datetime

from city import City, rating, service
from test_supervisors_pages import signed_in

from console.reports.hotspots import Spot
from console.reports.periods import parse_period
from console.web.supervisors.figures import Ask, Sheet, sheet
from schemas.codes import Channel
from schemas.envelope import Role

OTHER = "张店医保分局"


def dismissed(city: City, *rows: object) -> None:
    """All these come; the complaint that one of them opens was a misoperation."""
    answers = city.portal.sends(*rows)
    (subject,) = (row.complaint for row in answers.rows if row.complaint)
    city.drain()
    city.hotline.dismisses(subject)
    city.drain()


def figures(city: City) -> Sheet:
    with city.office.database.read() as conn:
        return sheet(city.office, conn, Ask(parse_period("2021Q3"), "部门", "张店区"))


def at(clock: str) -> datetime:
    return datetime.fromisoformat(f"2021-09-16T{clock}+08:00")


def test_the_device_is_that_of_the_rating_that_opened_the_complaint(city: City) -> None:
    good, bad = rating("P1", pf=Channel.PAD), rating("P1", 1, assessNumber="2", pf=Channel.PC)
    dismissed(city, service("P1"), good, bad)
    dismissed(city, rating("P2", 1, assessNumber="9", pf=Channel.PC))
    later = rating("P2", 5, assessNumber="10", pf=Channel.MOBILE, assessTime=at("09:50:00"))
    city.portal.sends(later)
    city.drain()
    assert figures(city).devices == (Spot(None, Channel.PC.label, 2, 2),)


def test_windows_of_two_units_that_are_called_alike_are_two(city: City) -> None:
    for project, unit in (("P1", "区人社局"), ("P2", OTHER)):
        dismissed(city, rating(project, 1, proDepart=None, areaName=None))
        city.portal.sends(service(project, proDepart=unit))
    city.drain()
    whose = {city.office.units.resolve(name, "张店区").code for name in ("区人社局", OTHER)}
    found = figures(city).windows
    assert {spot.unit for spot in found} == whose
    assert [(s.name, s.misoperations, s.complaints) for s in found] == [("3号窗口", 1, 1)] * 2


def test_a_device_of_the_hall_is_counted_by_its_number_and_a_citizens_own_is_not(
    city: City,
) -> None:
    """Which of a unit's tablets is pressed wrong: by the channel alone they would all be one."""
    for project, device in (("P1", "PAD-3"), ("P2", "PAD-3"), ("P3", "PAD-4"), ("P4", "")):
        dismissed(city, service(project), rating(project, 1, pf=Channel.PAD, device=device))
    dismissed(city, service("P5"), rating("P5", 1, pf=Channel.MOBILE, device="MY-PHONE"))
    unit = city.office.units.resolve("区人社局", "张店区").code
    assert figures(city).devices == (
        Spot(unit, "大厅平板 PAD-3", 2, 2),
        Spot(None, Channel.PAD.label, 1, 1),
        Spot(None, Channel.MOBILE.label, 1, 1),
        Spot(unit, "大厅平板 PAD-4", 1, 1),
    )
    supervisor = signed_in(city, "监督员丙", Role.SUPERVISOR)
    supervisor.opens("/figures/2021Q3")
    places = re.findall(r'href="(/figures/2021Q3/at/device[^"]*PAD-3[^"]*)"', supervisor.page)
    assert places
    for place in map(html.unescape, places):
        supervisor.opens(place)
        assert len(set(re.findall(r'href="/c/(CP[0-9-]+)"', supervisor.page))) == 2
    assert "MY-PHONE" not in supervisor.page
