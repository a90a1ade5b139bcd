"""约再拨: a call agreed with the citizen is said to be due once its time has come."""

from __future__ import annotations

import html
import re
from datetime import datetime

import pytest
from city import OPERATOR, City
from desks import Desks, Person, hidden_of

import schemas as s
from schemas.envelope import Role
from workflow.clock import micros

NOON, THREE = "2021-09-16T12:00:00+08:00", "2021-09-16T15:00:00+08:00"
TOMORROW = "2021-09-17T10:00:00+08:00"


def agreed(city: City, at: str) -> str:
    subject = city.portal.bad_review()
    city.drain()
    told = micros(datetime.fromisoformat(at))
    city.step(subject, s.CallAttempted, OPERATOR, outcome="call_later", next_call_at=told)
    return subject


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def shown(person: Person, subject: str) -> tuple[str, str]:
    """What its row in the tab, and its own page say."""
    page = person.get("/hotline?tab=later").text
    row = next(row for row in page.split("<tr") if subject in row)
    agreed = re.search(r"约定 \d[^<]*再拨。.*", person.get(f"/c/{subject}").text)
    assert agreed is not None
    return words(f"<tr{row}"), words(agreed[0])


@pytest.mark.parametrize(
    ("now", "tone", "told"),
    [
        ("2021-09-16T14:59:00+08:00", "", "今天 15:00"),
        ("2021-09-16T15:00:00+08:00", "▲", "今天 15:00 已到"),
        ("2021-09-16T15:40:00+08:00", "■", "已过约定 40 分钟"),
        ("2021-09-16T17:59:00+08:00", "■", "已过约定 2 小时"),
        ("2021-09-18T16:00:00+08:00", "■", "已过约定 2 天"),
    ],
)
def test_a_time_agreed_on_says_that_it_has_come(city: City, now: str, tone: str, told: str) -> None:
    subject = agreed(city, THREE)
    city.travel(now)
    row, page = shown(Desks(city).sits(OPERATOR.name, Role.OPERATOR), subject)
    assert f"{tone} {told}".strip() in row
    assert (f"{tone} {told}" in page) == bool(tone)
    assert ("已" in page) == bool(tone)


def test_the_next_one_claimed_is_one_whose_time_has_come(city: City) -> None:
    first, second, due = agreed(city, TOMORROW), agreed(city, THREE), agreed(city, NOON)
    city.travel("2021-09-16T13:00:00+08:00")
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    page = operator.get("/hotline?tab=later").text
    assert re.findall(r'href="/c/([^"]+)" data-row', page) == [due, second, first]
    taken = operator.client.post("/hotline/next", data=hidden_of(page) | {"tab": "later"})
    assert taken.headers["location"] == f"/c/{due}"


def test_an_open_list_learns_without_any_change_that_a_time_has_come(city: City) -> None:
    """The page asks for its rows again each minute; that keeps no session alive."""
    subject = agreed(city, THREE)
    city.travel("2021-09-16T14:59:30+08:00")
    operator = Desks(city).sits(OPERATOR.name, Role.OPERATOR)
    page = operator.get("/hotline?tab=later").text
    (block,) = re.findall(r'<div id="queue"[^>]*>', page)
    (trigger,) = re.findall(r'hx-trigger="([^"]*)"', block)
    assert "every 60s" in trigger.split(", ")
    city.travel("2021-09-16T15:00:30+08:00")
    (address,) = re.findall(r'hx-get="([^"]*)"', block)
    again = operator.get(html.unescape(address), headers={"x-by-itself": "1"}).text
    assert "今天 15:00 已到" in words(next(row for row in again.split("<tr") if subject in row))
