"""归集: a whole file taken in: rehearsed, cut off, sent twice at once; what is told is what is."""

import csv
import os
from dataclasses import replace
from hashlib import sha256
from threading import Barrier, Thread

import pytest
from city import City
from sqlalchemy import func, select, text
from typer.testing import CliRunner

from console.cli import app
from producers.importing import import_file, refused_rows, write_refused_file
from producers.rehearsing import rehearse
from producers.runs import Receipt
from producers.sources import source
from workflow.storage.models import METADATA, complaints, events, imports, ratings, refused, tallies

OWN = source("bihuan")
HEADER = "类别,办件编号,服务序号,评价次数,服务时间,评价时间,满意度,单位名称,文字评价"


def row(project, level=5, assess="1", words="", at="09:30:00"):
    return f"评价,{project},1,{assess},,2021-09-16 {at},{level},区人社局,{words}"


def service(project):
    return f"办件,{project},1,,2021-09-16 09:00:00,,,区人社局,"


@pytest.fixture
def path(tmp_path):
    """Three batches: every kind of row meets its like in another batch, and in its own."""
    first = [row("X", 1, words="差"), row("Y", 1, words="差"), row("Z", 5), row("坏", 9)]
    first += [row(f"G{n}") for n in range(996)]
    second = [row("X", 1, words="差"), row("X", 2, "2", "还差", "10:00:00")]
    second += [row("Y", 1, words="别的"), row("Y", 1, words="别的"), row("Z", 1, "2", "差")]
    second += [row("Z", 2, "3", "差"), row("ahead", at="23:00:00"), service("X")]
    second += [service(f"S{n}") for n in range(992)]
    third = [service("X"), service("S1"), row("S1"), row("Z", 1, "4", "差"), row("G1", 4), "少"]
    path = tmp_path / "九月.csv"
    path.write_text("\n".join([HEADER, *first, *second, *third, ""]), encoding="utf-8")
    return path


def quiet(*_):
    """Nobody looks at the progress."""


class Killed(Exception):
    """Ends an import in the middle."""


def killed(*_):
    raise Killed


def imported(city, path):
    return import_file(city.ledger, city.office.desk(), path, OWN, quiet)


def answers(receipt):
    """What a receipt tells, but for what one run alone can say of itself."""
    return replace(receipt, id="", started_at=0, finished_at=None)


def contents(city):
    with city.office.database.read() as conn:
        return {
            table.name: sha256(repr(conn.execute(select(table)).all()).encode()).hexdigest()
            for table in METADATA.sorted_tables
        }


def recounted(city):
    """The tallies' totals by a query of the test's own."""
    query = text(
        """
        SELECT (SELECT count(*) FROM services), count(*),
        count(CASE WHEN origin = 'onsite_active' THEN 1 END),
        count(CASE WHEN level <= 2 THEN 1 END) FROM ratings
        """
    )
    with city.office.database.read() as conn:
        said = select(*(func.sum(tallies.c[n]) for n in ("services", "ratings", "onsite", "bad")))
        assert tuple(conn.execute(said).one()) == tuple(conn.execute(query).one())


def test_a_dry_run_changes_nothing_and_says_what_the_import_will_say(city, path):
    before = contents(city)
    rehearsed = rehearse(city.ledger, city.office.desk(), path, OWN, quiet, listed=20)
    assert contents(city) == before
    receipt = imported(city, path)
    assert answers(rehearsed.receipt) == answers(receipt)
    assert list(rehearsed.refused) == list(refused_rows(city.ledger, receipt))
    assert (receipt.accepted, receipt.repeats, receipt.conflicts) == (1997, 3, 3)
    assert (receipt.refused, receipt.complaints) == (3, 3)
    again = rehearse(city.ledger, city.office.desk(), path, OWN, quiet, listed=2)
    assert answers(again.receipt) == answers(imported(city, path))
    assert len(again.refused) == 2
    recounted(city)
    assert city.damage() == []


def test_one_event_a_batch_of_at_most_a_thousand_rows(city, path):
    imported(city, path)
    with city.office.database.read() as conn:
        query = select(func.count()).where(events.c.type == "BatchCollected")
        assert conn.execute(query).scalar_one() == 3


@pytest.mark.guarantee("G1")
@pytest.mark.parametrize("batches", [1, 2, 3])
def test_killed_after_a_batch_and_run_again_it_answers_as_if_nothing_had_been(
    city, folder, path, zygote, tmp_path, storage, batches
):
    given = {"folder": str(folder), "path": str(path), "batches": batches}
    assert zygote.run("scenarios:import_and_die", **given) == -9
    receipt = imported(city, path)
    target = tmp_path / "拒收.csv"
    assert write_refused_file(city.ledger, receipt, path, target) == 3

    other = City(storage.copy(storage.new, tmp_path / "undisturbed"))
    undisturbed = imported(other, path)
    assert answers(receipt) == answers(undisturbed)
    whole = tmp_path / "拒收2.csv"
    write_refused_file(other.ledger, undisturbed, path, whole)
    assert target.read_bytes() == whole.read_bytes()
    other.close()
    recounted(city)
    assert city.damage() == []


def test_the_same_file_twice_at_once_is_taken_in_once_and_its_refused_rows_are_told_once(
    city, folder, path, tmp_path
):
    other, start, receipts = City(folder), Barrier(2), {}

    def take(at):
        start.wait()
        receipts[at] = imported(at, path)

    threads = [Thread(target=take, args=(at,)) for at in (city, other)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for receipt in receipts.values():
        assert len(list(refused_rows(city.ledger, receipt))) == 3
        target = tmp_path / "拒收.csv"
        assert write_refused_file(city.ledger, receipt, path, target) == 3
    other.close()
    with city.office.database.read() as conn:
        kept = [Receipt(**row) for row in conn.execute(select(imports)).mappings()]
        assert all(receipt.finished_at and receipt.rows == 2006 for receipt in kept)
        assert sum(receipt.accepted for receipt in kept) == 1997
        assert {receipt.id for receipt in kept} == {one.id for one in receipts.values()}
        assert len(kept) == 2, "each run tells what itself came to"
        assert conn.execute(select(func.count()).select_from(ratings)).scalar_one() == 1004
        assert conn.execute(select(func.count()).select_from(complaints)).scalar_one() == 3
    recounted(city)
    assert city.damage() == []


def test_corrected_rows_go_in_and_the_rest_stays_as_it_is(city, path, tmp_path):
    receipt = imported(city, path)
    target = tmp_path / "拒收.csv"
    write_refused_file(city.ledger, receipt, path, target)
    with target.open(encoding="utf-8-sig", newline="") as file:
        table = list(csv.reader(file))
    assert [line[9] for line in table[1:]] == ["5", "1008", "2007"]
    table[1][6], table[2][5] = "1", "2021-09-16 09:30:00"
    table[1][8] = "差"
    with target.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(table)
    second = imported(city, target)
    assert (second.accepted, second.refused, second.complaints) == (2, 1, 1)
    assert city.damage() == []


def test_what_the_first_run_came_to_stays_beside_the_second(city, path):
    first, second = imported(city, path), imported(city, path)
    with pytest.raises(Killed):
        import_file(city.ledger, city.office.desk(), path, OWN, killed)
    third = imported(city, path)
    with city.office.database.read() as conn:
        rows = {row.id: row for row in conn.execute(select(imports)).all()}
    kept = [rows.pop(one.id) for one in (first, second, third)]
    assert rows == {}, "what was cut off goes on under its own receipt"
    assert [(row.accepted, row.repeats) for row in kept] == [(1997, 3), (0, 2000), (0, 2000)]
    for receipt in (first, second, third):
        assert len(list(refused_rows(city.ledger, receipt))) == 3
    assert city.damage() == []


def said(folder, *words):
    """One command's code and what it said on both sides."""
    done = CliRunner().invoke(app, [*words, "--source", "bihuan", "--data", str(folder)])
    return done.exit_code, done.output


def test_the_command_names_the_refused_rows_also_when_rehearsing(folder, path):
    for more in ([], ["--dry-run"]):
        code, told = said(folder, "import", str(path), *more)
        assert code == 0
        told_of = "第 5 行，满意度（satisfaction）：来源 bihuan 没有这个代码，可写："
        levels = "5 非常满意、4 满意、3 基本满意、2 不满意、1 非常不满意（收到：9）"
        assert told_of + levels in told
        assert "第 2007 行，列数：应有 9 列（收到：1）" in told


def test_the_refused_rows_never_overwrite_the_file_they_are_from(folder, path):
    before = path.read_bytes()
    code, told = said(folder, "import", str(path), "--refused", str(path))
    assert (code, path.read_bytes()) == (2, before)
    assert "另取一个名字" in told
    code, told = said(folder, "import", str(path), "--refused", str(path.parent / "no" / "x.csv"))
    assert (code, "写不了" in told) == (2, True)


def list_of(path):
    """Where the refused rows lie where nobody says where."""
    return path.with_name(f"{path.name}.refused.csv")


def test_a_list_that_was_corrected_is_not_overwritten_and_the_other_name_is_told(folder, path):
    said(folder, "import", str(path))
    corrected = list_of(path).read_text(encoding="utf-8-sig").replace(",9,", ",1,")
    list_of(path).write_text(corrected, encoding="utf-8-sig")
    second = path.with_name("九月.csv.refused-2.csv")
    for _ in range(2):
        code, told = said(folder, "import", str(path))
        assert code == 0
        assert f"{second}（九月.csv.refused.csv 已有，没有覆盖）" in "".join(told.split("\n"))
        assert list_of(path).read_text(encoding="utf-8-sig") == corrected
    assert second.exists()
    assert not path.with_name("九月.csv.refused-3.csv").exists()


def test_the_refused_rows_go_nowhere_where_something_else_is(folder, path):
    notes = path.with_name("notes.txt")
    for held in ("我的笔记", "", HEADER + ",行号,字段,原因,多出的内容\n一,二\n"):
        notes.write_text(held, encoding="utf-8")
        code, told = said(folder, "import", str(path), "--refused", str(notes))
        assert (code, notes.read_text(encoding="utf-8")) == (2, held)
        assert f"--refused：已有这个文件，不会覆盖；请另取一个名字（收到：{notes}）" in told
    assert imported_nothing(folder)


def test_the_refused_rows_go_nowhere_into_the_data_folder(folder, path):
    before = {each: each.read_bytes() for each in folder.glob("bihuan.*")}
    beside = path.with_name("到数据那里")
    beside.symlink_to(folder)
    for target in (*before, folder / "新的.csv", beside / "bihuan.key", folder / "a" / ".." / "b"):
        code, told = said(folder, "import", str(path), "--refused", str(target))
        assert (code, "数据文件夹" in told, "另指定一个位置" in told) == (2, True, True)
    assert {each: each.read_bytes() for each in before} == before
    assert imported_nothing(folder)


def imported_nothing(folder):
    city = City(folder)
    with city.office.database.read() as conn:
        done = conn.execute(select(func.count()).select_from(ratings)).scalar_one() == 0
    city.close()
    return done


def test_cut_off_and_run_again_it_takes_the_place_of_its_own_earlier_list(
    city, folder, path, tmp_path
):
    asked = tmp_path / "拒收.csv"
    words = ("import", str(path), "--refused", str(asked))
    assert said(folder, *words)[0] == 0
    first = asked.read_bytes()
    with pytest.raises(Killed):
        import_file(city.ledger, city.office.desk(), path, OWN, killed)
    code, told = said(folder, *words)
    assert (code, "没有覆盖" in told) == (0, False)
    assert asked.read_bytes() == first
    assert [each.name for each in tmp_path.glob("拒收*")] == ["拒收.csv"]


def test_a_file_that_cannot_be_opened_is_a_refusal_not_a_crash(folder, tmp_path):
    for missing in (tmp_path / "没有.csv", tmp_path):
        for more in ([], ["--dry-run"]):
            code, told = said(folder, "import", str(missing), *more)
            assert (code, "打不开" in told) == (2, True)


@pytest.mark.skipif(os.getuid() == 0, reason="root may write anywhere")
def test_a_folder_that_cannot_be_written_is_told_before_anything_is_taken_in(folder, path):
    path.parent.chmod(0o555)
    try:
        code, told = said(folder, "import", str(path))
    finally:
        path.parent.chmod(0o755)
    assert (code, "写不了" in told) == (2, True)


def test_a_receipt_is_what_the_database_keeps():
    assert set(Receipt.__slots__) == {column.name for column in METADATA.tables["imports"].columns}
    assert refused.c.import_id is not None


def test_the_standards_ratings_get_their_unit_from_its_service_records(city, tmp_path):
    """GB/T 39046 names no unit in a rating; one that came first waits for its record."""
    told, standard = tmp_path / "标准.csv", source("gbt39046")
    head, row = "办件编号,评价渠道,评价时间,满意度代码,文字评价", "二维码,20210916T093000"
    told.write_text(f"{head}\nE1,{row},5,差\nE2,{row},1,\n", encoding="utf-8")
    import_file(city.ledger, city.office.desk(), told, standard, quiet)
    with city.office.database.read() as conn:
        assert set(conn.execute(select(ratings.c.unit)).scalars()) == {None}
    told.write_text(
        "办件编号,serviceTime,proDepart,areaCode\n"
        "E1,20210916T091500,区人社局,370303\nE2,20210916T091500,区人社局,370303\n",
        encoding="utf-8",
    )
    receipt = import_file(city.ledger, city.office.desk(), told, standard, quiet)
    assert (receipt.accepted, receipt.refused) == (2, 0)
    with city.office.database.read() as conn:
        assert set(conn.execute(select(ratings.c.unit)).scalars()) == {"ZD-RSJ"}
    assert city.damage() == []
