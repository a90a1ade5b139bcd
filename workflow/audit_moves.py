"""核对: which moves the loop allows, written out a second time on purpose, for the auditor."""

from __future__ import annotations

from collections.abc import Mapping

_OPEN = (
    "COLLECTED ANALYSED VERIFYING MALICE_REVIEW ASSIGNING DISPATCHED RECTIFYING RETURNED APPEALED "
    "REVIEWING REEVALUATING RULING"
)
_ANY = f"{_OPEN} DISMISSED CLOSED"
_WORK = "DISPATCHED RECTIFYING RETURNED APPEALED REVIEWING REEVALUATING"
_BESIDE = f"ASSIGNING {_WORK} RULING"
_MOVES = f"""
ReviewCollected: new > COLLECTED
ComplaintAnalysed: COLLECTED > ANALYSED ASSIGNING
VerificationRequested: ANALYSED > VERIFYING
MaliceAlleged: VERIFYING > MALICE_REVIEW
MaliceAlleged: {_WORK} > =
MaliceUpheld: MALICE_REVIEW {_BESIDE} > DISMISSED
MaliceRejected: MALICE_REVIEW > VERIFYING
MaliceRejected: {_BESIDE} > =
ComplaintConfirmed: VERIFYING > ASSIGNING
ComplaintConfirmed: {_WORK} > =
ComplaintDismissed: VERIFYING {_WORK} > DISMISSED
DismissalReversed: DISMISSED > VERIFYING
DepartmentAssigned: ASSIGNING DISPATCHED RECTIFYING RETURNED > DISPATCHED
WorkOrderAcknowledged: DISPATCHED > RECTIFYING
WorkOrderReturned: DISPATCHED RECTIFYING > RETURNED
ReturnAccepted: RETURNED > ASSIGNING
ReturnRefused: RETURNED > RECTIFYING
ExtensionRequested ExtensionGranted ExtensionRefused: RECTIFYING > =
AppealLodged: DISPATCHED RECTIFYING > APPEALED
AppealUpheld: APPEALED > DISMISSED
AppealRejected: APPEALED > RECTIFYING
AssistanceSubmitted ClarificationAsked ClarificationAnswered: DISPATCHED RECTIFYING > =
RectificationSubmitted: RECTIFYING > REVIEWING REEVALUATING
RectificationAccepted: REVIEWING > REEVALUATING
RectificationSentBack: REVIEWING > RECTIFYING
ReevaluationInvited: REEVALUATING > =
ComplaintReevaluated FactChecked: REEVALUATING > CLOSED ASSIGNING RULING
ReevaluationLapsed: REEVALUATING > CLOSED
RulingCalled: {_WORK} > RULING
RulingGiven: RULING > ASSIGNING CLOSED DISMISSED
CitizenObjected: DISMISSED > VERIFYING
CitizenObjected: CLOSED > ASSIGNING
ComplaintClaimed ComplaintReleased: VERIFYING ASSIGNING {_WORK} > =
CallAttempted ContactRequested: VERIFYING {_WORK} > =
ContactSupplied LaterRatingJoined TicketLinked ContactRevealed RetaliationReported: {_ANY} > =
SupervisionOrdered Reminded DeadlineWarned DeadlineMissed DeadlineRecomputed: {_OPEN} > =
"""


def _legal_moves() -> dict[str, set[tuple[str, str]]]:
    legal: dict[str, set[tuple[str, str]]] = {}
    for line in _MOVES.strip().splitlines():
        names, moves = line.split(": ")
        sources, targets = (side.split() for side in moves.split(" > "))
        pairs = {(a, a if b == "=" else b) for a in sources for b in targets}
        for name in names.split():
            legal.setdefault(name, set()).update(pairs)
    return legal


LEGAL_MOVES: Mapping[str, set[tuple[str, str]]] = _legal_moves()
"""By event: every (from, to) that may be; a new complaint comes from `new`."""
