"""回看: complaints and orders as they stood at a past instant, folded anew from the log."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import groupby
from operator import attrgetter

from sqlalchemy import Connection, MetaData, create_engine, select

from console.reports import facts
from console.reports.periods import Period
from consumers.metrics import Metrics
from workflow.formulas import ComplaintFact, OrderFact
from workflow.policy import Policies
from workflow.record import record_of
from workflow.storage.models import complaint_facts, events, order_facts

Facts = tuple[tuple[ComplaintFact, ...], tuple[OrderFact, ...]]


def facts_as_of(conn: Connection, policies: Policies, period: Period, as_of: int) -> Facts:
    """What the metrics consumer would have known of the period's complaints at `as_of` (µs UTC)."""
    consumer = Metrics(policies)
    query = (
        select(events)
        .join(complaint_facts, complaint_facts.c.subject == events.c.subject)
        .where(
            complaint_facts.c.day.between(period.first, period.last),
            events.c.recorded_at <= as_of,
            events.c.type.in_(sorted(consumer.handles)),
        )
        .order_by(events.c.subject, events.c.version)
    )
    with _memory() as past:
        for _, rows in groupby(conn.execute(query), attrgetter("subject")):
            consumer.write(past, map(record_of, rows))
        return facts.complaints(past), facts.orders(past)


@contextmanager
def _memory() -> Iterator[Connection]:
    engine = create_engine("sqlite://")
    metadata = MetaData()
    for table in (complaint_facts, order_facts):
        table.to_metadata(metadata)
    try:
        with engine.connect() as past:
            metadata.create_all(past)
            yield past
    finally:
        engine.dispose()
