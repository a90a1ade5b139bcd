"""An event as a message and back: nothing lost, and nothing taken for one that is none."""

from types import SimpleNamespace

import pytest
from sqlalchemy import select

from schemas import EVENTS
from schemas.envelope import EnvelopeBase
from workflow.bus.cloudevents import headers_of, row_from
from workflow.errors import InvalidInput
from workflow.record import record_of
from workflow.storage.models import events

KEPT = set(events.c.keys()) - {"hash", "schema_version"}


def row(kind, **values):
    given = {
        "lane": 15,
        "pos": 1 << 40,
        "subject": "CP21-0001",
        "version": 7,
        "type": kind,
        "state": "核实中",
        "occurred_at": 1_631_757_600_000_001,
        "recorded_at": 1_631_757_600_999_999,
        "actor": "话务员01",
        "role": "operator",
        "unit": None,
        "cause": "CP21-0001-6",
        "limits": '{"opened": {}, "met": ["verify"], "cancelled": [], "paused": []}',
        "data": '{"note": "又让我开证明"}',
    }
    return SimpleNamespace(**given | values)


@pytest.mark.parametrize("kind", [event.__name__ for event in EVENTS])
@pytest.mark.parametrize("unit", [None, "ZD-RSJ"])
def test_every_event_comes_back_as_it_went(kind, unit):
    sent = row(kind, unit=unit)
    back = row_from(sent.data.encode(), headers_of(sent))
    assert vars(back) == vars(sent)


def test_the_log_comes_back_whole(city):
    complaint = city.portal.bad_review()
    city.hotline.receives(complaint)
    city.hotline.confirms(complaint)
    city.drain()
    with city.office.database.read() as conn:
        rows = conn.execute(select(events)).all()
    assert len(rows) > 5
    for sent in rows:
        back = row_from(sent.data.encode(), headers_of(sent))
        assert record_of(back) == record_of(sent)
        assert set(vars(back)) == KEPT


def test_the_headers_are_the_envelopes():
    names = {name.removeprefix("ce_") for name, _ in headers_of(row("ComplaintClaimed"))}
    needed = {name for name, field in EnvelopeBase.model_fields.items() if field.is_required()}
    assert needed <= names
    assert names - {"content-type"} <= set(EnvelopeBase.model_fields)


GOOD = headers_of(row("ComplaintClaimed"))


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        (None, GOOD),
        (b"\xff\xfe", GOOD),
        (b"{}", []),
        (b"{}", [(name, text) for name, text in GOOD if name != "ce_position"]),
        (b"{}", [*GOOD, ("ce_lane", b"16")]),
        (b"{}", [*GOOD, ("ce_lane", b"-1")]),
        (b"{}", [*GOOD, ("ce_position", b"one")]),
        (b"{}", [*GOOD, ("ce_time", b"yesterday")]),
        (b"{}", [*GOOD, ("ce_time", b"2026-11-16T09:30:00")]),
        (b"{}", [*GOOD, ("ce_subject", b"\xff")]),
        (b"{}", [*GOOD, ("ce_subject", None)]),
    ],
)
def test_what_is_no_event_of_ours_is_refused(value, headers):
    with pytest.raises(InvalidInput):
        row_from(value, headers)
