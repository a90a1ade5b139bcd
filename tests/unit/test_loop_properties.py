"""Anybody tries anything at any time: the loop and an independent telling of it agree."""

from datetime import datetime, timedelta

import pytest
from hypothesis import HealthCheck, note, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from independent_fold import TABLE, Step, Told, due, judge, take
from pydantic_core import to_json

import schemas as s
from schemas.codes import Origin
from schemas.envelope import Role
from workflow.advance import advance, legal_steps
from workflow.clock import micros
from workflow.complaint import Complaint, Event, dump, load
from workflow.errors import Refused
from workflow.limits import OWNERS
from workflow.policy import Policies
from workflow.rulebook import Rulebook
from workflow.states import ENDS, State

START = micros(datetime.fromisoformat("2021-09-16T10:00:00+08:00"))
DIGEST = "0" * 32
RULEBOOK = Rulebook(Policies.load(), "zibo")
PROFILES = ("zibo", "jiangsu", "shanghai", "beijing", "zhejiang", "linwu")
PEOPLE = {
    "operator": ("op1", "op2", "op3"),
    "reviewer": ("op1", "rev1"),
    "supervisor": ("sup1", "op2"),
    "department": ("dep1",),
    "clerk": ("clerk1",),
}
UNITS = ("U1", "U2", "U3")
LIMIT_NAMES = ("verify", "assign", "acknowledge", "rectify", "review", "reevaluate", "total", "x")
PASSED = (0, 1, 3_600, 4_000, 86_400, 3 * 86_400, 9 * 86_400, 40 * 86_400)
TEXTS = {
    "reason", "legal_basis", "note", "facts", "cause", "measures", "reply", "signed_by",
    "question", "answer", "words",
}  # fmt: skip
verdicts = st.sampled_from(("invalid", "malicious", "unverifiable"))
grounds = st.sampled_from((None, "misoperation", "duplicate", "out_of_scope"))
VALUES = {
    "ComplaintAnalysed": {
        "rules_version": st.just("1"),
        "category": st.just("其他"),
        "severity": st.just(1),
        "misoperation": st.just("low"),
    },
    "VerificationRequested": {"path": st.just("call")},
    "TicketLinked": {"ticket": st.just("T1")},
    "ComplaintReleased": {"reason": st.just("done")},
    "CallAttempted": {"outcome": st.sampled_from(("answered", "no_answer", "busy"))},
    "ContactSupplied": {"found": st.booleans()},
    "ComplaintConfirmed": {
        "by": st.sampled_from(("call", "fact_check")),
        "reason_code": st.just("115"),
        "case_class": st.sampled_from(("clear", "complex")),
    },
    "ComplaintDismissed": {"verdict": verdicts, "ground": grounds},
    "DepartmentAssigned": {
        "order": st.just("GD21-1-1"),
        "unit": st.sampled_from(UNITS),
        "assisting": st.sampled_from(((), ("U3",))),
        "rule": st.just("handler"),
    },
    "ReturnAccepted": {"unit": st.sampled_from((None, "U2"))},
    "ExtensionRequested": {"working_days": st.integers(1, 12)},
    "ExtensionGranted": {"working_days": st.integers(1, 12)},
    "AppealUpheld": {"verdict": verdicts, "ground": grounds},
    "RectificationSubmitted": {"kind": st.sampled_from(("rectified", "explained"))},
    "ReevaluationInvited": {"channel": st.sampled_from(("call", "message", "link"))},
    "ComplaintReevaluated": {"level": st.integers(1, 5), "by": st.just("call")},
    "FactChecked": {"rectified": st.booleans()},
    "SupervisionOrdered": {"ground": st.just("manual")},
    "RulingCalled": {"ground": st.just("manual")},
    "RulingGiven": {
        "decision": st.sampled_from(("reassign", "close_unresolved", "dismiss")),
        "verdict": verdicts,
        "ground": grounds,
    },
    "LaterRatingJoined": {
        "source": st.just("bihuan"),
        "project_no": st.just("P"),
        "service_number": st.just("1"),
        "assess_number": st.just("2"),
        "level": st.integers(1, 5),
        "assessed_at": st.just(START),
        "received_at": st.just(START),
    },
    "DeadlineWarned": {"card": st.just("red"), "due_at": st.just(START)},
    "DeadlineMissed": {"due_at": st.just(START)},
    "DeadlineRecomputed": {"from_due_at": st.just(START), "calendar": st.just("c")},
}
AGREE = (
    "state version round orders returns calls claimer verifier verdict ground outcome unit "
    "assisting appealed objected ended_at"
)


class AnybodyAnything(RuleBasedStateMachine):
    """One complaint of a drawn profile, and everybody who may or may not touch it."""

    @initialize(profile=st.sampled_from(PROFILES), real_name=st.booleans(), has_phone=st.booleans())
    def collected(self, profile, real_name, has_phone):
        self.policy = RULEBOOK.policies.versions(profile)[0]
        self.rules = RULEBOOK.bound(profile, self.policy.version)
        self.now = START
        fact = s.ReviewCollected(
            source="bihuan", project_no="P", service_number="1", assess_number="1",
            profile=profile, profile_version=self.policy.version, level=1,
            origin=Origin.ONSITE_ACTIVE, assessed_at=START, received_at=START, unit="U1",
            real_name=real_name, has_phone=has_phone,
        )  # fmt: skip
        event = Event("ReviewCollected", fact, "platform", Role.PLATFORM, START)
        self.complaint, changes = advance(None, "CP21-0001", event, self.rules)
        self.told = Told(self._rules(), "U1", real_name and has_phone, has_phone)
        self.told.stamps = _stamps(changes)

    def _rules(self):
        policy = self.policy
        names = ("verify_first", "review", "returns_allowed", "max_returns", "max_rounds")
        return {name: getattr(policy, name) for name in names} | {
            "min_calls": policy.min_calls,
            "call_spacing": policy.call_spacing // timedelta(microseconds=1),
            "extension_max": policy.extension_max.amount,
            "channels": policy.reevaluation_channels,
            "scale": policy.scale,
        }

    @rule(data=st.data(), passed=st.sampled_from(PASSED))
    def somebody_does_what_the_state_knows(self, data, passed):
        kinds = sorted(k for k, (_, where) in TABLE.items() if self.told.state in where)
        kind = data.draw(st.sampled_from(kinds), label="kind")
        role = data.draw(st.sampled_from(TABLE[kind][0]), label="role")
        self._attempt(data, kind, role, passed)

    @rule(data=st.data(), passed=st.sampled_from(PASSED[:3]))
    def the_loop_goes_on(self, data, passed):
        """The steps that lead somewhere, so that late states are reached too."""
        kinds = sorted(
            kind
            for kind, (_, where) in TABLE.items()
            if self.told.state in where and kind in FORWARD
        )
        if kinds:
            kind = data.draw(st.sampled_from(kinds), label="kind")
            self._attempt(data, kind, TABLE[kind][0][0], passed)

    @rule(
        data=st.data(),
        kind=st.sampled_from(sorted(TABLE)),
        role=st.sampled_from(sorted(Role)),
        passed=st.sampled_from(PASSED),
    )
    def anybody_does_anything(self, data, kind, role, passed):
        self._attempt(data, kind, str(role), passed)

    def _attempt(self, data, kind, role, passed):
        self.now += passed * 1_000_000
        step = self._drawn(data, kind, role)
        fact = _fact(kind, step.data)
        event = Event(kind, fact, step.actor, Role(role), step.at, step.unit)
        expected, before = judge(self.told, step), dump(self.complaint)
        note(f"{self.told.state} + {kind} by {role} {step.actor} {step.unit} → {expected}")
        if expected is None:
            with pytest.raises(Refused):
                advance(self.complaint, "CP21-0001", event, self.rules)
            assert dump(self.complaint) == before
            return
        after, changes = advance(self.complaint, "CP21-0001", event, self.rules)
        assert expected == after.state
        assert kind in legal_steps(self.complaint, Role(role))
        take(self.told, step, _stamps(changes))
        assert dump(self.complaint) == before, "advance changed what it was given"
        self.complaint = load(dump(after))
        assert self.complaint == after

    def _drawn(self, data, kind, role):
        actor = data.draw(st.sampled_from(PEOPLE.get(role, (role,))), label="actor")
        values = {name: data.draw(v, label=name) for name, v in VALUES.get(kind, {}).items()}
        if kind.startswith("Deadline"):
            name = data.draw(st.sampled_from(LIMIT_NAMES), label="limit")
            right = self.told.stamps.get(name, (0, 1))[1]
            values |= {"limit": name, "generation": data.draw(st.sampled_from((right, 9)))}
        free = {n for n in s.BY_TYPE[kind].model_fields if n in TEXTS and n not in values}
        if kind == "RectificationSubmitted" and not data.draw(st.booleans(), label="legal basis"):
            free.discard("legal_basis")
        values = {n: v for n, v in values.items() if v is not None} | dict.fromkeys(free, DIGEST)
        mostly = (self.told.unit or "U1",) * 3 + UNITS
        unit = data.draw(st.sampled_from(mostly), label="unit") if role in WITH_UNIT else None
        return Step(kind, role, actor, self.now, values, unit)

    @invariant()
    def they_agree(self):
        for name in AGREE.split():
            assert getattr(self.complaint, name) == getattr(self.told, name), name
        assert self.complaint.extension_days == self.told.extended

    @invariant()
    def the_right_limits_run(self):
        has = {name for name in due(self.told) if name in self.policy.limits}
        asking = {"return_window", "appeal_window"}
        windows = asking if self.told.ended_at is None else asking | {"objection_window"}
        running = {n for n in self.complaint.limits if not n.endswith("_window") or n in windows}
        assert running - asking == has

    @invariant()
    def whoever_answers_for_an_open_state_is_pressed_by_its_limit(self):
        state = State(self.complaint.state)
        if state in ENDS:
            return
        _, limit = OWNERS[state]
        assert limit in self.complaint.limits
        assert "total" in self.complaint.limits


WITH_UNIT = ("department", "clerk")
FORWARD = {
    "ComplaintAnalysed", "VerificationRequested", "CallAttempted", "ComplaintConfirmed",
    "DepartmentAssigned", "WorkOrderAcknowledged", "RectificationSubmitted",
    "RectificationAccepted", "ComplaintReevaluated", "RulingGiven", "AppealLodged",
    "WorkOrderReturned", "ReturnAccepted", "ExtensionRequested", "CitizenObjected",
}  # fmt: skip


def _stamps(changes):
    return {name: (o.due_at, o.generation) for name, o in changes.opened.items()}


def _fact(kind, values):
    return s.BY_TYPE[kind].model_validate_json(to_json(values))


AnybodyAnything.TestCase.settings = settings(
    max_examples=120,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestAnybodyAnything = AnybodyAnything.TestCase


def test_a_complaint_is_its_row_written_and_read_again():
    complaint = Complaint("CP21-0001")
    assert load(dump(complaint)) == complaint
