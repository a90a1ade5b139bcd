"""值班: until when the office is open, by its own calendar: then claims are released."""

from __future__ import annotations

from console import wording
from console.wiring import Office
from consumers import ShiftEnds


def shift(office: Office, now: int) -> str:
    """In words, as of now (microseconds UTC)."""
    policy, calendar = office.rulebook.in_force(now), office.rulebook.calendar_at(now)
    today = calendar.spans(calendar.local_date(now))
    ends = wording.local(ShiftEnds(office.rulebook)(now), policy.zone)
    if today and today[0][0] <= now < today[-1][1]:
        return f"值班至{ends:%H:%M}"
    return f"现在不是上班时间，认领到 {ends.month}-{ends.day} {ends:%H:%M}"
