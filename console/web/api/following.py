"""接口: the log followed: every event, in the order of its complaint, from any position."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator, Sequence
from time import monotonic
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Header, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.sse import EventSourceResponse, ServerSentEvent
from sqlalchemy import Row, select

from console.accounts.tokens import Scope, System, system_of
from console.sight import RETALIATION_READERS
from console.web.access import SiteHere
from console.web.api.granted import Granted, viewer_of
from console.web.api.problems import problems
from console.web.site import Site
from workflow.bus.cloudevents import structured
from workflow.errors import InvalidInput, NotPermitted
from workflow.storage.database import Database
from workflow.storage.log import LANES, ends
from workflow.storage.models import events

READ = Granted(Scope.READ)
AT_ONCE = 50
"""Events of a lane read at once."""

LOOK = 1.0
"""Seconds after which the log is looked at, whoever recorded."""

PING = 15
"""Looks without an event after which the stream says that it is alive."""

STILL = 3.0
"""Seconds after which a stream's token is asked for again, whether or not events flow."""

router = APIRouter(tags=["事件"])


_NUMBER = re.compile("[0-9]{1,18}")


class Position(tuple[int, ...]):
    """How far somebody has read, lane by lane; as text the numbers with dots between."""

    @classmethod
    def read(cls, text: str) -> Position:
        """Raises InvalidInput."""
        parts = text.split(".")
        if len(parts) != LANES or not all(map(_NUMBER.fullmatch, parts)):
            raise InvalidInput("after", "", "须是事件流给出的 id，或 0、now")
        return cls(map(int, parts))

    def __str__(self) -> str:
        return ".".join(map(str, self))

    def past(self, row: Row[Any]) -> Position:
        """After this event too."""
        return Position(max(pos, row.pos) if n == row.lane else pos for n, pos in enumerate(self))


class Bearer:
    """Whoever follows a stream: asked for again every few seconds."""

    def __init__(self, site: Site, request: Request) -> None:
        self._office = site.office
        self._secret = request.headers.get("authorization", "").partition(" ")[2].strip()
        self._asked = monotonic()

    async def still_may(self) -> bool:
        """False once the token is revoked, has expired, or no longer opens the stream."""
        if monotonic() - self._asked < STILL:
            return True
        now = await run_in_threadpool(system_of, self._office, self._secret)
        self._asked = monotonic()
        return now is not None and Scope.READ in now.scopes and now.unit is None


def start_of(
    site: SiteHere,
    after: Annotated[
        str,
        Query(max_length=400, description="从哪里之后：事件的 id，0 从头，now 从现在"),
    ] = "now",
    last_event_id: Annotated[
        str | None, Header(max_length=400, description="断线重连时由客户端自动带上，先于 after")
    ] = None,
) -> Position:
    """Where the stream begins. Raises InvalidInput."""
    said = last_event_id or after
    if said == "0":
        return Position([0] * LANES)
    head = heads(site.office.database)
    if said == "now":
        return head
    asked = Position.read(said)
    if any(one > end for one, end in zip(asked, head, strict=True)):
        raise InvalidInput("after", "", "比日志还靠后，不是这份日志给出的 id；请从 0 重新读起")
    return asked


def follower(request: Request, system: Annotated[System, Depends(READ)]) -> Iterator[System]:
    """A system that may follow. Raises NotPermitted, TooOften."""
    if system.unit is not None:
        raise NotPermitted("限单位的令牌不能跟读事件，请用 GET /complaints")
    with request.app.state.streams.one_more(system.name):
        yield system


@router.get(
    "/events",
    response_class=EventSourceResponse,
    summary="跟读事件",
    description="服务器推送（SSE）。每条 `data` 是一个 CloudEvents 1.0 的 JSON 事件，"
    "与发布到消息主题的相同，不含任何人的个人信息；同一件的事件先后有序，一条不漏。"
    "`id` 是读到的位置：存下来，重连时放进 `Last-Event-ID` 或 `after`。"
    "没有事件时每 15 秒一行注释。",
    responses=problems(),
)
async def follow(
    request: Request,
    site: SiteHere,
    system: Annotated[System, Depends(follower)],
    position: Annotated[Position, Depends(start_of)],
) -> AsyncIterator[ServerSentEvent]:
    yield ServerSentEvent(event="position", id=str(position), raw_data=str(position))
    quiet, bearer = 0, Bearer(site, request)
    with site.hub.open(viewer_of(system)) as page:
        while await bearer.still_may():
            rows = await run_in_threadpool(beyond, site.office.database, position)
            for row in rows:
                if not await bearer.still_may():  # a slow reader takes its time over them
                    return
                position = position.past(row)
                if _told(row, system):
                    yield ServerSentEvent(id=str(position), data=structured(row))
            quiet = 0 if rows else quiet + 1
            if quiet >= PING:
                quiet = 0
                yield ServerSentEvent(comment="ping")
            if not rows and await page.changed(LOOK) is None:
                return


def _told(row: Row[Any], system: System) -> bool:
    """What a citizen says of retaliation is the supervisors' and the auditor's."""
    if row.type != "RetaliationReported" or viewer_of(system).role in RETALIATION_READERS:
        return True
    return bool(row.actor == system.actor.name)


def heads(database: Database) -> Position:
    """The end of the log."""
    with database.read() as conn:
        found = ends(conn)
    return Position(found.get(lane, 0) for lane in range(LANES))


def beyond(database: Database, position: Position) -> Sequence[Row[Any]]:
    """What follows this position, oldest first; of each lane without a gap."""
    with database.read() as conn:
        found: list[Row[Any]] = []
        for lane, pos in ends(conn).items():
            if pos > position[lane]:
                query = select(events).where(events.c.lane == lane, events.c.pos > position[lane])
                found += conn.execute(query.order_by(events.c.pos).limit(AT_ONCE))
    return sorted(found, key=lambda row: (row.recorded_at, row.lane, row.pos))
