"""The list of units: names found and never guessed, bad lists refused by line and field."""

import csv
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select
from typer.testing import CliRunner

from console.cli import app
from workflow.errors import InvalidInput
from workflow.staff import load_staff
from workflow.storage.models import METADATA, staff, tallies
from workflow.units import SHIPPED, UnitList, load, seed, stored

DATA = Path(__file__).parents[1] / "data"
HEAD = 'version = "v"\neffective = 2021-01-01\n'


def rows_of(name):
    return list(csv.DictReader((DATA / name).read_text(encoding="utf-8").splitlines()))


@pytest.fixture(scope="module")
def zibo():
    return load(SHIPPED)


@pytest.fixture
def conn():
    engine = create_engine("sqlite://")
    METADATA.create_all(engine)
    with engine.begin() as connection:
        yield connection
    engine.dispose()


def toml(tmp_path, *units, head=HEAD):
    path = tmp_path / "units.toml"
    rows = "".join(f"\n[[unit]]\n{unit}\n" for unit in units)
    path.write_text(head + rows, encoding="utf-8")
    return path


def unit(code="A", name="甲局", tier="部门", rest=""):
    return f'code = "{code}"\nname = "{name}"\narea = "张店区"\ntier = "{tier}"\n{rest}'


def test_the_shipped_list_names_the_annex_s_35_departments_in_their_order(zibo):
    annex = rows_of("annex4_departments_2021Q3.csv")
    assert [u.printed for u in zibo.of("部门", "张店区")] == [row["department"] for row in annex]


def test_the_shipped_list_has_one_township_unit_for_each_district_of_annex_3(zibo):
    annex = rows_of("annex3_township_2021.csv")
    districts = tuple(dict.fromkeys(row["district"] for row in annex))
    assert zibo.areas("镇办") == districts
    assert [u.name for u in zibo.of("镇办")] == [f"{area}镇（街道）" for area in districts]


@pytest.mark.parametrize(
    ("said", "meant"),
    [
        ("总工会", "总工会"),
        ("区总工会", "总工会"),
        ("张店区教体局", "区教体局"),
        ("区人力资源和社会保障局", "区人社局"),
        ("  区人社局\t", "区人社局"),
        ("自然资源和规划局张店分局(含不动产)", "自然资源和规划局张店分局（含不动产）"),
        ("张店区镇(街道)", "张店区镇（街道）"),
        ("ZD-RSJ", "区人社局"),
    ],
)
def test_a_name_an_alias_and_a_code_find_their_unit(zibo, said, meant):
    assert zibo.resolve(said).name == meant


@pytest.mark.parametrize("said", ["", "区教育局", "人社", "张店区", "zd-rsj", "区人社局分局"])
def test_what_is_not_in_the_list_is_not_guessed(zibo, said):
    assert zibo.resolve(said) is None


def test_a_unit_of_another_area_is_not_meant(zibo):
    assert zibo.resolve("区人社局", area="张店区").code == "ZD-RSJ"
    assert zibo.resolve("区人社局", area="淄川区") is None
    assert zibo.resolve("ZD-RSJ", area="淄川区") is None


def test_a_name_two_areas_share_needs_its_area(tmp_path):
    units = load(toml(tmp_path, unit(), unit("B").replace("张店区", "淄川区")))
    assert units.resolve("甲局") is None
    assert units.resolve("甲局", "淄川区").code == "B"


def test_an_alias_claimed_by_two_units_is_refused(tmp_path):
    path = toml(tmp_path, unit(), unit("B", "乙局", rest='aliases = ["甲局 "]'))
    with pytest.raises(InvalidInput, match="第 11 行，aliases：已是“甲局”的名称或别名"):
        load(path)


@pytest.mark.parametrize(
    ("second", "field"),
    [
        (unit("A", "乙局"), "code"),
        (unit("B", ""), "name"),
        (unit("B", "乙\x7f局"), "name"),
        (unit("B,C", "乙局"), "code"),
        (unit("B 01", "乙局"), "code"),
        (unit("-", "乙局"), "code"),
        (unit("B", "乙局", tier="处室"), "tier"),
        (unit("B", "乙局", rest="order = 0"), "order"),
        (unit("B", "乙局", rest='order = "1"'), "order"),
        (unit("B", "乙局", rest='aliases = "丙"'), "aliases"),
        (unit("B", "乙局", rest="aliases = [3]"), "aliases"),
        (unit("B", "乙局", rest='phone = "1"'), "phone"),
        ('code = "B"', "name"),
    ],
    ids=range(13),
)
def test_a_bad_unit_is_refused_by_line_and_field(tmp_path, second, field):
    with pytest.raises(InvalidInput) as refused:
        load(toml(tmp_path, unit(), second.replace("\x7f", "\\u007f")))
    assert (refused.value.row, refused.value.field) == (11, field)


def test_a_code_in_another_form_of_its_letters_is_the_one_that_people_type(tmp_path):
    units = load(toml(tmp_path, unit("CAFE\u0301", "Cafe\u0301局")))
    assert units.resolve("CAF\u00c9") is units.resolve("Caf\u00e9局") is units.units[0]


@pytest.mark.parametrize(
    ("head", "field"),
    [
        ("effective = 2021-01-01\n", "version"),
        ('version = "v"\n', "effective"),
        (HEAD + "colour = 1\n", "colour"),
        (HEAD + "= ", "file"),
        (HEAD + "unit = 3\n", "unit"),
        (HEAD, "unit"),
    ],
)
def test_a_bad_file_is_refused(tmp_path, head, field):
    with pytest.raises(InvalidInput) as refused:
        load(toml(tmp_path, head=head))
    assert refused.value.field == field


def test_a_csv_roster_may_be_gb18030_with_chinese_headers(tmp_path):
    path = tmp_path / "roster-2.csv"
    text = "代码,名称,区县,层级,别名\nA,甲局,张店区,部门,甲；甲甲\nB,乙镇,张店区,镇办,\n"
    path.write_bytes(text.encode("gb18030"))
    units = load(path)
    assert units.version == "roster-2"
    assert [u.code for u in units.units] == ["A", "B"]
    assert units.resolve("甲甲").code == "A"


@pytest.mark.parametrize(
    ("text", "row", "field"),
    [
        ("", None, "file"),
        ("代码,名称\nA,甲\n", 2, "area"),
        ("代码,颜色\nA,甲\n", None, "header"),
        ("代码,名称,区县,层级\nA,甲局\n", 2, "row"),
        ("代码,名称,区县,层级,序号\nA,甲局,张店区,部门,首位\n", 2, "order"),
        (f"代码,名称,区县,层级,序号\nA,甲局,张店区,部门,{'9' * 5000}\n", 2, "order"),
        ("代码,名称,区县,层级\n\nA,甲局,张店区,科室\n", 3, "tier"),
        ('代码,名称,区县,层级\nA,"甲局,张店区,部门\n', None, "file"),
    ],
)
def test_a_bad_roster_is_refused_by_line_and_field(tmp_path, text, row, field):
    path = tmp_path / "roster.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        load(path)
    assert (refused.value.row, refused.value.field) == (row, field)


def test_neither_utf8_nor_gb18030_is_refused(tmp_path):
    path = tmp_path / "roster.csv"
    path.write_bytes(b"\xff\xff\xff")
    with pytest.raises(InvalidInput, match="编码"):
        load(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(InvalidInput, match="读不到"):
        load(tmp_path / "nowhere.toml")


def test_the_list_in_force_comes_back_as_it_was_seeded(conn, zibo):
    assert stored(conn).units == ()
    seed(conn, zibo)
    assert stored(conn).units == zibo.units
    assert stored(conn).version == "zibo-2021"


def test_a_unit_with_ratings_cannot_fall_off_the_list(conn, zibo):
    seed(conn, zibo)
    conn.execute(
        insert(tallies).values(
            day="2021-07-01", unit="ZD-RSJ", services=1, ratings=1, onsite=0, bad=0
        )
    )
    shorter = UnitList("next", zibo.units[1:])
    with pytest.raises(InvalidInput, match="ZD-RSJ"):
        seed(conn, shorter)
    seed(conn, UnitList("next", zibo.units[:-1]))
    assert stored(conn).version == "next"


@pytest.mark.parametrize(
    ("text", "field"),
    [
        ("单位,账号\n区人社局,a\n", "表头"),
        ("单位,账号,电话\n没有这个局,a,19900001234\n", "第2行 单位"),
        ("单位,账号,电话\n区人社局,,19900001234\n", "第2行 账号"),
        ("单位,账号,电话\n区人社局,a,12345\n", "第2行 电话"),
        ("单位,账号,电话\n区人社局,a,19900001234\n区人社局,a,19900001235\n", "账号"),
    ],
)
def test_a_broken_staff_list_names_line_and_field_and_no_number(tmp_path, text, field):
    path = tmp_path / "staff.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InvalidInput) as refused:
        load_staff(path, load())
    assert refused.value.field == field
    assert "1234" not in str(refused.value)


def test_the_staff_list_is_read_by_units_names_and_kept_by_hash_alone(city, tmp_path):
    path = tmp_path / "staff.csv"
    path.write_text("单位,账号,电话\n区人社局,经办01,199 0000 1234\n", encoding="gb18030")
    folder = city.office.data
    words = ["units", "staff", str(path), "--json", "--data", str(folder)]
    assert CliRunner().invoke(app, words).stdout == '{"staff": 1}\n'
    with city.office.database.read() as conn:
        (row,) = conn.execute(select(staff)).all()
    phone = city.office.vault.phone_hash("19900001234")
    assert (row.unit, row.account, row.phone) == ("ZD-RSJ", "经办01", phone)
