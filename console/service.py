"""办件: what is known of the rating and of the service it is about, and what is not, in words."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, bindparam, select

from console import wording
from schemas import ReviewCollected
from schemas.codes import Channel
from workflow.storage.collected import of_service
from workflow.storage.models import ratings, services

NO_RECORD = "（没有收到这次服务的办件记录）"
NOT_KEPT = "归集时不留存，请看评价平台"
"""A service record comes with these, and no column holds them."""


def taken_in(conn: Connection, fact: ReviewCollected, zone: ZoneInfo) -> Iterator[tuple[str, str]]:
    """How the rating came, when the service was given, and what nobody here knows of it."""
    place = {
        "of_source": fact.source,
        "of_project": fact.project_no,
        "of_service": fact.service_number,
        "of_assess": fact.assess_number,
    }
    channel = conn.execute(_CHANNEL, place).scalar()
    served_at = conn.execute(_SERVED, place).scalar()
    yield "评价渠道", Channel(channel).label if channel else "（没有记录）"
    yield "评价来源", wording.value_text("origin", fact.origin, zone)
    yield "服务时间", wording.when(served_at, zone) if served_at else NO_RECORD
    yield "承诺、受理、办结", NOT_KEPT


_CHANNEL = select(ratings.c.channel).where(
    *of_service(ratings), ratings.c.assess_number == bindparam("of_assess")
)
_SERVED = select(services.c.served_at).where(*of_service(services))
