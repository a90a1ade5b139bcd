"""What a release has stored can be read for ever: its history is replayed by today's program."""

import json
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import MetaData, create_engine, select

from consumers.metrics import Metrics
from schemas.envelope import Role
from workflow import audit_folds
from workflow.advance import advance
from workflow.audit_facts import facts_of
from workflow.audit_rules import pinned_rules
from workflow.complaint import Event, load
from workflow.loop import STEPS
from workflow.policy import Policies
from workflow.record import record_of
from workflow.rulebook import Rulebook
from workflow.storage.log import COLUMNS, GENESIS, link
from workflow.storage.models import complaint_facts, order_facts
from workflow.storage.vault import Keys

GOLDEN = sorted((Path(__file__).parents[1] / "golden").glob("*.jsonl"))
RULEBOOK = Rulebook(Policies.load(), "zibo")


class History:
    """One release's file."""

    def __init__(self, path):
        head, *lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
        self.fields, self.keys = head["fields"], Keys.derive(bytes.fromhex(head["key"]))
        self.rows = {}
        for line in lines:
            ((table, row),) = line.items()
            self.rows.setdefault(table, []).append(SimpleNamespace(**row))
        self.lives = {}
        for row in sorted(self.rows["events"], key=lambda row: (row.subject, row.version)):
            self.lives.setdefault(row.subject, []).append(row)


@pytest.fixture(scope="module", params=GOLDEN, ids=lambda path: path.stem)
def history(request):
    return History(request.param)


def test_there_is_one_and_it_goes_everywhere(history):
    reached = {(row.type, row.state) for row in history.rows["events"]}
    assert {row.type for row in history.rows["events"]} >= {
        step.event for step in STEPS if len(step.sources) < 10
    }
    assert len(reached) > 70


@pytest.mark.guarantee("G8")
def test_its_chains_still_hold(history):
    heads = {}
    for row in sorted(history.rows["events"], key=lambda row: (row.lane, row.pos)):
        stored = [getattr(row, name) for name in COLUMNS]
        before = heads.get(row.lane, GENESIS)
        heads[row.lane] = link(history.keys.chain, before, stored)
        assert heads[row.lane].hex() == row.hash, row


def test_its_events_are_read_and_would_be_written_the_same(history):
    for row in history.rows["events"]:
        fact = record_of(row).fact
        assert fact.model_dump_json(exclude={"type"}, exclude_none=True) == row.data


def test_folded_again_its_complaints_come_to_the_same(history):
    stored = {row.id: load(row.fold) for row in history.rows["complaints"]}
    for subject, life in history.lives.items():
        complaint = None
        for row in life:
            event = Event(
                row.type,
                record_of(row).fact,
                row.actor,
                Role(row.role),
                row.occurred_at,
                row.unit,
                row.cause,
            )
            rules = RULEBOOK.rules_for(complaint, event.fact)
            complaint, changes = advance(complaint, subject, event, rules)
            assert complaint.state == row.state, row
            assert unlabelled(changes) == unlabelled(record_of(row).limits), row
        for name in set(history.fields) - {"limits", "met_rectify"}:
            assert getattr(complaint, name) == getattr(stored[subject], name), (subject, name)
        assert complaint.limits.keys() == stored[subject].limits.keys()


def unlabelled(changes):
    """Limits without the calendar's label: days off of later years may have come to it."""
    opened = {name: limit._replace(calendar="") for name, limit in changes.opened.items()}
    return opened, list(changes.met), list(changes.cancelled), list(changes.paused)


def test_the_auditor_agrees(history):
    stored = {row.id: json.loads(row.fold) for row in history.rows["complaints"]}
    facts = {row.subject: vars(row) for row in history.rows["complaint_facts"]}
    orders = {(row.subject, row.number): vars(row) for row in history.rows["order_facts"]}
    rules, counted = pinned_rules(), {}
    for subject, life in history.lives.items():
        first = json.loads(life[0].data)
        told = audit_folds.fold(life, rules[first["profile"], first["profile_version"]])
        assert told.illegal == []
        expected = audit_folds.unwritten() | stored[subject]
        assert {name: told.row[name] for name in expected} == expected
        figured = facts_of(told.row, told.figures)
        assert {name: figured[name] for name in facts[subject]} == facts[subject]
        counted |= {(subject, number): order for number, order in told.figures.orders.items()}
    assert counted == orders


@pytest.mark.guarantee("G7")
def test_projected_again_its_figures_come_to_the_same(history):
    metrics, metadata = Metrics(RULEBOOK.policies), MetaData()
    tables = [table.to_metadata(metadata) for table in (complaint_facts, order_facts)]
    engine = create_engine("sqlite://")
    with engine.connect() as conn:
        metadata.create_all(conn)
        for life in history.lives.values():
            metrics.write(conn, [record_of(row) for row in life if row.type in metrics.handles])
        for table in tables:
            stored = history.rows[table.name]
            found = conn.execute(select(table).order_by(*table.primary_key)).all()
            assert len(found) == len(stored)
            for was, now in zip(stored, found, strict=True):
                assert {name: getattr(now, name) for name in vars(was)} == vars(was)
    engine.dispose()
