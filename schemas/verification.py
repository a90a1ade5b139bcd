"""核实: the hotline asks the citizen, and says what the rating was."""

from typing import Literal

from schemas.codes import CallOutcome, CaseClass, DismissalReason, Verdict
from schemas.envelope import Code, Digest, Fact, Micros


class VerificationRequested(Fact):
    """核实: a hotline ticket was opened, or the profile's other path (事实核查 for an anonymous
    rating).
    """

    type: Literal["VerificationRequested"] = "VerificationRequested"
    path: Literal["call", "fact_check"]


class TicketLinked(Fact):
    """The hotline's own ticket number for this complaint (12345工单号)."""

    type: Literal["TicketLinked"] = "TicketLinked"
    ticket: Code


class ComplaintClaimed(Fact):
    """认领: one operator works on it, so that two never call the same citizen."""

    type: Literal["ComplaintClaimed"] = "ComplaintClaimed"


class ComplaintReleased(Fact):
    """释放: by the claimer, a supervisor, or the clock at the end of the shift."""

    type: Literal["ComplaintReleased"] = "ComplaintReleased"
    reason: Literal["done", "handed_over", "end_of_shift"]


class CallAttempted(Fact):
    """One call to the citizen, with its outcome; `next_call_at` when another was agreed."""

    type: Literal["CallAttempted"] = "CallAttempted"
    outcome: CallOutcome
    next_call_at: Micros | None = None
    recording: str | None = None
    note: Digest | None = None


class ContactRequested(Fact):
    """缺联系方式: the unit's data clerk is asked for a phone, among random others."""

    type: Literal["ContactRequested"] = "ContactRequested"


class ContactSupplied(Fact):
    """补充联系方式: the phone lies in the vault; `found` is False when the clerk has none
    either.
    """

    type: Literal["ContactSupplied"] = "ContactSupplied"
    found: bool
    phone: Digest | None = None


class MaliceAlleged(Fact):
    """报恶意复核: an operator thinks the rating malicious; a second person decides."""

    type: Literal["MaliceAlleged"] = "MaliceAlleged"
    reason: Digest


class MaliceUpheld(Fact):
    """恶意成立: decided by somebody other than who alleged it."""

    type: Literal["MaliceUpheld"] = "MaliceUpheld"
    reason: Digest


class MaliceRejected(Fact):
    """恶意不成立: verification goes on."""

    type: Literal["MaliceRejected"] = "MaliceRejected"
    reason: Digest


class ComplaintConfirmed(Fact):
    """有效: the hotline confirmed the rating and its reason; may name the unit that shall
    answer, and those that assist it. `show_service_number`, `contact_by_unit`: what the citizen
    agreed to; the second is written only where he did.
    """

    type: Literal["ComplaintConfirmed"] = "ComplaintConfirmed"
    by: Literal["call", "fact_check"]
    reason_code: Code
    case_class: CaseClass
    unit: str | None = None
    assisting: tuple[Code, ...] = ()
    show_service_number: bool = False
    contact_by_unit: bool | None = None
    note: Digest | None = None


class ComplaintDismissed(Fact):
    """核实结案: 无效 (误操作, 重复, 超范围), or 无法核实; each counted apart. 恶意 goes by
    MaliceUpheld.
    """

    type: Literal["ComplaintDismissed"] = "ComplaintDismissed"
    verdict: Verdict
    ground: DismissalReason | None = None
    note: Digest


class DismissalReversed(Fact):
    """A supervisor reopened a dismissed complaint."""

    type: Literal["DismissalReversed"] = "DismissalReversed"
    reason: Digest


class ContactRevealed(Fact):
    """显示号码: somebody saw the citizen's number, with a reason."""

    type: Literal["ContactRevealed"] = "ContactRevealed"
    reason: Digest
