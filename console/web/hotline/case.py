"""差评件: everything its page shows, read at once; who looked is recorded."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

from console.entries import Entry, Timeline
from console.foreseen import extended
from console.people import names_of
from console.remaining import Left, left_of
from console.timeline import View, viewing
from console.web.hotline.choices import Choices
from console.web.hotline.hints import Hint, hints
from console.web.hotline.masked import masked, surname
from console.web.hotline.panel import Panel, panel
from console.web.hotline.preview import Preview, Wanted, preview
from console.web.hotline.sheet import Sheets, sheets
from console.web.hotline.shift import shift
from console.web.hotline.stages import Stage, stages
from console.wiring import Office
from console.wording import LIMIT_NAMES, role_name
from schemas.envelope import Role
from workflow.complaint import Complaint, Event
from workflow.door import INSIDERS
from workflow.ledger import Actor
from workflow.legal import UNSAID, legal_steps
from workflow.limits import OWNERS
from workflow.loop import ALLEGING
from workflow.phones import number_in
from workflow.rulebook import BoundRules
from workflow.states import ENDS, FROM_DISPATCH, State
from workflow.storage.desk import Attachment, files_of


@dataclass(frozen=True, slots=True)
class Case:
    """One complaint for one viewer. `phone` is masked, stars alone where what was left is no
    number, empty where nothing was or the viewer may not call; `rater` the same of the name;
    `barred` says why another has the verdict that is still to come, empty where nobody else has;
    `ticked` is the reason the citizen ticked first; `names` are people's by their accounts.
    """

    c: Complaint
    rules: BoundRules
    line: Timeline
    left: Left | None
    limit: str | None
    stages: tuple[Stage, ...]
    panel: Panel
    barred: str
    phone: str
    rater: str
    ticked: str
    hints: tuple[Hint, ...]
    sheets: Sheets
    names: Mapping[str, str]
    choices: Choices
    preview: Preview | None
    shift: str
    files: tuple[Attachment, ...]

    @property
    def calls(self) -> tuple[Entry, ...]:
        """The calls made, first to last."""
        return tuple(entry for entry in self.line.entries if entry.type == "CallAttempted")

    def files_with(self, entry: Entry) -> tuple[Attachment, ...]:
        """What went first with this feedback."""
        return tuple(file for file in self.files if file.version == entry.version)

    @property
    def files_now(self) -> tuple[Attachment, ...]:
        """What has gone with the feedback of the order that is under way, sent back or not."""
        return tuple(file for file in self.files if file.order_no == self.c.order)

    @property
    def extended(self) -> tuple[tuple[int, int], ...]:
        """The due time (microseconds UTC) for each number of days that may be granted."""
        return extended(self.rules, self.c)

    @property
    def head(self) -> Mapping[str, str]:
        """What the complaint is about, by its words."""
        return dict(self.line.head)

    @property
    def limit_name(self) -> str:
        return LIMIT_NAMES.get(self.limit or "", "")

    @property
    def claim_first(self) -> bool:
        """Whether claiming it is what stands between the viewer and the number."""
        offers = self.panel.offers
        free = self.c.claimer is None and offers("ComplaintClaimed")
        return free and not offers("ContactRevealed")

    @property
    def waiting(self) -> str:
        """Who is awaited, where the viewer has nothing to do."""
        if self.c.state in ENDS:
            return "这件已经办结。"
        owner, claimer = OWNERS[State(self.c.state)][0], self.c.claimer
        whose = self.name(claimer) if claimer and owner is Role.OPERATOR else role_name(owner)
        return f"现在等{whose}办理，您没有要办的步骤。"

    def last(self, event: str) -> Entry | None:
        """The last step of this kind."""
        found = (entry for entry in reversed(self.line.entries) if entry.type == event)
        return next(found, None)

    def name(self, account: str) -> str:
        return self.names.get(account, account)


def case_of(office: Office, number: str, viewer: Actor, wanted: Wanted | None = None) -> Case:
    """As it is, and would be by what is chosen so far. Raises UnknownComplaint, NotPermitted."""
    now = office.clock()
    with viewing(office, number, viewer) as view:
        c, conn, line = view.complaint, view.conn, view.timeline()
        rules = office.rulebook.of(c)
        limit = None if c.state in ENDS else OWNERS[State(c.state)][1]
        left = left_of(rules, c, limit, now)
        legal = legal_steps(c, viewer.role, viewer.name, now, rules.policy, viewer.unit)
        return Case(
            c,
            rules,
            line,
            left,
            limit,
            stages(c.state, left.text if left else "", verified=c.verdict is not None),
            panel(legal, c.state),
            _barred(c, viewer, now, rules),
            _phone(view),
            _rater(view),
            next(iter(view.records[0].fact.reasons), ""),
            hints(view, rules),
            sheets(view, line, wanted),
            _names(conn, line, c),
            Choices(c, rules, view.units, bool(office.channels()), view.handler),
            preview(office, conn, c, wanted or Wanted(), now)
            if "ComplaintConfirmed" in legal
            else None,
            shift(office, now),
            _files(office, conn, c),
        )


def _files(office: Office, conn: Connection, c: Complaint) -> tuple[Attachment, ...]:
    """What has gone with the units' feedback, of every round."""
    found = files_of(conn, office.vault, c.id)
    return tuple(file for file in found if file.version is not None)


def _barred(c: Complaint, viewer: Actor, now: int, rules: BoundRules) -> str:
    wanted = c.verdict is None and c.state in (State.VERIFYING, *FROM_DISPATCH)
    if viewer.role is not Role.OPERATOR or not wanted:
        return ""
    event = Event("ComplaintConfirmed", UNSAID, viewer.name, viewer.role, now)
    return next((said for need in ALLEGING if (said := need(c, event, rules.policy))), "")


def _phone(view: View) -> str:
    if view.viewer.role not in INSIDERS:
        return ""
    left = view.citizen.left
    return masked(number_in(left)) if left or view.complaint.has_phone else ""


def _rater(view: View) -> str:
    if view.viewer.role not in INSIDERS:
        return ""
    return surname(view.citizen.name)


def _names(conn: Connection, line: Timeline, c: Complaint) -> Mapping[str, str]:
    known = {None, *(entry.who for entry in line.entries)}
    known |= {c.claimer, c.verifier, c.alleger, c.barred}
    return names_of(conn, known)
