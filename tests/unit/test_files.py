"""Files as they really come: every encoding, broken rows, bombs; one bad row never stops a file."""

import contextlib
import csv
import io
import os
import re
import signal
import tracemalloc
import zipfile
from collections.abc import Iterator
from datetime import datetime
from multiprocessing import active_children
from pathlib import Path

import openpyxl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from papers import damaged, repacked

from producers.apart import apart
from producers.files import ADDED, open_table, table_of
from producers.files.delimited import csv_rows
from producers.files.refused import write_refused
from producers.platforms import Record, read_batches
from producers.sources import source
from schemas.rating import Rating, Refusal, ServiceRecord
from workflow.errors import InvalidInput, Transient

OWN = source("bihuan")
HEADER = "办件编号,评价时间,满意度,单位名称,文字评价"
TIME = "2021-07-01 09:30:00"


def line(number: int, text: str = "") -> str:
    return f"JS{number},{TIME},5,区医保局,{text}"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "评价.csv"


def written(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> Path:
    path.write_bytes("".join(text + end for text in lines).encode(encoding))
    return path


def taken(path: Path) -> tuple[list[Record], list[Refusal]]:
    batches = list(read_batches(path, OWN))
    return [r for b in batches for r in b.rows], [r for b in batches for r in b.refused]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_every_encoding_in_use_is_read(path: Path, encoding: str, end: str) -> None:
    written(path, HEADER, line(1, "办得快"), line(2, "㐀𠀀"), encoding=encoding, end=end)
    rows, refused = taken(path)
    assert refused == []
    assert [row.writingEvaluation for row in rows if isinstance(row, Rating)] == ["办得快", "㐀𠀀"]


def test_a_header_in_ascii_leaves_the_encoding_to_the_rows(path: Path) -> None:
    ascii_header = "projectNo,assessTime,satisfaction,proDepart,writingEvaluation"
    ascii_row = f"JS1,{TIME},5,unit," + "x" * 3000
    written(path, ascii_header, *[ascii_row] * 500, line(2, "办得快"), encoding="gb18030")
    rows, refused = taken(path)
    assert refused == []
    assert rows[-1].proDepart == "区医保局"


@pytest.mark.parametrize(("most", "stray"), [("utf-8", "gb18030"), ("gb18030", "utf-8")])
def test_a_row_in_another_encoding_is_refused_and_named(path: Path, most: str, stray: str) -> None:
    lines = [HEADER, line(1, "办得快"), line(2, "又让我回去开证明"), line(3, "谢谢")]
    encoded = [text.encode(stray if place == 2 else most) for place, text in enumerate(lines)]
    path.write_bytes(b"\n".join(encoded))
    rows, (refused,) = taken(path)
    assert [row.projectNo for row in rows] == ["JS1", "JS3"]
    assert (refused.row, refused.field) == (3, "单位名称")
    assert refused.reason == f"不是 {most.upper()} 编码"


def test_one_foreign_row_does_not_decide_for_all(path: Path) -> None:
    """The header is no help: it is ASCII, and Chinese in UTF-8 is mostly valid GB18030."""
    head = "projectNo,assessTime,satisfaction,proDepart"
    rows = [f"JS{n},{TIME},5,区人社局".encode() for n in range(200)]
    rows[5] = rows[5].decode().encode("gb18030")
    path.write_bytes(b"\n".join([head.encode(), *rows]))
    taken_in, (refused,) = taken(path)
    assert len(taken_in) == 199
    assert (refused.row, refused.field, refused.value) == (7, "proDepart", "区人社局")
    assert refused.reason == "不是 UTF-8 编码"


def test_a_quoted_line_break_belongs_to_its_cell(path: Path) -> None:
    written(path, HEADER, line(1, '"第一行\n第二行，""好"""'), line(2), "", line(4))
    (batch,) = read_batches(path, OWN)
    first = batch.rows[0]
    assert isinstance(first, Rating)
    assert first.writingEvaluation == '第一行\n第二行，"好"'
    assert batch.numbers == [2, 4, 6]


def test_an_unbalanced_quote_costs_its_own_row_only(path: Path) -> None:
    written(path, HEADER, line(1), line(2, '"没有收尾'), *map(line, range(3, 200)))
    rows, (refused,) = taken(path)
    assert (refused.row, refused.reason) == (3, "引号没有成对")
    assert [row.projectNo for row in rows] == ["JS1", *(f"JS{n}" for n in range(3, 200))]


def test_two_unbalanced_quotes_do_not_swallow_the_rows_between(path: Path) -> None:
    written(path, HEADER, line(1, '"a'), line(2), line(3, '"b'), line(4))
    rows, refused = taken(path)
    assert [refusal.row for refusal in refused] == [2, 4]
    assert [row.projectNo for row in rows] == ["JS2", "JS4"]


def test_wrong_numbers_of_columns(path: Path) -> None:
    written(path, HEADER, f"JS1,{TIME},5", line(2) + ",,,", line(3) + ",多", ",,,,")
    rows, refused = taken(path)
    assert [row.projectNo for row in rows] == ["JS2"]
    assert [(r.row, r.field, r.value) for r in refused] == [(2, "列数", "3"), (4, "列数", "6")]


def test_nul_and_control_characters(path: Path) -> None:
    written(path, HEADER, line(1, "办\x00得\x0b快\u202e"), "J\x00S2" + line(2)[3:])
    rows, (refused,) = taken(path)
    assert isinstance(rows[0], Rating)
    assert rows[0].writingEvaluation == "办得快"
    assert (refused.row, refused.field, refused.reason) == (3, "projectNo", "含控制字符或乱码")


@pytest.mark.guarantee("G9")
def test_a_line_without_an_end_is_refused_without_being_held(path: Path) -> None:
    written(path, HEADER, line(1, "x" * 3_000_000), line(2))
    rows, (refused,) = taken(path)
    assert refused.row == 2
    assert [row.projectNo for row in rows] == ["JS2"]


@pytest.mark.parametrize(
    ("header", "named"),
    [
        ("办件编号,评价时间,单位名称", "serviceTime（服务时间）|satisfaction（满意度）"),
        ("满意度,单位名称", "projectNo（办件编号）、assessTime（评价时间）"),
        ("办件编号,评价时间,满意度,单位名称,备注", "备注"),
        ("办件编号,办件编号,评价时间,满意度", "办件编号"),
        ("办件编号,,评价时间,满意度", "第 2 列"),
        ("办件编号\t评价时间\t满意度", "英文逗号"),
        ("", "第 1 行是空行"),
        ('"办件编号,评价时间', "引号"),
    ],
)
def test_a_wrong_header_is_one_clear_error(path: Path, header: str, named: str) -> None:
    written(path, header, line(1))
    with pytest.raises(InvalidInput, match=named):
        next(read_batches(path, OWN))


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "空文件"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600, ".xls"),
        (HEADER.encode("utf-16"), "UTF-16"),
        ("projectNo,satisfaction".encode("utf-16-le"), "UTF-16"),
        (b"PK\x03\x04" + b"\0" * 600, "XLSX"),
        (f"{HEADER}\rJS1,5\rJS2,5\r".encode(), "只有回车符"),
        (f'{HEADER}\r"JS1",5\r'.encode() * 9000, "只有回车符"),
        (b"\xff\xd8\xff\xe0\x00\x10JFIF\x00\x01,\n", "表头"),
    ],
)
def test_files_of_another_kind_are_refused_by_name(path: Path, content: bytes, named: str) -> None:
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=named):
        next(read_batches(path, OWN))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="打不开"):
        next(read_batches(tmp_path / "没有.csv", OWN))
    with pytest.raises(InvalidInput, match="打不开"):
        next(read_batches(tmp_path, OWN))


def test_services_ratings_or_both_in_one_file(path: Path) -> None:
    written(path, "办件编号,服务时间,单位名称", f"JS1,{TIME},区医保局")
    assert [type(row) for row in taken(path)[0]] == [ServiceRecord]
    mixed = "类别,办件编号,服务时间,评价时间,满意度,单位名称"
    written(
        path, mixed, f"办件,1,{TIME},,,甲", f"评价,1,,{TIME},非常满意,甲", f"投诉,1,,{TIME},1,甲"
    )
    rows, (refused,) = taken(path)
    assert [type(row) for row in rows] == [ServiceRecord, Rating]
    assert (refused.row, refused.field, refused.value) == (4, "record", "投诉")


def test_batches_say_where_they_are_and_reading_goes_on_from_there(path: Path) -> None:
    lines = [line(n) if n % 10 else f"JS{n},昨天,5,区医保局," for n in range(1, 2501)]
    written(path, HEADER, *lines)
    batches = list(read_batches(path, OWN))
    assert [b.last_row for b in batches] == [1001, 2001, 2501]
    assert [len(b.rows) + len(b.refused) for b in batches] == [1000, 1000, 500]
    assert batches[0].bytes_read < batches[-1].bytes_read == batches[-1].total_bytes
    (rest,) = read_batches(path, OWN, after_row=2001)
    assert (rest.rows, rest.refused) == (batches[2].rows, batches[2].refused)


def test_what_is_said_of_a_refused_row_names_no_citizen(path: Path, tmp_path: Path) -> None:
    header = "办件编号,评价人,手机号,证件号,评价时间,满意度,单位名称,文字评价"
    person = "欧阳某,13812345678,370303199001011234"
    row = f"JS1,{person},{TIME},5,甲局,"
    broken = [row + '"', row + ",,,x", row.replace("JS1", ""), row.replace(",5,", ",欧,")]
    broken += [f"JS1,{'欧阳某' * 99},,,{TIME},5,甲局,", f"JS1,,{'138123' * 20},,{TIME},5,甲局,"]
    _, refused = taken(written(path, header, *broken, row.replace("欧阳某", "欧\x00阳某")))
    assert len(refused) == 6
    cells = tuple(row.split(","))
    numeric = (*cells[:3], 370303199001011234, *cells[4:])
    _, more = taken(sheet(tmp_path / "a.xlsx", tuple(header.split(",")), numeric))
    said = " ".join(f"{r.field} {r.value} {r.reason}" for r in [*refused, *more])
    assert not any(secret in said for secret in ("欧阳", "1234567", "19900101", "138123"))


def test_a_second_process_reads_the_same(path: Path) -> None:
    written(path, HEADER, *(line(n, "好" if n % 3 else '"坏') for n in range(1, 1500)))
    assert list(apart(read_batches, path, OWN)) == list(read_batches(path, OWN))
    with pytest.raises(InvalidInput, match="备注") as caught:
        next(apart(read_batches, written(path, HEADER + ",备注"), OWN))
    assert (caught.value.field, caught.value.row) == ("表头", 1)


def test_the_second_process_ends_with_its_reader(path: Path) -> None:
    written(path, HEADER, *map(line, range(5000)))
    batches = apart(read_batches, path, OWN)
    next(batches)
    batches.close()  # type: ignore[attr-defined]
    assert active_children() == []


def test_a_second_process_that_is_killed_is_an_error_not_an_end(path: Path) -> None:
    written(path, HEADER, *map(line, range(20_000)))
    batches = apart(read_batches, path, OWN)
    next(batches)
    (child,) = active_children()
    assert child.pid is not None
    os.kill(child.pid, signal.SIGKILL)
    with pytest.raises(Transient):
        list(batches)


def test_refused_rows_are_written_corrected_and_taken_in(path: Path, tmp_path: Path) -> None:
    written(
        path,
        HEADER,
        line(1),
        line(2, "=HYPERLINK(1)").replace(",5,", ",9,"),
        line(3, "'@不动").replace(TIME, "昨天"),
        line(4) + ",多出",
        line(5, '"没有收尾'),
    )
    _, refused = taken(path)
    corrected = tmp_path / "拒收.csv"
    assert write_refused(corrected, path, iter(refused)) == 4
    raw = corrected.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    table = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"))))
    assert table[0] == [*HEADER.split(","), *ADDED]
    assert [row[5] for row in table[1:]] == ["3", "4", "5", "6"]
    assert table[1][4:7] == ["'=HYPERLINK(1)", "3", "满意度（satisfaction）"]
    assert table[3][8] == "多出"

    table[1][2], table[2][1], table[4][4] = "4", TIME, "补上"
    with corrected.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(table)
    rows, again = taken(corrected)
    assert again == []
    texts = [row.writingEvaluation for row in rows if isinstance(row, Rating)]
    assert texts == ["=HYPERLINK(1)", "'@不动", "", "补上"]


def sheet(path: Path, *rows: tuple[object, ...]) -> Path:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)  # type: ignore[union-attr]
    book.save(path)
    return path


def test_a_spreadsheet_with_dates_numbers_and_formulas(tmp_path: Path) -> None:
    path = sheet(
        tmp_path / "评价.xlsx",
        tuple(HEADER.split(",")),
        ("JS1", datetime(2021, 7, 1, 9, 30, 0, 999_900), 5, "区医保局", "@1+1"),  # noqa: DTZ001
        ("JS2", TIME, 4.0, "区医保局", None),
        (None, None, None, None, None),
        (370303210701000123, TIME, 5, "区医保局", ""),
        ("JS5", TIME, "五", "区医保局", ""),
        ("=B7", TIME, 5, "区医保局", ""),
    )
    rows, refused = taken(path)
    assert [row.projectNo for row in rows] == ["JS1", "JS2"]
    first = rows[0]
    assert isinstance(first, Rating)
    assert first.assessTime.isoformat() == "2021-07-01T01:30:01+00:00"
    assert first.writingEvaluation == "@1+1"
    assert [(r.row, r.field) for r in refused] == [
        (5, "办件编号"),
        (6, "satisfaction"),
        (7, "办件编号"),
    ]
    assert "公式" in refused[2].reason


def test_a_distorted_number_comes_back_refused_until_it_is_put_right(tmp_path: Path) -> None:
    rows = (370303202109010001, TIME, 5, "区医保局", 1e300), ("JS2", TIME, 5, "区医保局", 10**16)
    path = sheet(tmp_path / "评价.xlsx", tuple(HEADER.split(",")), *rows)
    _, refused = taken(path)
    back = tmp_path / "拒收.csv"
    assert write_refused(back, path, iter(refused)) == 2
    unchanged, again = taken(back)
    assert unchanged == []
    assert [(r.field, r.reason) for r in again] == [
        ("办件编号", "数字超过 15 位已失真，请把该列存为文本"),
        ("文字评价", "数字超过 15 位已失真，请把该列存为文本"),
    ]

    table = list(csv.reader(io.StringIO(back.read_text(encoding="utf-8-sig"))))
    assert table[1][0] == "3.70303202109010E+17"
    table[1][0], table[1][4], table[2][4] = "370303202109010001", "办得快", "一直打不通"
    with back.open("w", encoding="utf-8-sig", newline="") as file:
        csv.writer(file).writerows(table)
    corrected, again = taken(back)
    assert again == []
    assert [row.projectNo for row in corrected] == ["370303202109010001", "JS2"]


def bomb(path: Path, member: str) -> Path:
    good = sheet(path, tuple(HEADER.split(",")))
    with zipfile.ZipFile(good, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(member, b"0" * (80 << 20))
    return good


@pytest.mark.parametrize(
    "member", ["xl/worksheets/sheet2.xml", "xl/more/sharedStrings.xml", "xl/more.xml"]
)
def test_a_bomb_is_not_opened(tmp_path: Path, member: str) -> None:
    with pytest.raises(InvalidInput, match="过大"):
        next(read_batches(bomb(tmp_path / "b.xlsx", member), OWN))


def altered(path: Path, old: str, new: str) -> Path:
    """The same spreadsheet with something else in its sheet."""
    other = path.with_name("altered.xlsx")
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(other, "w", zipfile.ZIP_DEFLATED) as copy:
        for name in book.namelist():
            content = book.read(name)
            if name.endswith("sheet1.xml"):
                assert old.encode() in content
                content = content.replace(old.encode(), new.encode())
            copy.writestr(name, content)
    return other


@pytest.mark.parametrize("number", ["999999999999", "-5", "1", "2.5", "x"])
def test_a_row_with_an_impossible_number_ends_the_file_and_is_not_dropped(
    tmp_path: Path, number: str
) -> None:
    path = sheet(tmp_path / "a.xlsx", tuple(HEADER.split(",")), ("JS1", TIME, 5, "区医保局", ""))
    with pytest.raises(InvalidInput, match="第 2 行，文件：文件从此处起损坏"):
        list(read_batches(altered(path, '<row r="2"', f'<row r="{number}"'), OWN))


def test_a_row_of_a_million_cells_is_not_held(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", tuple(HEADER.split(",")), ("JS1", TIME, 5, "区医保局", ""))
    end = "</row></sheetData>"
    cells = "".join(f"<c><v>{hash(str(n))}</v></c>" for n in range(400_000))
    tracemalloc.start()
    with pytest.raises(InvalidInput, match="损坏"):
        list(read_batches(altered(path, end, cells + end), OWN))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 60_000_000


def test_empty_rows_between_others_cost_nothing_and_lines_keep_their_numbers(
    tmp_path: Path,
) -> None:
    path = sheet(tmp_path / "a.xlsx", tuple(HEADER.split(",")), ("JS1", TIME, 5, "区医保局", ""))
    (batch,) = read_batches(altered(path, '<row r="2"', '<row r="1048576"'), OWN)
    assert batch.numbers == [1048576]
    with pytest.raises(InvalidInput, match="第 1 行是空行"):
        list(read_batches(altered(path, '<row r="1"', '<row r="2"'), OWN))


def test_a_spreadsheet_broken_in_its_middle_keeps_what_came_before(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", tuple(HEADER.split(",")), *[("JS1", TIME, 5, "局", "")] * 50)
    broken = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(broken, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            whole = not name.endswith("sheet1.xml")
            new.writestr(name, content if whole else content[: len(content) // 2])
    batches = read_batches(broken, OWN, size=10)
    assert len(next(batches).rows) == 10
    with pytest.raises(InvalidInput, match="损坏"):
        list(batches)


PACKINGS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)


@pytest.mark.parametrize("packed", PACKINGS)
def test_a_damaged_spreadsheet_is_read_or_refused_and_nothing_else(
    tmp_path: Path, packed: int
) -> None:
    path = sheet(tmp_path / "a.xlsx", tuple(HEADER.split(",")), *[("JS1", TIME, 5, "局", "")] * 5)
    whole = repacked(path.read_bytes(), packed)
    for seed in range(150):
        file = io.BytesIO(damaged(whole, seed))
        with contextlib.suppress(InvalidInput), table_of(file, "a.xlsx") as table:
            list(table.rows)


@pytest.mark.parametrize(
    ("part", "old", "new"),
    [
        ("[Content_Types].xml", b"<Types", b"<?xml version='1.0' encoding='UhF-8'?><Types"),
        ("xl/workbook.xml", b"<workbook", b"<!-- "),
    ],
)
def test_a_part_that_is_no_xml_is_a_damaged_file(
    tmp_path: Path, part: str, old: bytes, new: bytes
) -> None:
    path = sheet(tmp_path / "a.xlsx", tuple(HEADER.split(",")))
    broken = tmp_path / "b.xlsx"
    with zipfile.ZipFile(path) as book, zipfile.ZipFile(broken, "w") as copy:
        for name in book.namelist():
            content = book.read(name)
            copy.writestr(name, content.replace(old, new) if name == part else content)
    with pytest.raises(InvalidInput, match="不是完好的 XLSX"):
        next(read_batches(broken, OWN))


def test_an_encrypted_spreadsheet_is_refused(tmp_path: Path) -> None:
    path = sheet(tmp_path / "a.xlsx", tuple(HEADER.split(",")))
    content = bytearray(path.read_bytes())
    for entry in re.finditer(rb"PK\x01\x02", bytes(content)):
        content[entry.start() + 8] |= 1
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match="不是完好的 XLSX"):
        next(read_batches(path, OWN))


def test_the_last_second_that_a_spreadsheet_knows_is_read(tmp_path: Path) -> None:
    heading = (*HEADER.split(","), "服务时间")
    rated = ("JS1", TIME, 5, "区医保局", "", datetime(2021, 7, 1, 9, 30))  # noqa: DTZ001
    path = altered(
        sheet(tmp_path / "a.xlsx", heading, rated), "44378.39583333334", "2958465.999995"
    )
    with open_table(path) as table:
        ((_, cells, refused),) = table.rows
    assert (cells[-1], refused) == ("9999-12-31 23:59:59", None)


@pytest.mark.guarantee("G9")
def test_reading_a_large_file_does_not_hold_it(path: Path) -> None:
    """Held batches would keep every row alive; a stream lets each one go."""
    written(path, HEADER, *map(line, range(30_000)))
    tracemalloc.start()
    for _ in read_batches(path, OWN):
        pass
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 12_000_000


def cells(text: str) -> Iterator[tuple[int, list[str], Refusal | None]]:
    return csv_rows(io.BytesIO(text.encode("utf-8")))


ANY = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\r\x00"), max_size=12)


@given(st.lists(st.lists(ANY, min_size=3, max_size=3), min_size=1, max_size=8))
def test_whatever_a_csv_writer_writes_is_read_back(rows: list[list[str]]) -> None:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    assert [row[1] for row in cells(out.getvalue())][1:] == rows


@given(st.binary(max_size=300))
def test_no_bytes_at_all_break_the_reader(content: bytes) -> None:
    rows = list(csv_rows(io.BytesIO(content)))
    assert [number for number, _, _ in rows] == sorted({number for number, _, _ in rows})


@given(st.lists(st.sampled_from(['"', ",", "\n", "a", "好", "'"]), max_size=60))
def test_every_line_is_answered_for(pieces: list[str]) -> None:
    text = "x,y\n" + "".join(pieces)
    lines = text.split("\n")
    answered = {number for number, _, _ in cells(text)}
    spanned = sum(row.count("\n") for _, cells_, _ in cells(text) for row in cells_)
    assert len(answered) + spanned == len(
        [n for n, li in enumerate(lines) if li or n < len(lines) - 1]
    )


def test_a_table_says_its_header(path: Path) -> None:
    with open_table(written(path, " 办件编号 ,满意度,,", "1,5,,")) as table:
        assert table.header == ("办件编号", "满意度")
        assert list(table.rows) == [(2, ["1", "5"], None)]
