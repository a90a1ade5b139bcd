"""Open pages: who is told of a change, when it ends, and what it takes to tell them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from threading import Thread
from typing import Any, TypeVar

import pytest
from city import HANDLER, City
from desks import Desks
from sqlalchemy import Engine, event, update

from console.accounts import session_of
from console.accounts.register import unlock
from console.accounts.sessions import revoke_all
from console.web.access import COOKIE
from console.web.live import MOST_PAGES, Hub, Page, stream
from console.wiring import Office
from schemas.envelope import Role
from workflow.ledger import Actor
from workflow.storage.models import accounts

ON = ("sqlite",)
OTHERS = (Actor("外单位", Role.DEPARTMENT, "ZD-YBJ"), Actor("管理员壬", Role.ADMINISTRATOR))
Told = TypeVar("Told")


@pytest.fixture
def subject(city: City) -> str:
    """A complaint at the unit, being put right."""
    subject = city.portal.bad_review()
    city.drain()
    city.hotline.confirms(subject)
    city.drain()
    city.department.acknowledges(subject)
    return subject


def while_looking(city: City, told: Callable[[Hub], Coroutine[Any, Any, Told]]) -> Told:
    """What is told while a thread looks at the log."""
    hub = Hub(city.office)
    looking = Thread(target=hub.run)
    looking.start()
    try:
        return asyncio.run(asyncio.wait_for(told(hub), 30))
    finally:
        hub.stop()
        looking.join()


async def heard_by(page: Page, city: City, subject: str) -> tuple[str | None, int]:
    """What it is told first, of so many changes: the hub may not have begun to look before."""
    heard: str | None = ""
    changes = 0
    while not heard:
        city.supervisor.orders(subject)
        heard, changes = await page.changed(0.2), changes + 1
    return heard, changes


def test_a_stream_tells_nobody_of_what_is_not_his(city: City, subject: str) -> None:
    async def told(hub: Hub) -> tuple[str | None, list[str | None]]:
        with ExitStack() as open_pages:
            own, *foreign = (open_pages.enter_context(hub.open(a)) for a in (HANDLER, *OTHERS))
            heard, _ = await heard_by(own, city, subject)
            return heard, [await page.changed(0.2) for page in foreign]

    assert while_looking(city, told) == (subject, ["", ""])


def test_however_many_look_those_who_see_the_same_are_asked_for_once(
    city: City, subject: str
) -> None:
    """Twenty supervisors cost the database what one costs."""
    viewers = [Actor(f"监督{number:02}", Role.SUPERVISOR) for number in range(20)]

    async def told(hub: Hub) -> tuple[set[str | None], int, int]:
        with ExitStack() as open_pages, asked_of("complaints.id IN") as asked:
            first, *rest = (open_pages.enter_context(hub.open(viewer)) for viewer in viewers)
            heard, changes = await heard_by(first, city, subject)
            return {heard, *[await page.changed(2) for page in rest]}, len(asked), changes

    heard, asked, changes = while_looking(city, told)
    assert heard == {subject}
    assert 1 <= asked <= changes


@contextmanager
def asked_of(words: str) -> Iterator[Sequence[str]]:
    """The statements with these words, by whichever thread."""
    asked: list[str] = []

    def count(_conn: Any, _cursor: Any, sql: str, *_: Any) -> None:
        if words in sql:
            asked.append(sql)

    event.listen(Engine, "before_cursor_execute", count)
    try:
        yield asked
    finally:
        event.remove(Engine, "before_cursor_execute", count)


@pytest.mark.parametrize("ended", [revoke_all, unlock])
def test_a_stream_ends_with_its_session_or_once_the_password_is_due(
    city: City, subject: str, ended: Callable[[Office, str, str], object]
) -> None:
    person = Desks(city).sits("监督02", Role.SUPERVISOR)
    with city.office.database.write() as conn:
        conn.execute(update(accounts).values(password="a hash"))
    signed = session_of(city.office, person.client.cookies[COOKIE])
    assert signed is not None

    async def told(hub: Hub) -> tuple[str | None, str | None]:
        with hub.open(signed.actor, signed.session) as page:
            heard, _ = await heard_by(page, city, subject)
            ended(city.office, "监督02", "管理员")
            last = heard
            while last is not None:
                city.supervisor.orders(subject)
                last = await page.changed(0.2)
            return heard, last

    assert while_looking(city, told) == (subject, None)


def test_a_page_that_is_older_than_its_stream_is_told_at_once(city: City, subject: str) -> None:
    """What happened between the page's answer and its stream's beginning is told to nobody else."""
    now = city.complaint(subject).version

    async def first(viewer: Actor, seen: int) -> str | None:
        hub = Hub(city.office)
        return await anext(stream(hub, viewer, "", 0.01, (subject, seen)))

    assert asyncio.run(first(HANDLER, now - 1)) == subject
    assert asyncio.run(first(HANDLER, now)) == ""
    assert asyncio.run(first(OTHERS[0], 0)) == ""


def test_a_session_has_so_many_pages_open_and_no_more(city: City) -> None:
    desks = Desks(city)
    person = desks.sits("监督02", Role.SUPERVISOR)
    signed = session_of(city.office, person.client.cookies[COOKIE])
    assert signed is not None
    streams = desks.app.state.site.hub.streams
    with ExitStack() as opened:
        for _ in range(MOST_PAGES):
            opened.enter_context(streams.one_more(signed.session))
        refused = person.get("/live")
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "30")
        with streams.one_more("another session"):
            pass
