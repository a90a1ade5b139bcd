"""The bench measures what it says: the case goes round, the floor writes the same rows, a store
that is not as it should be gives no figure.
"""

import json
import re
from contextlib import closing
from io import StringIO

import pytest
from rich.console import Console

from bench import __main__ as command
from bench import (
    city,
    collecting,
    curve,
    growth,
    human,
    on_kafka,
    on_postgres,
    pages,
    parts,
    peer,
    steps,
)
from bench.case import EVENTS
from bench.figures import Figure, Goal, over
from bench.files import write_file
from bench.lab import lab
from bench.machine import affected, machine
from bench.report import LATEST, PAGE, as_page, show, write
from bench.rounds import go_round, sound, subjects
from bench.seeding import seeded
from bench.servers import Kafka, Postgres
from bench.stores import START, Unsound, audited, count, store
from console.wiring import office
from workflow.collection import MOST
from workflow.states import State
from workflow.storage.models import METADATA


@pytest.fixture
def new_store(folder):
    """An office of the bench on a prepared folder."""
    with store(folder) as office:
        yield office


def test_the_six_steps_take_complaints_the_whole_way_round(new_store):
    done = go_round(new_store, new_store.bus(), subjects(1, 3), per_commit=2)
    assert done.steps == 3 * EVENTS
    sound(new_store, 3)
    with new_store.database.read() as conn:
        states = conn.exec_driver_sql("SELECT DISTINCT state, version FROM complaints").all()
    assert states == [("CLOSED", EVENTS)]


def test_a_row_that_was_altered_gives_no_figure(new_store):
    go_round(new_store, new_store.bus(), subjects(1, 2), per_commit=2)
    with new_store.database.write() as conn:
        conn.exec_driver_sql("UPDATE complaints SET round = 2")
    with pytest.raises(Unsound, match="round"):
        sound(new_store, 2)


def test_a_step_that_is_missing_gives_no_figure(new_store):
    go_round(new_store, new_store.bus(), subjects(1, 2), per_commit=2)
    with pytest.raises(Unsound, match="steps: 22, expected 33"):
        sound(new_store, 3)


def test_the_floor_writes_every_row_the_product_wrote(tmp_path):
    done = steps.floor(str(tmp_path), complaints=2, per_commit=100)
    assert done["steps"] == 2 * EVENTS
    assert done["seconds"] > 0
    with store(tmp_path / "floor") as floor, store(tmp_path / "product") as product:
        wrote = {table: count(floor, table) for table in METADATA.tables}
        assert wrote == {table: count(product, table) for table in METADATA.tables}
    assert wrote["events"] == (steps.WARM + 2) * EVENTS + 2
    assert wrote["outbox"] == (steps.WARM + 2) * 4


@pytest.mark.parametrize("batch", [1, 200])
def test_the_peer_takes_the_same_case(tmp_path, batch):
    assert peer.run(peer.on_file(f"{tmp_path}/peer.db"), 1, 2, 100, batch).steps == 2 * EVENTS


def test_a_seeded_store_is_one_that_the_product_would_have_made(folder):
    seeded(str(folder), growth.groups(25, 2, 10))
    with store(folder, START + 36 * growth.DAY) as office:
        audited(office)
        assert count(office, "complaints") == count(office, "complaint_facts") == 45
        assert count(office, "deadlines") == 90
    assert growth.ticked(str(folder), 10)["pending"] == 90
    assert growth.rounds(str(folder), 5)["steps"] == 5 * EVENTS
    assert growth.audit_of(str(folder))["complaints"] == 45 + growth.WARM + 5


def test_one_byte_of_a_seeded_event_is_found(folder):
    seeded(str(folder), [(5, START)])
    with store(folder) as office, office.database.write() as conn:
        conn.exec_driver_sql("UPDATE events SET actor = 'analysit' WHERE version = 2")
    with pytest.raises(Unsound, match="chain"):
        growth.audit_of(str(folder))


def test_ratings_of_the_curve_are_as_good_as_any(folder):
    done = curve.filled(str(folder), curve.TENTHS * MOST)
    assert (len(done["seconds"]), done["share"]) == (curve.TENTHS, MOST)


def test_a_file_and_the_bulk_function_give_a_figure(tmp_path, monkeypatch):
    monkeypatch.setattr(collecting, "WARM", 20)
    (tmp_path / "bulk").mkdir()
    assert collecting.imported(str(tmp_path), 40)["rows"] == 40
    done = collecting.alone(str(tmp_path / "bulk"), 40)
    assert done["product"]["seconds"] > 0
    assert done["floor"]["seconds"] > 0


def test_the_file_holds_as_many_bad_ratings_as_it_says(tmp_path):
    file = tmp_path / "rows.csv"
    assert write_file(file, 100, 1, one_bad_in=10) == 5
    lines = file.read_text(encoding="utf-8").splitlines()
    assert len(lines) == 101
    assert sum("又让我开证明" in line for line in lines) == 5


def test_people_are_timed_one_step_at_a_time(folder):
    human.prepared(str(folder), 2)
    (folder / "importing").touch()
    (folder / "running").touch()
    done = human.stepping(str(folder), 2)
    assert len(done["waits"]) == 2 * len(done["disk"]) == 4
    assert (folder / "stop").exists()
    human.afterwards(str(folder), 2, 0)


def test_a_part_whose_check_fails_gives_no_figure_but_a_reason_and_its_memory(
    monkeypatch, tmp_path
):
    def broken(place):
        place.memory["import"] = 150.0
        yield Figure("steps", "sound", "steps/s", [1.0])
        raise Unsound("parked records: 1, expected 0")

    monkeypatch.setattr(parts, "PARTS", {"steps": broken})
    with lab(1, folder=tmp_path) as place:
        place.memory["another part's"] = 900.0
        kept, lost, held = command.measured(place, "steps")
    assert kept.value == 1
    assert (held.name, held.value, held.reached) == ("memory: import", 150, True)
    assert lost.value is None
    assert lost.missing == "parked records: 1, expected 0"


def test_a_run_of_its_own_process_tells_its_memory_and_its_failure(tmp_path, folder):
    with lab(1, folder=tmp_path) as place:
        folder = str(folder)
        place.run("bench.human:prepared", label="people", folder=folder, complaints=2)
        assert 20 < place.memory["people"] < 400
        with pytest.raises(Unsound, match="complaints confirmed: 0, expected 2"):
            place.run("bench.human:afterwards", folder=folder, complaints=2, rows=0)


def test_a_figure_is_the_median_and_tells_its_goal():
    figure = Figure("steps", "rate", "steps/s", [5000, 9000, 6100], Goal(6000))
    assert figure.value == 6100
    assert figure.reached is True
    assert Figure("human", "p99", "ms", [51.0], Goal(50, most=True)).reached is False
    assert Figure("steps", "rate", "steps/s", goal=Goal(6000), missing="why").reached is False
    assert Figure("steps", "rate", "steps/s", [1.0]).reached is None
    assert over([6, 9], [3, 3]) == [2, 3]


def test_the_report_says_where_and_what_was_not_run(tmp_path):
    where = machine(tmp_path)
    rate = Figure("steps", "rate", "steps/s", [6100.4], Goal(6000), {"floor": 0.4567})
    gone = Figure("demo", "all", "", missing="no demo here")
    out = StringIO()
    show(Console(file=out, width=160), where, [rate, gone], ["collect"])
    for said in ("≥ 6,000", "6,100 steps/s", "0.457 floor", "no demo here", "not run: collect"):
        assert said in out.getvalue()


def test_what_was_measured_again_takes_its_parts_place_and_others_stay(tmp_path):
    where, file = machine(tmp_path), tmp_path / "latest.json"
    slow, fast = (Figure("steps", "rate", "steps/s", [rate], Goal(6000)) for rate in (5000, 6100.4))
    write(file, {**where, "commit": "before"}, [slow, Figure("demo", "all", "", missing="none")])
    write(file, where, [fast])
    read = json.loads(file.read_text(encoding="utf-8"))
    assert [figure["value"] for figure in read["steps"]["figures"]] == [6100]
    assert read["demo"]["figures"][0]["missing"] == "none"
    assert read["demo"]["machine"]["commit"] == "before" != read["steps"]["machine"]["commit"]
    assert {"cores", "python", "sqlite", "wal_reset_bug", "date"} <= read["demo"]["machine"].keys()


def test_the_page_of_figures_is_what_the_file_says(tmp_path):
    kept = json.loads(LATEST.read_text(encoding="utf-8"))
    assert PAGE.read_text(encoding="utf-8") == as_page(kept), "python -m bench writes both"
    rate = Figure("steps", "rate", "steps/s", [5000, 5900.4, 7000], Goal(6000), {"floor": 0.4567})
    gone = Figure("demo", "all", "", missing="no demo here")
    said = as_page(write(tmp_path / "latest.json", machine(tmp_path), [rate, gone]))
    line = "| rate | 5,900 steps/s | 5,000 – 7,000 | 3 | ≥ 6,000 | **no** | 0.457 floor |"
    assert line in said.splitlines()
    assert "| all | no demo here |" in said


def test_each_part_names_the_servers_that_it_used_and_no_others(tmp_path, monkeypatch):
    def on_a_server(place):
        place.servers["postgresql"] = "17.6"
        yield Figure("there", "rate", "steps/s", [1.0])

    def on_a_file(_):
        yield Figure("here", "rate", "steps/s", [1.0])

    file = tmp_path / "latest.json"
    monkeypatch.setattr(command, "LATEST", file)
    monkeypatch.setattr(command, "PAGE", tmp_path / "figures.md")
    monkeypatch.setattr(parts, "PARTS", {"there": on_a_server, "here": on_a_file})
    assert command.main([]) == 0
    read = json.loads(file.read_text(encoding="utf-8"))
    assert read["there"]["machine"]["postgresql"] == "17.6"
    assert "postgresql" not in read["here"]["machine"]


@pytest.mark.long
def test_servers_say_which_version_they_are(postgres, kafka):
    with closing(Postgres(postgres)) as database:
        assert re.match(r"1[5-9]\.", database.version())
    assert re.fullmatch(r"4\.\d", Kafka(kafka, None).version())


@pytest.mark.parametrize("part", [on_postgres, on_kafka])
def test_without_a_server_there_is_a_reason_and_no_figure(part, monkeypatch, tmp_path):
    for name in ("BIHUAN_TEST_DATABASE", "BIHUAN_TEST_KAFKA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    with lab(1, folder=tmp_path) as place:
        (figure,) = part.measured(place)
    assert figure.value is None
    assert "no docker" in figure.missing


@pytest.mark.parametrize(
    ("version", "found"),
    [((3, 40, 1), True), ((3, 50, 6), True), ((3, 50, 7), False), ((3, 51, 3), False)],
)
def test_which_sqlite_needs_the_safe_mode(version, found):
    assert affected(version) is found


def test_a_city_has_complaints_in_every_state_and_is_sound(folder):
    city.built(str(folder), 120, 40)
    city.checked(str(folder))
    people = city.peopled(str(folder))["people"]
    assert len(people) == sum(city.PEOPLE.values())
    with office(folder) as opened, opened.database.read() as conn:
        rows = conn.exec_driver_sql("SELECT state, count(*) FROM complaints GROUP BY state").all()
    found = dict(rows)
    assert sum(found.values()) == 120
    assert found.keys() == {*State} - {State.COLLECTED, State.ANALYSED}


def test_people_who_open_too_few_pages_give_no_figure():
    run = {"pages": {"/health": [1.0] * 20, "/": [5.0] * 3}, "steps": [], "screens": []}
    with pytest.raises(Unsound, match="only 3 answers"):
        list(pages.figures("pages", [run], "a store", {}))
