"""演示：the simulated operators of the hotline: verify, read feedback, call back."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final

from console.demo.actors import Case
from console.demo.fates import Kind
from console.demo.looking import Sight, look
from producers import hotline
from schemas.codes import CallOutcome
from schemas.envelope import Role
from workflow.states import State

if TYPE_CHECKING:
    from console.wiring import Office

OPERATORS: Final = ("话务员甲", "话务员丁")
_SILENCE: Final = (CallOutcome.NO_ANSWER, CallOutcome.BUSY, CallOutcome.POWERED_OFF)
_SAID: Final = {
    Kind.MISOPERATION: "电话中群众说是点错了，对办理没有意见。",
    Kind.DUPLICATE: "与 {original} 是同一人反映的同一件事，并入前件办理。",
    Kind.OUT_OF_SCOPE: "所说不属政务服务事项，已告知反映的途径。",
}
_NOBODY_TO_ASK: Final = "没有可拨的号码；查叫号和办件记录，当场办结、没有争议，按误操作。"
_MOVED: Final = "该事项已划转，另行指派。"
_MALICE: Final = "通话中承认没有办过这件事，以差评要挟插队。"
_SILENT: Final = "三次拨打都没有接通，无法核实。"


class Operator:
    """12345 话务员: one of several; keeps a complaint in hand until it is said what it was."""

    def __init__(self, office: Office, account: str, spend: Callable[[int], None]) -> None:
        """`spend` lets minutes pass: a call takes its time."""
        self._office, self._ledger, self._spend = office, office.ledger, spend
        self._who: dict[str, Any] = {"account": account}
        self._account = account

    def when(self, case: Case) -> int:
        """Soon after it came in; a silent phone is rung again after an hour, for a call-back
        another day.
        """
        if case.state is State.VERIFYING:
            return case.minutes_later(61, 95) if case.again else case.minutes_later(12, 40)
        if case.state is State.REEVALUATING and case.again:
            return case.on_working_day(case.at, 1)
        if case.state is State.REEVALUATING and case.fate.stage == State.RULING:
            return case.on_working_day(case.at, 3)
        return case.minutes_later(30, 150)

    def act(self, case: Case) -> None:
        sight = look(self._office, case.subject, self._account, Role.OPERATOR)
        if case.state is State.REVIEWING:
            hotline.accept_feedback(self._ledger, case.subject, **self._who)
            return
        if case.state is State.RETURNED:
            hotline.accept_return(self._ledger, case.subject, note=_MOVED, **self._who)
            return
        if sight.head("认领") != self._account:
            hotline.claim(self._ledger, case.subject, **self._who)
        if case.state is State.REEVALUATING:
            self._call_back(case, sight)
        else:
            self._verify(case, sight)

    def _verify(self, case: Case, sight: Sight) -> None:
        if sight.can_be_called:
            tried = sight.calls_since("VerificationRequested")
            if self._answers(case, tried, case.fate.stage != State.REEVALUATING):
                self._conclude(case, sight)
            elif tried + 1 == case.fate.unanswered and case.fate.kind is Kind.UNVERIFIABLE:
                self._dismiss(case, "unverifiable", None, _SILENT)
        elif sight.named and not sight.happened("ContactRequested"):
            hotline.request_contact(self._ledger, case.subject, **self._who)
        else:
            self._dismiss(case, "invalid", "misoperation", _NOBODY_TO_ASK)

    def _conclude(self, case: Case, sight: Sight) -> None:
        kind = case.fate.kind
        if kind is Kind.VALID:
            hotline.confirm(
                self._ledger,
                case.subject,
                reason_code=sight.reason_code,
                case_class="complex" if case.fate.days > 3 else "clear",
                **self._who,
            )
        elif kind is Kind.MALICIOUS:
            hotline.allege_malice(self._ledger, case.subject, reason=_MALICE, **self._who)
        else:
            self._dismiss(case, "invalid", kind.value, _SAID[kind].format(original=case.original))

    def _dismiss(self, case: Case, verdict: str, ground: str | None, note: str) -> None:
        hotline.dismiss(
            self._ledger, case.subject, verdict=verdict, ground=ground, note=note, **self._who
        )

    def _call_back(self, case: Case, sight: Sight) -> None:
        tried = sight.calls_since("RectificationAccepted")
        if not self._answers(case, tried, case.fate.stage == State.REEVALUATING):
            return
        level = case.fate.levels[case.round - 1]
        hotline.reevaluate(
            self._ledger,
            case.subject,
            level=level,
            contacted=True,
            solved=level >= 3,
            **self._who,
        )

    def _answers(self, case: Case, tried: int, silent_here: bool) -> bool:
        """Rings the citizen; `silent_here`: it is on these calls that the script stays silent."""
        answers = not silent_here or tried >= case.fate.unanswered
        silence = case.rng(f"ring {tried}").choice(_SILENCE)
        outcome = CallOutcome.ANSWERED if answers else silence
        self._spend(1)
        hotline.call(self._ledger, case.subject, outcome=outcome, **self._who)
        self._spend(case.rng("call").randint(2, 6) if answers else 0)
        return answers
