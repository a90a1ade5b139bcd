"""催报: a unit that sends no ratings is asked to, by a message in the outbox; once a day, whoever
asks.
"""

from __future__ import annotations

from workflow.clock import instant
from workflow.door import checked_name
from workflow.errors import InvalidInput
from workflow.ledger import Ledger
from workflow.outbox import DESK, POST, POST_ROW
from workflow.units import stored


def urge(ledger: Ledger, unit: str, *, account: str, why: str) -> str:
    """Writes the unit's contact person why he is asked, and who asks; answers the message's event
    id, the same one for the whole day. Raises InvalidInput for a unit that is not in the list.
    """
    by = checked_name("account", account)
    with ledger.transaction() as posting:
        if unit not in stored(posting.conn).by_code:
            raise InvalidInput("unit", unit, "单位名册里没有这个单位")
        day = instant(posting.now).astimezone(ledger.rulebook.in_force(posting.now).zone).date()
        event = urged_on(unit, day.isoformat())
        body = f"【催报】{why}。请核对评价器和接口，把没有报的补报（{by}）"
        posting.run(POST, POST_ROW, (event, unit, DESK, f"unit:{unit}", body, posting.now))
    return event


def urged_on(unit: str, day: str) -> str:
    """The id under which a unit is urged on a day (`YYYY-MM-DD`)."""
    return f"urge/{unit}/{day}"
