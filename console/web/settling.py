"""网页: what the consumers do at once of a person's step is done before he is shown the page again:
who confirms a complaint sees to whom it was sent, and no form for sending it.
"""

from __future__ import annotations

from collections.abc import Collection
from contextlib import suppress
from time import monotonic, sleep

from sqlalchemy import func, select

from console.web.site import Site
from workflow.errors import Transient
from workflow.ledger import Recorded
from workflow.storage.database import Database
from workflow.storage.models import events, progress

LOOK = 0.02
"""Seconds until it is looked again the first time; then twice as long each time."""


def settle(site: Site, done: Recorded) -> None:
    """Returns once every consumer that answers such a step with one of its own has come past it, or
    the site's patience is at its end. The step is recorded: nothing that fails here is told.
    """
    answering, until = site.answering.get(done.type, ()), monotonic() + site.patience
    pause = LOOK
    with suppress(Transient):
        while answering and monotonic() < until:
            if not _ahead(site.office.database, done, answering):
                return
            sleep(pause)
            pause *= 2


def _ahead(database: Database, done: Recorded, consumers: Collection[str]) -> bool:
    """Whether this step lies ahead of any of them still."""
    ahead = (
        select(func.count())
        .select_from(events)
        .join(progress, (progress.c.lane == events.c.lane) & (progress.c.pos < events.c.pos))
        .where(
            events.c.subject == done.subject,
            events.c.version == done.version,
            progress.c.consumer.in_(consumers),
        )
    )
    with database.read() as conn:
        return bool(conn.execute(ahead).scalar())
