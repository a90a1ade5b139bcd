"""Whoever alters the database without the key is found out, and the row is named."""

import json

import pytest
from city import HANDLER, OPERATOR, City, rating, service
from sqlalchemy import text

import schemas as s
from schemas.codes import PromiseUnit, ServiceKind
from workflow import audit
from workflow.erasure import erase_person
from workflow.storage.log import Entry, append
from workflow.storage.models import (
    complaint_facts,
    contacts,
    deadlines,
    order_facts,
    ratings,
)

A, B = "CP21-0001", "CP21-0002"
TEXTS = "subject type state actor role unit cause data limits"
NUMBERS = "version schema_version occurred_at recorded_at"


@pytest.fixture(scope="module")
def story(storage, tmp_path_factory):
    """A day's work of every kind, audited clean; tests copy it and tamper with the copy."""
    folder = storage.copy(storage.new, tmp_path_factory.mktemp("story") / "data")
    city = City(folder)
    late = rating("N", 3, proDepart="", areaName="")
    promised = service(
        "B", promiseTime=ServiceKind.PROMISED, promiseType=PromiseUnit.DAYS, promiseDay=5
    )
    city.portal.sends(service("A"), promised, rating("A", 1), rating("B", 2), rating("C"), late)
    city.portal.sends(service("N"), rating("A", 1, assessNumber="2"), rating("B", 1))
    city.portal.sends(rating("X", proDepart="不存在的局"), rating("D", 4), rating("E"))
    city.drain()
    for complaint in (A, B):
        city.hotline.confirms(complaint)
    city.drain()
    city.step(A, s.WorkOrderAcknowledged, HANDLER, key="k1")
    city.department.submits(A)
    city.step(B, s.ContactRevealed, OPERATOR, reason="核对号码")
    city.hotline.accepts(A)
    city.drain()
    city.citizen.rates(A, 5)
    city.drain()
    assert city.damage() == []
    city.close()
    return folder


@pytest.fixture
def copy(storage, story, tmp_path):
    """The story's database, to be tampered with."""
    folder = storage.copy(story, tmp_path / "data")
    city = City(folder)
    yield city
    city.close()
    storage.drop(folder)


@pytest.fixture
def tampered(copy):
    """Runs statements on the copy; answers what the auditor finds, as `kind where: message`."""

    def run(*statements, **values):
        with copy.office.database.write() as conn:
            for statement in statements:
                said = text(spoken(conn, statement))
                assert conn.execute(said, values).rowcount, "nothing was tampered with"
        return found(copy)

    return run


ON_A_SERVER = {
    "char(unicode(": "chr(ascii(",
    "zeroblob(1)": "decode('00', 'hex')",
    "AS BLOB": "AS bytea",
    "x''": "decode('', 'hex')",
    "x'00'": "decode('00', 'hex')",
    "sealed = 1": "sealed = decode('01', 'hex')",
}


def spoken(conn, statement):
    """SQLite's words, or PostgreSQL's for the same."""
    if conn.dialect.name == "postgresql":
        for ours, theirs in ON_A_SERVER.items():
            statement = statement.replace(ours, theirs)
    return statement


def found(city):
    return [f"{f.kind} {f.where}: {f.message}" for f in city.damage()]


def one(city, query, **values):
    with city.office.database.read() as conn:
        return conn.execute(text(query), values).first()


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("column", TEXTS.split())
def test_one_byte_of_an_event_flipped(copy, tampered, column):
    of = f"subject = '{A}' AND {column} IS NOT NULL"
    row = one(copy, f"SELECT lane, pos, subject, version FROM events WHERE {of} ORDER BY pos")
    byte = f"char(unicode(substr({column}, 2, 1)) + 1)"
    flip = f"substr({column}, 1, 1) || {byte} || substr({column}, 3)"
    findings = tampered(
        f"UPDATE events SET {column} = {flip} WHERE lane = :lane AND pos = :pos",
        lane=row.lane,
        pos=row.pos,
    )
    place = f"第{row.lane}道第{row.pos}位"
    assert any(f.startswith("chain ") and place in f for f in findings)
    if column != "subject":
        assert any(f"{A}-{row.version}（" in f for f in findings)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("column", NUMBERS.split())
def test_a_number_of_an_event_raised_by_one(tampered, column):
    findings = tampered(
        f"UPDATE events SET {column} = {column} + 1 WHERE subject = :a AND version = 12", a=A
    )
    assert any(f.startswith(f"chain {A}-1") for f in findings)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("column", ["unit", "cause", "limits"])
def test_something_written_where_an_event_said_nothing(tampered, column):
    findings = tampered(
        f"UPDATE events SET {column} = '{{}}' WHERE subject = :a AND {column} IS NULL"
        " AND version > 4 AND state <> 'CLOSED'",
        a=A,
    )
    assert any(f.startswith(f"chain {A}-") for f in findings)


@pytest.mark.guarantee("G8")
def test_one_byte_of_a_hash_flipped(tampered):
    findings = tampered(
        "UPDATE events SET hash = zeroblob(1) || substr(hash, 2)"
        " WHERE subject = :a AND version = 3 AND substr(hash, 1, 1) <> zeroblob(1)"
        " OR subject = :a AND version = 4",
        a=A,
    )
    assert any(f.startswith((f"chain {A}-3（", f"chain {A}-4（")) for f in findings)


@pytest.mark.guarantee("G8")
def test_an_event_moved_to_another_lane(tampered):
    findings = tampered(
        "UPDATE events SET lane = (lane + 1) % 16, pos = 900 WHERE subject = :a AND version = 5",
        a=A,
    )
    assert any(f.startswith(f"lane {A}-5（") for f in findings)
    assert any(f.startswith("gap ") for f in findings)


@pytest.mark.guarantee("G8")
def test_an_event_deleted_from_the_middle(tampered):
    findings = tampered("DELETE FROM events WHERE subject = :a AND version = 5", a=A)
    assert any(f.startswith(f"gap {A}-6（") for f in findings)
    assert any(f.startswith(f"version {A}") for f in findings)


@pytest.mark.guarantee("G8")
def test_two_events_exchanged(copy, tampered):
    row = one(copy, "SELECT lane, pos FROM events WHERE subject = :a AND version = 5", a=A)
    move = "UPDATE events SET pos = {} WHERE lane = :lane AND pos = {}"
    here, after = row.pos, row.pos + 1
    steps = [move.format(*pair) for pair in ((900, here), (here, after), (after, 900))]
    findings = tampered(*steps, lane=row.lane)
    assert any(f.startswith(f"chain {A}-5（") for f in findings)
    assert any(f.startswith(f"chain {A}-6（") for f in findings)


INSERT = """
    INSERT INTO events SELECT lane, pos + 1, subject, version + 1, :type, schema_version, state,
      occurred_at, recorded_at, actor, role, unit, cause, :data, NULL, hash
    FROM events WHERE subject = :a ORDER BY version DESC LIMIT 1
"""


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("with_head", [False, True], ids=["head left", "head moved on"])
def test_an_event_added_by_one_who_has_no_key(tampered, with_head):
    statements = [INSERT]
    if with_head:
        statements.append(
            "UPDATE lanes SET pos = pos + 1 WHERE lane ="
            " (SELECT lane FROM events WHERE subject = :a LIMIT 1)"
        )
    findings = tampered(*statements, a=A, type="TicketLinked", data='{"ticket":"T1"}')
    assert any(f.startswith(f"chain {A}-") for f in findings)
    assert any(f.startswith("seal " if with_head else "tail ") for f in findings)


LAST = "(SELECT version FROM complaints WHERE id = :a)"
CUT = f"DELETE FROM events WHERE subject = :a AND version = {LAST}"
BACK = """
    UPDATE lanes SET (pos, recorded_at, hash) =
      (SELECT pos, recorded_at, hash FROM events e WHERE e.lane = lanes.lane
       ORDER BY pos DESC LIMIT 1)
    WHERE lane = (SELECT lane FROM events WHERE subject = :a LIMIT 1)
"""


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("with_heads", [False, True], ids=["heads left", "heads set back"])
def test_the_tail_cut_off(copy, tampered, with_heads):
    row = one(copy, "SELECT max(lane) lane, max(pos) pos FROM events WHERE subject = :a", a=A)
    findings = tampered(CUT, *([BACK] if with_heads else []), a=A)
    kind = "seal" if with_heads else "tail"
    assert any(f.startswith(f"{kind} 第{row.lane}道") for f in findings)
    assert any(f.startswith(f"complaint {A}: state") for f in findings)


@pytest.mark.guarantee("G8")
def test_a_tail_cut_off_and_the_lane_put_back_as_an_old_copy_had_it(copy):
    """The old head's seal is good; what the rows and requests know is not gone with it."""
    old = one(
        copy,
        "SELECT * FROM lanes WHERE lane = (SELECT lane FROM events WHERE subject = :a LIMIT 1)",
        a=A,
    )
    copy.citizen.objects(A)
    with copy.office.database.write() as conn:
        conn.execute(text(CUT), {"a": A})
        put = "UPDATE lanes SET pos = :pos, recorded_at = :recorded_at, hash = :hash, seal = :seal"
        conn.execute(text(f"{put} WHERE lane = :lane"), dict(old._mapping))
    findings = found(copy)
    assert any(f.startswith(f"complaint {A}: version") for f in findings)
    assert not any(f.startswith(("seal", "tail", "chain")) for f in findings)


@pytest.mark.guarantee("G8")
def test_a_lane_head_deleted(tampered):
    assert any(f.startswith("lane 第3道") for f in tampered("DELETE FROM lanes WHERE lane = 3"))


@pytest.mark.guarantee("G3")
def test_a_step_outside_the_table_by_one_who_has_the_key(copy):
    at = copy.clock.now
    version, data = copy.complaint(B).version + 1, '{"decision":"close_unresolved"}'
    who = ("x", "supervisor", None, None)
    entry = Entry(B, version, "RulingGiven", "CLOSED", at, *who, data, None)
    with copy.office.database.write() as conn:
        append(conn, copy.office.keys.chain, [entry], at)
    findings = found(copy)
    assert any(f.startswith(f"step {B}-{version}: ") for f in findings)
    assert not any(f.startswith(("chain", "seal", "tail", "gap")) for f in findings)


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize("column", ["services", "ratings", "onsite", "bad"])
@pytest.mark.parametrize("by", [1, -1], ids=["raised", "lowered"])
def test_a_tally_raised_or_lowered(tampered, column, by):
    findings = tampered(f"UPDATE tallies SET {column} = {column} + {by} WHERE unit = 'ZD-RSJ'")
    assert len(findings) == 1
    assert findings[0].startswith("tally 2021-09-16 ZD-RSJ: ")


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM tallies WHERE unit = 'ZD-RSJ'",
        "UPDATE tallies SET unit = 'ZD-YBJ' WHERE unit = 'ZD-RSJ'",
        "UPDATE tallies SET day = '2021-09-15' WHERE unit = 'ZD-RSJ'",
    ],
    ids=["deleted", "given to another unit", "moved to another day"],
)
def test_a_tally_misplaced(tampered, statement):
    findings = tampered(statement)
    assert findings
    assert all(f.startswith("tally ") for f in findings)


ROW = "project_no = 'A' AND assess_number = '1'"


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize(
    "change",
    [
        "level = 2",
        "reasons = '115'",
        "origin = 'imported'",
        "channel = 'sms'",
        "unit = 'ZD-YBJ'",
        "unit = NULL",
        "day = '2021-08-16'",
        "assessed_at = assessed_at - 1",
        "item = NULL",
        "\"window\" = '4号窗口'",
        "private = ''",
        "digest = '0' || substr(digest, 2) || '0'",
        "received_at = received_at + 1",
        "assess_number = '9'",
        "source = 'fujian'",
        "matched = 1",
    ],
)
def test_a_rating_altered_in_any_column_is_named(tampered, change):
    findings = tampered(f"UPDATE ratings SET {change} WHERE {ROW}")
    name = "bihuan/A/1/1"
    name = "fujian/A/1/1" if "source" in change else name
    name = "bihuan/A/1/9" if "assess_number" in change else name
    assert any(f.startswith(f"row {name}: ") for f in findings)


@pytest.mark.guarantee("G7")
def test_a_rating_altered_together_with_its_tally(tampered):
    findings = tampered(
        "UPDATE ratings SET level = 5 WHERE project_no = 'B'",
        "UPDATE tallies SET bad = bad - 1 WHERE unit = 'ZD-RSJ'",
    )
    assert findings == ["row bihuan/B/1/1: 第1批的这一行，内容被改动"]


@pytest.mark.guarantee("G7")
def test_a_unit_that_came_later_given_to_another_together_with_its_tally(tampered):
    counts = "'2021-09-16', 'ZD-YBJ', 0, 1, 1, 0"
    findings = tampered(
        "UPDATE ratings SET unit = 'ZD-YBJ' WHERE project_no = 'N'",
        "UPDATE tallies SET ratings = ratings - 1, onsite = onsite - 1 WHERE unit = 'ZD-RSJ'",
        f"INSERT INTO tallies (day, unit, services, ratings, onsite, bad) VALUES ({counts})",
    )
    assert findings == ["row bihuan/N/1/1: 单位与它的办件记录不符"]


@pytest.mark.guarantee("G7")
def test_a_unit_that_came_later_taken_away_again_together_with_its_tally(tampered):
    findings = tampered(
        "UPDATE ratings SET unit = NULL, matched = NULL WHERE project_no = 'N'",
        "UPDATE tallies SET ratings = ratings - 1, onsite = onsite - 1 WHERE unit = 'ZD-RSJ'",
        "UPDATE tallies SET ratings = ratings + 1, onsite = onsite + 1 WHERE unit = ''",
    )
    assert findings == ["row bihuan/N/1/1: 单位与它的办件记录不符"]


@pytest.mark.guarantee("G1")
def test_a_rating_deleted_is_named_by_what_the_vault_still_keeps(tampered):
    findings = tampered(
        "DELETE FROM ratings WHERE project_no = 'D'",
        "UPDATE tallies SET ratings = ratings - 1, onsite = onsite - 1 WHERE unit = 'ZD-RSJ'",
    )
    assert findings == ["rating 第3批评价: 应有2条，现有1条；保密库中还留有：bihuan/D/1/1"]


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize("batch", [3, 77], ids=["to a batch", "to no batch"])
def test_a_rating_added(tampered, batch):
    columns = [column.name for column in ratings.columns]
    listed = ", ".join(f'"{name}"' for name in columns)
    other = {"project_no": "'Z'", "batch": ":batch"}
    values = ", ".join(other.get(name, f'"{name}"') for name in columns)
    findings = tampered(
        f"INSERT INTO ratings ({listed}) SELECT {values} FROM ratings WHERE project_no = 'D'",
        batch=batch,
    )
    assert any(f.startswith("row bihuan/Z/1/1: ") for f in findings)
    assert any(f.startswith(f"rating 第{batch}批评价: ") for f in findings)


@pytest.mark.guarantee("G7")
def test_a_rating_put_into_another_batch(tampered):
    findings = tampered("UPDATE ratings SET batch = 3 WHERE project_no = 'C'")
    assert any(f.startswith("rating 第1批评价: ") for f in findings)
    assert any(f.startswith("rating 第3批评价: ") for f in findings)


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize(
    "change",
    ["unit = 'ZD-YBJ'", "day = '2021-08-01'", "served_at = 1", "item = 'x'", "\"window\" = 'x'",
     "kind = 'promised'", "promised = 5", "promised_in = 'days'", "accepted_at = 1", "done_at = 1"],
)  # fmt: skip
def test_a_service_altered_is_named(tampered, change):
    findings = tampered(f"UPDATE services SET {change} WHERE project_no = 'A'")
    assert any(f.startswith("row bihuan/A/1: ") for f in findings)


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize(
    "change",
    [
        "promised = 50",
        "promised_in = 'working_days'",
        "kind = NULL",
        "kind = NULL, promised = NULL, promised_in = NULL",
    ],
)
def test_a_promise_altered_or_taken_away_is_named(tampered, change):
    findings = tampered(f"UPDATE services SET {change} WHERE project_no = 'B'")
    assert any(f.startswith("row bihuan/B/1: ") for f in findings)


@pytest.mark.guarantee("G1")
def test_a_service_deleted(tampered):
    findings = tampered(
        "DELETE FROM services WHERE project_no = 'A'",
        "UPDATE tallies SET services = services - 1 WHERE unit = 'ZD-RSJ'",
    )
    assert findings == ["service 第1批办件: 应有2条，现有1条"]


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("DELETE FROM refused", "refused 第3批拒收行"),
        ("INSERT INTO conflicts (kind, source, project_no, service_number, assess_number, batch,"
         " received_at, digest) VALUES ('rating', 's', 'p', '1', '1', 3, 0, 'd')",
         "conflicts 第3批冲突行"),
        ("UPDATE sequences SET value = value + 1 WHERE name = 'batch'", "batch 第4批"),
    ],
    ids=["refused row deleted", "conflict made up", "batch number skipped"],
)  # fmt: skip
def test_what_lies_beside_the_ratings(tampered, statement, names):
    assert any(f.startswith(names) for f in tampered(statement))


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize(
    ("column", "value"),
    [
        ("state", "'RECTIFYING'"), ("version", "version - 1"), ("unit", "'ZD-YBJ'"),
        ("round", "2"), ("claimer", "'x'"), ("ticket", "'x'"), ("due_at", "1"),
        ("ended_at", "NULL"), ("collected_at", "1"), ("profile", "'linwu'"), ("handled_by", "'x'"),
        ("area", "'x'"), ("project_no", "'x'"), ("assisting", "',x,'"), ("next_call_at", "1"),
        ("marks", "' malice '"),
    ],
)  # fmt: skip
def test_a_state_set_back_or_any_other_column_of_the_row(tampered, column, value):
    findings = tampered(f"UPDATE complaints SET {column} = {value} WHERE id = :a", a=A)
    assert any(f.startswith(f"complaint {A}: {column} ") for f in findings)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize(
    "change",
    [
        {"state": "RECTIFYING"},
        {"verdict": "invalid"},
        {"outcome": None},
        {"calls": 7},
        {"objected": True},
        {"surprise": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_fold_altered(copy, tampered, change):
    fold = json.loads(one(copy, "SELECT fold FROM complaints WHERE id = :a", a=A).fold)
    assert {**fold, **change} != fold
    findings = tampered(FOLD, a=A, fold=json.dumps({**fold, **change}, ensure_ascii=False))
    assert any(f.startswith(f"complaint {A}: fold ") for f in findings)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("rubbish", ["[]", "x"])
def test_rubbish_for_a_fold(tampered, rubbish):
    findings = tampered(FOLD, a=A, fold=rubbish)
    assert any(f.startswith(f"complaint {A}: fold ") for f in findings)


FOLD = "UPDATE complaints SET fold = :fold WHERE id = :a"


@pytest.mark.guarantee("G8")
def test_a_complaint_deleted_and_one_made_up(tampered):
    findings = tampered("UPDATE complaints SET id = 'CP21-0009' WHERE id = :a", a=A)
    assert f"complaint {A}: 日志中有这件，差评件表中没有" in findings
    assert "complaint CP21-0009: 差评件表中有这件，日志中没有" in findings


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("UPDATE progress SET pos = pos + 1 WHERE consumer = 'metrics' AND lane = 2",
         "progress metrics 第2道"),
        ("UPDATE progress SET pos = -1 WHERE consumer = 'metrics' AND lane = 2",
         "progress metrics 第2道"),
        ("DELETE FROM progress WHERE consumer = 'metrics' AND lane = 2", "progress metrics"),
        ("DELETE FROM events WHERE type = 'WorkOrderAcknowledged'", "command 请求 k1"),
        ("UPDATE commands SET version = 99", "command 请求 k1"),
        ("INSERT INTO parked (consumer, lane, pos, subject, status, tries, parked_at)"
         " VALUES ('metrics', 2, 999, 'x', 'parked', 1, 0)", "parked metrics 第2道第999位"),
        ("INSERT INTO parked (consumer, lane, pos, subject, status, tries, parked_at)"
         " SELECT 'metrics', lane, pos, subject, 'held', 0, 0 FROM events"
         " WHERE version = 2 LIMIT 1",
         "parked metrics"),
    ],
    ids=["beyond the log", "before it", "lane lost", "its event gone", "points nowhere",
         "parked nowhere", "held behind nobody"],
)  # fmt: skip
def test_what_points_into_the_log(tampered, statement, names):
    assert any(f.startswith(names) for f in tampered(statement))


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize(
    ("statement", "names"),
    [
        ("DELETE FROM complaint_facts WHERE subject = :a", f"facts {A}: "),
        ("UPDATE order_facts SET withdrawn_at = assigned_at WHERE subject = :a",
         f"facts {A} 第1张工单: 撤单时间（withdrawn_at）现为 "),
        ("UPDATE complaint_facts SET outcome = NULL WHERE subject = :a",
         f"facts {A}: 办结方式（outcome）现为 None"),
        ("DELETE FROM order_facts WHERE subject = :a", f"facts {A} 第1张工单: "),
        ("UPDATE order_facts SET number = 2 WHERE subject = :a", f"facts {A} 第2张工单: "),
        ("DELETE FROM deadlines WHERE limit_name = 'rectify'", f"deadline {B} rectify"),
        ("INSERT INTO deadlines (subject, limit_name, generation, due_at)"
         " VALUES (:a, 'rectify', 1, 1)", f"deadline {A} rectify"),
    ],
)  # fmt: skip
def test_what_consumers_made_of_the_log(tampered, statement, names):
    values = {"a": A} if ":a" in statement else {}
    assert any(f.startswith(names) for f in tampered(statement, **values))


def columns(*tables):
    """Every column that is no key, as (table, column)."""
    return [(table, c) for table in tables for c in table.columns if not c.primary_key]


def altered(table, column):
    """A statement that alters this column alone, in every row there is."""
    kind, name = column.type.python_type, f'"{column.name}"'
    other = {str: f"coalesce({name}, '') || 'x'", bool: f"NOT {name}"}
    return f"UPDATE {table.name} SET {name} = {other.get(kind, f'coalesce({name}, 0) + 1')}"


@pytest.mark.guarantee("G7")
@pytest.mark.parametrize(
    ("table", "column"),
    columns(complaint_facts, order_facts),
    ids=lambda named: named.name,
)
def test_a_figure_altered_in_any_column(tampered, table, column):
    findings = tampered(altered(table, column))
    assert {f.partition(" ")[0] for f in findings} == {"facts"}
    assert any(f.startswith(f"facts {A}") and f"（{column.name}）现为" in f for f in findings)


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("column", [column for _, column in columns(deadlines)], ids=str)
def test_a_timer_altered_in_any_column(tampered, column):
    findings = tampered(altered(deadlines, column))
    assert any(f.startswith(f"deadline {B} rectify: ") for f in findings)
    assert all(f.startswith("deadline ") and f"（{column.name}）现为" in f for f in findings)


@pytest.mark.guarantee("G8")
def test_alarms_switched_off(tampered):
    findings = tampered("UPDATE deadlines SET next_at = NULL, next_step = NULL")
    assert any(
        f.startswith(f"deadline {B} rectify: 下次提醒时间（next_at）现为 None") for f in findings
    )


CLAIM = "UPDATE deadlines SET {} WHERE limit_name = 'shift'"


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM deadlines WHERE limit_name = 'shift'",
        CLAIM.format("next_at = next_at + 1"),
        CLAIM.format("next_step = 'lapse'"),
        CLAIM.format("generation = 1"),
        CLAIM.format("due_at = 1, next_at = 1"),
    ],
    ids=["deleted", "put off", "of another kind", "of another claim", "before the claim"],
)
def test_the_end_of_a_claim_tampered_with(copy, tampered, statement):
    copy.step(B, s.WorkOrderReturned, HANDLER, reason="非本单位职责", legal_basis="三定规定")
    copy.step(B, s.ComplaintClaimed, OPERATOR)
    copy.drain()
    assert found(copy) == []
    findings = tampered(statement)
    assert findings
    assert all(f.startswith(f"deadline {B} shift: ") for f in findings)


def test_the_wait_for_a_phone_without_its_end(copy, tampered):
    subject = copy.portal.bad_review(mobile="")
    copy.drain()
    copy.step(subject, s.ContactRequested, OPERATOR)
    copy.drain()
    assert found(copy) == []
    (finding,) = tampered("DELETE FROM deadlines WHERE limit_name = 'contact'")
    assert finding == f"deadline {subject} contact: 还在等单位补电话，却没有定时"


HELD_BACK = "UPDATE progress SET pos = 0 WHERE consumer = '{}'"


@pytest.mark.guarantee("G7")
def test_figures_falsified_under_cover_of_a_consumer_that_is_behind(tampered):
    findings = tampered(
        HELD_BACK.format("metrics"), "UPDATE order_facts SET withdrawn_at = assigned_at"
    )
    assert f"facts {A}: 指标表中已有这件，指标的进度却还没有到" in findings


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("consumer", ["analysis", "verification", "assignment", "metrics"])
def test_progress_set_back_behind_what_was_done(copy, tampered, consumer):
    lane = one(copy, "SELECT lane FROM events WHERE subject = :a", a=A).lane
    back = f"{HELD_BACK.format(consumer)} AND lane = :lane"
    kinds = {f.partition(" ")[0] for f in tampered(back, lane=lane)}
    assert kinds == {"facts" if consumer == "metrics" else "progress"}


@pytest.mark.guarantee("G2")
def test_progress_set_back_and_all_of_it_done_once_more(copy, tampered):
    """Most steps are refused a second time; an order to supervise is not, and stays to be seen."""
    copy.department.submits(B)
    copy.hotline.accepts(B)
    copy.drain()
    rated = copy.citizen.rates(B, 1)
    copy.drain()
    assert found(copy) == []
    tampered(HELD_BACK.format("supervision"))
    copy.drain()
    (again,) = found(copy)
    assert again.startswith(f"repeat {B}-")
    assert again.endswith(f"supervision 把事件 {rated.event_id} 办了两次")


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("change", ["phone", "last4", "item", "window", "day"])
def test_what_a_complaint_is_found_by_altered(tampered, change):
    findings = tampered(f"{altered(contacts, contacts.c[change])} WHERE subject = :a", a=A)
    assert len(findings) == 1
    assert findings[0].startswith(f"contact {A}: ")
    assert f"（{change}）现为" in findings[0]


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize("also", ["", "DELETE FROM vault WHERE field = 'contact'"])
def test_what_a_complaint_is_found_by_deleted(tampered, also):
    """One that never ended cannot have been erased, whatever the vault still holds."""
    statements = ["DELETE FROM contacts WHERE subject = :b", *([also] if also else [])]
    lost = f"contact {B}: 查找用的联系方式不见了，个人信息却没有删除过"
    assert tampered(*statements, b=B) == [lost]


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize(
    ("change", "names"),
    [
        ("DELETE FROM conflicts", "conflicts 评价 bihuan/B/1/1"),
        ("UPDATE conflicts SET digest = 'x'", "conflicts 评价 bihuan/B/1/1"),
        ("UPDATE conflicts SET assess_number = '9'", "conflicts 评价 bihuan/B/1/1"),
        ("UPDATE conflicts SET received_at = 1", "conflicts 第2批冲突行"),
        ("UPDATE refused SET received_at = 1", "refused 第3批拒收行"),
    ],
)
def test_a_conflict_or_a_refused_row_altered(tampered, change, names):
    assert any(f.startswith(names) for f in tampered(change))


@pytest.mark.parametrize("name", ["accepted", "repeats", "conflicts", "refused", "complaints"])
def test_an_import_that_claims_more_than_came(tampered, name):
    places = ("accepted", "repeats", "conflicts", "refused", "complaints")
    counts = ", ".join("99" if place == name else "0" for place in places)
    findings = tampered(
        f"INSERT INTO imports (id, source, name, rows_done, {', '.join(places)}, started_at)"
        f" VALUES ('bihuan/x', 'bihuan', '七月.csv', 100, {counts}, 0)"
    )
    assert len(findings) == 1
    assert findings[0].startswith("import 七月.csv（bihuan/x）: ")


def test_figures_are_not_held_against_a_log_that_has_gone_on(copy):
    """A consumer that is behind is late, not wrong."""
    copy.citizen.objects(A)
    assert found(copy) == []


FLIPPED = "CAST(substr(sealed, 1, 20) || zeroblob(1) || substr(sealed, 22) AS BLOB)"


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize(
    ("field", "names"),
    [("rating", "vault bihuan/A/1/1: "), ("reason", "vault 保密库 "), ("contact", "vault 保密库 ")],
)
def test_a_row_of_the_vault_altered(tampered, field, names):
    findings = tampered(f"UPDATE vault SET sealed = {FLIPPED} WHERE field = :field", field=field)
    assert any(f.startswith(names) for f in findings)


@pytest.mark.parametrize("sealed", ["x''", "x'00'", "'text'", "1"])
def test_rubbish_in_the_vault_is_a_finding_as_any_other(tampered, sealed):
    assert len(tampered(f"UPDATE vault SET sealed = {sealed}")) > 5


@pytest.mark.guarantee("G8")
def test_words_put_under_another_event(copy):
    """Sealed rightly, by one who has the key, but not the words the event vouches for."""
    owner = one(copy, "SELECT owner FROM vault WHERE field = 'reason'").owner
    sealed = copy.office.vault.seal(owner, "reason", b"0" * 16 + "别的话".encode())
    with copy.office.database.write() as conn:
        conn.execute(text("UPDATE vault SET sealed = :sealed WHERE owner = :owner"),
                     {"sealed": sealed, "owner": owner})  # fmt: skip
    assert found(copy) == [f"vault 保密库 {owner} 的 reason: 内容与事件中的摘要不符"]


def test_what_was_erased_is_no_damage_and_what_was_taken_away_is(copy, tampered):
    """What never ended was not erased, however much the log says went elsewhere."""
    erase_person(copy.ledger, account="管理员", reason="本人申请", subject=A)
    assert found(copy) == []
    lost = tampered(f"DELETE FROM vault WHERE owner LIKE '{B}-%'")
    assert {f.split(" 的 ")[0].rpartition("-")[0] for f in lost} == {f"vault 保密库 {B}"}
    assert f"vault 保密库 {B}-1 的 text: 不见了，日志里却没有删除过" in lost


@pytest.mark.guarantee("G8")
def test_an_erasure_accounts_but_once_for_what_it_deleted(copy, tampered):
    """The rows that went with one complaint's texts cannot be others' ratings as well."""
    copy.portal.sends(*(rating(name, mobile="13900005678") for name in ("Y", "Z")))
    erase_person(copy.ledger, account="管理员", reason="本人申请", subject=A)
    assert found(copy) == []
    lost = tampered("DELETE FROM vault WHERE field = 'rating'")
    assert any(f.endswith("不见了，日志里却没有删除过") for f in lost), lost


@pytest.mark.guarantee("G8")
@pytest.mark.parametrize(
    ("which", "names"),
    [
        (f"owner = '{A}-1'", f"保密库 {A}-1 的 text: 不见了"),
        ("field = 'reply'", f"保密库 {A}-"),
        (
            "field = 'rating' AND owner LIKE 'bihuan_A_1_1'",
            "bihuan/A/1/1: 评价人的信息和文字不见了",
        ),
    ],
    ids=["the citizen's words", "the unit's reply", "who rated"],
)
def test_words_taken_out_of_the_vault_without_an_erasure_are_named(tampered, which, names):
    (lost,) = tampered(f"DELETE FROM vault WHERE {which}")
    assert lost.startswith(f"vault {names}")


@pytest.mark.guarantee("G8")
def test_another_key_makes_nothing_of_it_good(copy):
    with copy.office.database.read() as conn:
        keys = type(copy.office.keys).derive(b"1" * 32)
        findings = audit.check(conn, keys)
    assert {"chain", "seal", "row"} <= {finding.kind for finding in findings}


def test_heads_are_sixteen_and_change_with_every_event(copy):
    def heads():
        with copy.office.database.read() as conn:
            return audit.heads(conn)

    before = heads()
    copy.step(B, s.TicketLinked, OPERATOR, ticket="T1")
    after = heads()
    assert [lane for lane, _, _ in after] == list(range(16))
    assert sum(a != b for a, b in zip(before, after, strict=True)) == 1


def test_the_auditor_says_what_it_is_doing_and_changes_nothing(copy):
    told = []
    before = one(copy, "SELECT count(*) FROM events")
    with copy.office.database.read() as conn:
        assert audit.check(conn, copy.office.keys, progress=told.append) == []
    assert len(told) == 7
    assert one(copy, "SELECT count(*) FROM events") == before
