"""Fifty people at their desks: what a browser asks for, one page after another, with pauses; and an
open stream each, as every page has.
"""

from __future__ import annotations

import asyncio
import random
import re
import secrets
import ssl
import time
from collections.abc import Sequence
from typing import Any, NamedTuple

import httpx

PAUSE = (1.0, 5.0)
"""Seconds between an answer and the next click: evenly between these."""

STEP_IN = 2
"""One look in so many of an operator at a complaint leads to a step: claimed, or given back."""

PAGES = {
    "operator": ("/", "/hotline", "/hotline", "/c/{no}", "/c/{no}", "/c/{no}"),
    "department": ("/", "/orders", "/orders", "/orders/{no}", "/orders/{no}"),
    "supervisor": ("/", "/watch", "/watch", "/decisions", "/collect", "/figures"),
}
"""What each role opens; what stands here twice, twice as often. `{no}` is one of the rows shown on
the list last opened. /figures leads on to the quarter's page: both are in its time.
"""

_CASE, _ORDER = re.compile(r"/c/(CP[0-9-]+)"), re.compile(r'/orders/(GD[0-9-]+)"')
_HIDDEN = re.compile(r'name="(csrf|key|expected_version)" value="([^"]*)"')


class Person(NamedTuple):
    """Who is signed in, by the session's secret."""

    account: str
    role: str
    unit: str | None
    secret: str


class Visit:
    """Where one person is: the complaint or order picked from a list, and what he has claimed."""

    def __init__(self, person: Person) -> None:
        self.person, self.number = person, ""
        self.claimed: set[str] = set()

    def next(self, choose: random.Random) -> str:
        """The kind of page that is opened now: a list before any of its rows."""
        kind = choose.choice(PAGES[self.person.role])
        if "{no}" in kind and not self.number:
            return "/hotline" if self.person.role == "operator" else "/orders"
        return kind

    def look(self, choose: random.Random, text: str) -> None:
        """Picks a row of the list that is shown."""
        found = (_CASE if self.person.role == "operator" else _ORDER).findall(text)
        self.number = choose.choice(found) if found else self.number


class Seen:
    """What was measured: milliseconds by kind of page, of steps, and from a step to the screens of
    others. What was answered with another status than it should be is in `wrong`.
    """

    def __init__(self) -> None:
        self.pages: dict[str, list[float]] = {}
        self.steps: list[float] = []
        self.screens: list[float] = []
        self.refused = 0
        self.wrong: list[str] = []
        self.sent: dict[str, tuple[float, str]] = {}

    def page(self, kind: str, began: float) -> None:
        self.pages.setdefault(kind, []).append((time.perf_counter() - began) * 1e3)


def visited(
    url: str, people: Sequence[Sequence[str]], seconds: float, warm: float
) -> dict[str, Any]:
    """Everybody works for so many seconds, after some to warm up; loopback only."""
    return asyncio.run(_visited(url, [Person(*one) for one in people], seconds, warm))


async def _visited(url: str, people: list[Person], seconds: float, warm: float) -> dict[str, Any]:
    seen, cpu = Seen(), time.process_time()
    begin = time.monotonic() + warm
    async with asyncio.TaskGroup() as group:
        streams = [group.create_task(_listens(url, one, seen)) for one in people]
        visits = [
            group.create_task(_works(url, one, seen, begin, begin + seconds)) for one in people
        ]
        floor = group.create_task(_floor(url, seen, begin, begin + seconds))
        await asyncio.gather(*visits, floor)
        for stream in streams:
            stream.cancel()
    return {
        "pages": seen.pages,
        "steps": seen.steps,
        "screens": seen.screens,
        "refused": seen.refused,
        "wrong": seen.wrong[:5],
        "cpu": time.process_time() - cpu,
    }


_PLAIN = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Never used: a client that is given none reads all the world's certificates first."""


def _client(url: str, person: Person) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        base_url=url,
        cookies={"bihuan": person.secret},
        headers={"origin": url},
        timeout=httpx.Timeout(30, read=None),
        limits=httpx.Limits(keepalive_expiry=3),  # the server's are five seconds
        verify=_PLAIN,
        trust_env=False,
    )


async def _works(url: str, person: Person, seen: Seen, begin: float, end: float) -> None:
    """One person: opens pages, and as an operator takes steps on what is open."""
    choose, visit = random.Random(person.account), Visit(person)
    async with _client(url, person) as client:
        await asyncio.sleep(choose.uniform(0, PAUSE[1]))
        while time.monotonic() < end:
            kind = visit.next(choose)
            text = await _opened(client, kind, visit.number, seen, timed=time.monotonic() > begin)
            await asyncio.sleep(choose.uniform(*PAUSE))
            if kind == "/c/{no}" and not choose.randrange(STEP_IN):
                await _stepped(client, visit, seen, text, timed=time.monotonic() > begin)
                await asyncio.sleep(choose.uniform(*PAUSE))
            elif "{no}" not in kind:
                visit.look(choose, text)


async def _opened(
    client: httpx.AsyncClient, kind: str, number: str, seen: Seen, *, timed: bool
) -> str:
    began = time.perf_counter()
    answer = await client.get(kind.format(no=number))
    if answer.is_redirect:
        answer = await client.get(answer.headers["location"])
    if answer.status_code != 200:
        seen.wrong.append(f"{kind} {number}: {answer.status_code}")
    elif timed:
        seen.page(kind, began)
    return answer.text


async def _stepped(
    client: httpx.AsyncClient, visit: Visit, seen: Seen, text: str, *, timed: bool
) -> None:
    """Claims the complaint of this page, or gives it back."""
    subject, began = visit.number, time.perf_counter()
    mine = subject in visit.claimed
    hidden = dict(_HIDDEN.findall(text)) | {"key": secrets.token_hex(8), "reason": "handed_over"}
    step = "complaint-released" if mine else "complaint-claimed"
    seen.sent[subject] = (began, visit.person.account)
    answer = await client.post(f"/c/{subject}/{step}", data=hidden)
    if answer.status_code == 409:
        seen.refused += 1  # another has it
    elif answer.status_code != 303:
        seen.wrong.append(f"{step} {subject}: {answer.status_code}")
    else:
        visit.claimed ^= {subject}
        if timed:
            seen.steps.append((time.perf_counter() - began) * 1e3)


async def _listens(url: str, person: Person, seen: Seen) -> None:
    """The page's stream: what another's step takes until it is told here, from its sending on."""
    async with _client(url, person) as client, client.stream("GET", "/live") as stream:
        async for line in stream.aiter_lines():
            sent = seen.sent.get(line.removeprefix("data: ").strip())
            if line.startswith("data: ") and sent is not None and sent[1] != person.account:
                took = (time.perf_counter() - sent[0]) * 1e3
                if took < LATE:
                    seen.screens.append(took)


LATE = 5_000.0
"""Milliseconds after which a change is another's: the clock's, the consumers'."""


async def _floor(url: str, seen: Seen, begin: float, end: float) -> None:
    """/health, through the same server beside the others: no session, no template, no query."""
    async with httpx.AsyncClient(
        base_url=url, timeout=30, verify=_PLAIN, trust_env=False
    ) as client:
        while time.monotonic() < end:
            began = time.perf_counter()
            await client.get("/health")
            if time.monotonic() > begin:
                seen.page(FLOOR, began)
            await asyncio.sleep(0.25)


FLOOR = "/health"
