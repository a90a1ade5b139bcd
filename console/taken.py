"""办结果: what a door's step answers: the step, what falls due, and where the complaint stands
now.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple
from zoneinfo import ZoneInfo

from console import wording
from console.sight import UNITS_LIMITS, version_for
from workflow.complaint import Complaint, Open
from workflow.contact import left_by
from workflow.ledger import Recorded
from workflow.phones import number_in
from workflow.storage.rows import as_it_stands

if TYPE_CHECKING:
    from console.wiring import Office

UNITS_PARTY = "departments"


class Taken(NamedTuple):
    """A step, the complaint as it stands now, and after a reveal the number, or what was left in
    its place.
    """

    done: Recorded
    now: Complaint
    zone: ZoneInfo
    phone: str | None
    no_number: str | None

    @property
    def revealed(self) -> bool:
        return self.done.type == "ContactRevealed"


def taken(office: Office, done: Recorded) -> Taken:
    """The step with all that its answer tells."""
    with office.database.read() as conn:
        now = as_it_stands(conn, done.subject)
        revealed = done.type == "ContactRevealed"
        left = left_by(conn, office.vault, done.subject) if revealed else None
    zone = office.rulebook.of(now).policy.zone
    is_number = bool(left and number_in(left))
    return Taken(done, now, zone, left if is_number else None, None if is_number else left)


def limits_for(done: Recorded, party: str) -> Iterator[tuple[str, Open]]:
    """What falls due by this step, as far as this party may know."""
    for name, opened in done.limits.items():
        if party != UNITS_PARTY or name in UNITS_LIMITS:
            yield name, opened


def version_now(now: Complaint, party: str) -> int:
    """What this party's next step expects."""
    return version_for(now, unit=party == UNITS_PARTY)


def taken_json(taken: Taken, party: str) -> dict[str, Any]:
    """The same for a machine; instants as ISO 8601 in the office's zone."""
    done, now = taken.done, taken.now
    shown = {
        "subject": done.subject,
        "event": done.type,
        "version": done.version,  # a unit's own step is one that counts for it
        "state": done.state,
        "repeated": done.repeated,
        "limits": {
            name: wording.iso(opened.due_at, taken.zone) for name, opened in limits_for(done, party)
        },
        "now": {"state": now.state, "version": version_now(now, party)},
    }
    if taken.revealed:
        shown |= {"phone": taken.phone, "no_number": taken.no_number}
    return shown
