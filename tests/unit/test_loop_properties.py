"""Anybody tries anything at any time: the loop and an independent telling of it agree."""

from dataclasses import replace
from datetime import datetime, timedelta
from itertools import product, takewhile
from random import Random

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from independent_fold import TABLE, Step, Told, due, judge, take
from kills import WHOLE
from pydantic_core import to_json

import schemas as s
from schemas.codes import Origin
from schemas.envelope import Role
from workflow.advance import advance
from workflow.clock import micros
from workflow.complaint import Complaint, Event, dump, load
from workflow.errors import Refused
from workflow.legal import legal_steps
from workflow.limits import OWNERS
from workflow.loop import STEPS
from workflow.policy import Policies
from workflow.rulebook import BoundRules, Rulebook
from workflow.states import ENDS, State

START = micros(datetime.fromisoformat("2021-09-16T10:00:00+08:00"))
DIGEST = "0" * 32
RULEBOOK = Rulebook(Policies.load(), "zibo")
NO_REVIEW, PAUSING = "zibo-without-review", "zibo-pausing-otherwise"
OTHERWISE = {
    NO_REVIEW: {"review": False},
    PAUSING: {"appeal_pauses": True, "contact_pauses": False, "max_extensions": 1},
}
PROFILES = ("zibo", "jiangsu", "shanghai", "beijing", "zhejiang", "linwu", *OTHERWISE)
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
VERDICTS = ("invalid", "malicious", "unverifiable")
GROUNDS = (None, "misoperation", "duplicate", "out_of_scope")
VALUES = {
    "ComplaintAnalysed": {
        "rules_version": ("1",),
        "category": ("其他",),
        "severity": (1,),
        "misoperation": ("low",),
    },
    "VerificationRequested": {"path": ("call",)},
    "TicketLinked": {"ticket": ("T1",)},
    "ComplaintReleased": {"reason": ("done",)},
    "CallAttempted": {"outcome": ("answered", "no_answer", "busy")},
    "ContactSupplied": {"found": (True, False)},
    "ComplaintConfirmed": {
        "by": ("call", "fact_check"),
        "reason_code": ("115",),
        "case_class": ("clear", "complex"),
    },
    "ComplaintDismissed": {"verdict": VERDICTS, "ground": GROUNDS},
    "DepartmentAssigned": {
        "order": ("GD21-1-1",),
        "unit": UNITS,
        "assisting": ((), ("U3",)),
        "rule": ("handler",),
    },
    "ReturnAccepted": {"unit": (None, "U1", "U2")},
    "ExtensionRequested": {"working_days": (1, 2, 5, 10, 11)},
    "ExtensionGranted": {"working_days": (1, 2, 5, 10, 11)},
    "AppealUpheld": {"verdict": VERDICTS, "ground": GROUNDS},
    "RectificationSubmitted": {"kind": ("rectified", "explained")},
    "ReevaluationInvited": {"channel": ("call", "message", "link")},
    "ComplaintReevaluated": {"level": (1, 2, 3, 4, 5), "by": ("call",)},
    "FactChecked": {"rectified": (True, False)},
    "SupervisionOrdered": {"ground": ("manual",)},
    "RulingCalled": {"ground": ("manual",)},
    "RulingGiven": {
        "decision": ("reassign", "close_unresolved", "dismiss"),
        "verdict": VERDICTS,
        "ground": GROUNDS,
    },
    "LaterRatingJoined": {
        "source": ("bihuan",),
        "project_no": ("P",),
        "service_number": ("1",),
        "assess_number": ("2",),
        "level": (1, 2, 3, 4, 5),
        "assessed_at": (START,),
        "received_at": (START,),
    },
    "DeadlineWarned": {"card": ("red",), "due_at": (START,)},
    "DeadlineMissed": {"due_at": (START,)},
    "DeadlineRecomputed": {"from_due_at": (START,), "calendar": ("c",)},
}
AGREE = (
    "state version round orders returns calls claimer verifier verdict ground outcome unit "
    "assisting appealed objected ended_at"
)


class AnybodyAnything(RuleBasedStateMachine):
    """One complaint of a drawn profile, and everybody who may or may not touch it."""

    @initialize(profile=st.sampled_from(PROFILES), real_name=st.booleans(), has_phone=st.booleans())
    def collected(self, profile, real_name, has_phone):
        self.policy = RULEBOOK.policies.versions(profile.partition("-")[0])[0]
        self.policy = replace(self.policy, **OTHERWISE.get(profile, {}))
        self.rules = BoundRules(self.policy, self.policy.calendar)
        self.now = START
        fact = s.ReviewCollected(
            source="bihuan", project_no="P", service_number="1", assess_number="1",
            profile=self.policy.name, profile_version=self.policy.version, level=1,
            origin=Origin.ONSITE_ACTIVE, assessed_at=START, received_at=START, unit="U1",
            real_name=real_name, has_phone=has_phone,
        )  # fmt: skip
        event = Event("ReviewCollected", fact, "platform", Role.PLATFORM, START)
        self.complaint, changes = advance(None, "CP21-0001", event, self.rules)
        self.told = Told(self._rules(), "U1", real_name and has_phone, has_phone)
        self.told.stamps = _stamps(changes)
        self.recorded(event)

    def recorded(self, event):
        """For those who keep what a walk did."""

    def _rules(self):
        policy = self.policy
        names = (
            "verify_first review returns_allowed max_returns max_rounds max_extensions "
            "contact_pauses appeal_pauses"
        )
        return {name: getattr(policy, name) for name in names.split()} | {
            "min_calls": policy.min_calls,
            "call_spacing": policy.call_spacing // timedelta(microseconds=1),
            "extension_max": policy.extension_max.amount,
            "channels": policy.reevaluation_channels,
            "scale": policy.scale,
        }

    @rule(seed=st.integers(0, 2**32), steps=st.integers(1, 8))
    def the_loop_goes_on(self, seed, steps):
        """Right steps that lead somewhere, so that late states are reached too."""
        chance = Random(seed)
        for _ in range(steps):
            self.now += chance.choice(PASSED[:6]) * 1_000_000
            self._go_on(chance)

    def _go_on(self, chance):
        kinds = list(LEADING[self.told.state])
        while kinds:
            kind = chance.choices(kinds, [OFTEN.get(kind, 1) for kind in kinds])[0]
            steps = map(self._now, LEADING[self.told.state][kind])
            right = [step for step in steps if judge(self.told, step) is not None]
            if right:
                self._attempt(chance.choice(right))
                return
            kinds.remove(kind)

    def _now(self, template):
        values = dict(template.data)
        if template.kind.startswith("Deadline"):
            values["generation"] = self.told.stamps.get(values["limit"], (0, 1))[1]
        return replace(template, at=self.now, data=values)

    @rule(data=st.data(), passed=st.sampled_from(PASSED))
    def somebody_does_what_the_state_knows(self, data, passed):
        self.now += passed * 1_000_000
        self._attempt(self._now(data.draw(st.sampled_from(TEMPLATES[self.told.state]))))

    @rule(
        template=st.deferred(lambda: st.sampled_from(EVERY)),
        role=st.sampled_from(sorted(Role)),
        passed=st.sampled_from(PASSED),
        generation=st.sampled_from((1, 9)),
    )
    def anybody_does_anything(self, template, role, passed, generation):
        self.now += passed * 1_000_000
        step = replace(self._now(template), role=str(role))
        if "generation" in step.data:
            step.data["generation"] = generation
        self._attempt(step)

    @rule(data=st.data(), passed=st.sampled_from(PASSED))
    def everybody_is_told_what_he_may_do_and_nothing_else(self, data, passed):
        """A step is named where something can be filled in that is taken, and only there."""
        self.now += passed * 1_000_000
        role, actor, unit = data.draw(st.sampled_from(WHO))
        named = legal_steps(self.complaint, Role(role), actor, self.now, self.rules.policy, unit)
        taken = {
            template.kind
            for template in TEMPLATES[self.told.state]
            if (template.role, template.actor, template.unit) == (role, actor, unit)
            and judge(self.told, self._now(template)) is not None
        }
        assert set(named) == taken
        assert len(named) == len(taken)

    def _attempt(self, step):
        fact = s.BY_TYPE[step.kind].model_validate_json(to_json(step.data))
        event = Event(step.kind, fact, step.actor, Role(step.role), step.at, step.unit)
        expected, before = judge(self.told, step), dump(self.complaint)
        if expected is None:
            with pytest.raises(Refused):
                advance(self.complaint, "CP21-0001", event, self.rules)
            assert dump(self.complaint) == before
            return
        after, changes = advance(self.complaint, "CP21-0001", event, self.rules)
        assert expected == after.state, f"{self.told.state} + {step}"
        take(self.told, step, _stamps(changes))
        assert dump(self.complaint) == before, "advance changed what it was given"
        self.complaint = load(dump(after))
        assert self.complaint == after
        self.recorded(event)

    @invariant()
    def they_agree(self):
        for name in AGREE.split():
            assert getattr(self.complaint, name) == getattr(self.told, name), name
        assert self.complaint.extension_days == self.told.extended
        assert self.complaint.paused.keys() == self.told.paused

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


def _stamps(changes):
    return {name: (o.due_at, o.generation) for name, o in changes.opened.items()}


def _templates(kind):
    """Every actor of every role with every combination of values; the time is filled in later."""
    values = dict(VALUES.get(kind, {}))
    if kind.startswith("Deadline"):
        values |= {"limit": LIMIT_NAMES, "generation": (1,)}
    words = [n for n in s.BY_TYPE[kind].model_fields if n in TEXTS and n not in values]
    for role in TABLE[kind][0]:
        units = UNITS if role in ("department", "clerk") else (None,)
        for actor, unit, *drawn in product(PEOPLE.get(role, (role,)), units, *values.values()):
            said = {n: v for n, v in zip(values, drawn, strict=True) if v is not None}
            yield Step(kind, role, actor, 0, said | dict.fromkeys(words, DIGEST), unit)
            if "legal_basis" in words and kind == "RectificationSubmitted":
                without = dict.fromkeys(set(words) - {"legal_basis"}, DIGEST)
                yield Step(kind, role, actor, 0, said | without, unit)


OFTEN = {
    "ComplaintConfirmed": 3, "CallAttempted": 9, "WorkOrderAcknowledged": 8,
    "RectificationSubmitted": 10, "RectificationAccepted": 9, "ComplaintReevaluated": 3,
    "ReevaluationLapsed": 40, "FactChecked": 3, "ExtensionRequested": 4, "ExtensionGranted": 9,
}  # fmt: skip
EVERY = [template for kind in TABLE for template in _templates(kind)]
TEMPLATES = {
    str(state): [template for template in EVERY if state in TABLE[template.kind][1]]
    for state in State
}

WHO = sorted({(t.role, t.actor, t.unit) for t in EVERY}, key=str) + [
    (str(role), "x", None) for role in (Role.ADMINISTRATOR, Role.AUDITOR, Role.IT)
]
NARROW = {
    (row.event, source, role)
    for row in STEPS
    if len(row.sources) < 10
    for source in row.sources
    for role in row.roles
}
LEADING = {
    state: {
        kind: [t for t in templates if t.kind == kind and (kind, state, t.role) in NARROW]
        for kind in sorted({t.kind for t in templates if (t.kind, state, t.role) in NARROW})
    }
    for state, templates in TEMPLATES.items()
}
"""By state and event, without what may happen anywhere."""

AnybodyAnything.TestCase.settings = settings(
    max_examples=150 if WHOLE else 50,
    stateful_step_count=50,
    deadline=None,
    derandomize=True,
    suppress_health_check=list(HealthCheck),
)
TestAnybodyAnything = AnybodyAnything.TestCase


class Drawn(AnybodyAnything):
    """A walk drawn to what is `left`: triples of event, state before and state after."""

    def __init__(self, left):
        super().__init__()
        self.left = left

    def _go_on(self, chance):
        kinds = sorted({kind for kind, source, _ in self.left if source == self.told.state})
        steps = [self._now(t) for kind in kinds for t in LEADING[self.told.state][kind]]
        new = [s for s in steps if (s.kind, self.told.state, judge(self.told, s)) in self.left]
        if new and chance.random() < 0.7:
            self._attempt(chance.choice(new))
        else:
            super()._go_on(chance)

    def _attempt(self, step):
        before = self.told.state
        super()._attempt(step)
        self.left.discard((step.kind, before, self.told.state))


def test_walks_reach_every_state_by_every_step_of_the_table():
    """The same machine on long walks, drawn to what nobody has done yet: no row of the table is
    left that nobody ever took.
    """
    rows = {
        (row.event, source, row.to or source)
        for row in STEPS
        if row.sources and len(row.sources) < 10
        for source in row.sources
    }
    left = set(rows)

    class Checked(Drawn):
        def _attempt(self, step):
            super()._attempt(step)
            self.they_agree()
            self.the_right_limits_run()

    profiles = (*PROFILES, "jiangsu", "jiangsu", "jiangsu")
    for seed in takewhile(lambda _: left, range(500)):
        walk = Checked(left)
        chance = Random(seed)
        walk.collected(profiles[seed % len(profiles)], chance.random() < 0.7, chance.random() < 0.7)
        walk.the_loop_goes_on(seed, 40)
    assert sorted(left) == []


def test_a_complaint_is_its_row_written_and_read_again():
    complaint = Complaint("CP21-0001")
    assert load(dump(complaint)) == complaint
