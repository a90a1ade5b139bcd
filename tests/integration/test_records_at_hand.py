"""What is kept at hand says what the log says: no consumer can tell which it was given."""

from city import CITIZEN, OPERATOR, SUPERVISOR, UNIT
from sqlalchemy import select

import schemas as s
from workflow.record import record_of
from workflow.storage.models import events


def test_a_record_kept_at_hand_is_the_one_in_the_log(city):
    complaint = city.portal.bad_review()
    city.drain()
    city.hotline.calls(complaint)
    city.step(complaint, s.ComplaintConfirmed, OPERATOR, by="call", reason_code="115",
              case_class="complex", unit=UNIT)  # fmt: skip
    city.drain()
    city.step(complaint, s.SupervisionOrdered, SUPERVISOR, ground="manual")
    city.step(complaint, s.RetaliationReported, CITIZEN, words="有人上门问是谁评的")
    city.drain()
    with city.office.database.read() as conn:
        logged = [record_of(row) for row in conn.execute(select(events))]
    kept = [city.ledger.recent.record(record.lane, record.pos) for record in logged]
    assert len(logged) > 8
    assert kept == logged
