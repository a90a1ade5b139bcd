"""第六幕：the circular's tables, computed from the database, cell by cell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from rich.table import Table
from rich.text import Text

from console.demo.acts import printed
from console.demo.acts.left_open import left_open
from console.demo.stage import Stage
from console.reports import annex3, annex4
from console.reports.footing import table_of
from console.reports.indicators import Indicators, Question, indicators
from console.reports.periods import parse_period

if TYPE_CHECKING:
    from console.reports.annex3 import Annex3Row
    from console.reports.annex4 import Annex4Row
    from console.wiring import Office

TITLE: Final = "印出通报的表，逐格对照"
Theirs = Mapping[printed.Cell, tuple[str, ...]]
_LEAST: Final = 5
_LETTERS: Final = ("A", "M", "P", "P/M", "D", "T")


def tables(stage: Stage, office: Office) -> None:
    """Annex 3, Annex 4 and the text; everything through the reports' own functions."""
    stage.say(
        "下面每个数都由 bihuan report 的函数从库里现算，再和通报逐格比。"
        "相同的只写一个数；不同的写成“算出≠通报”，标红。",
        pause=1.0,
    )
    with office.database.read() as conn:
        towns = annex3.annex3_rows(conn, office.units, "2021-05", "2021-09")
        units = annex4.annex4_rows(conn, office.units, parse_period("2021Q3"))
    found = _indicators(office)
    equal = [_annex3(stage, towns), _annex4(stage, units), _text(stage, found)]
    stage.say()
    cells, same = sum(n for n, _ in equal), sum(n for _, n in equal)
    stage.proof(f"合计 {same} / {cells} 格与通报相同", same == cells)
    left_open(stage, towns, units, found)


def _annex3(stage: Stage, rows: Sequence[Annex3Row]) -> tuple[int, int]:
    theirs = printed.annex3()
    stage.say()
    stage.line((annex3.TITLE, "bold"))
    stage.line(("A 办件　M 评价　P 现场主动　D 差评　T 有效差评；镇（街道），不含部门", "dim"))
    months = tuple(dict.fromkeys(row.month for row in rows))
    for group in [months] if stage.wide else [(month,) for month in months]:
        stage.say()
        if not stage.wide:
            stage.line((f"{group[0][:4]} 年 {int(group[0][5:])} 月", "bold"))
        stage.console.print(_annex3_table(rows, theirs, group))
        stage.pause(0.8)
    stage.say()
    pairs = [pair for row in rows for pair in _pairs(row, theirs)]
    same = sum(ours == their for ours, their in pairs)
    stage.proof(
        f"附件3：{same} / {len(pairs)} 格相同（{len(rows)} 行，每行 6 格）", same == len(pairs)
    )
    return len(pairs), same


def _annex3_table(rows: Sequence[Annex3Row], theirs: Theirs, months: Sequence[str]) -> Table:
    table = table_of("区县")
    for month in months:
        for letter in _LETTERS:
            name = letter if len(months) == 1 else f"{int(month[5:])}月\n{letter}"
            table.add_column(name, justify="right", no_wrap=True, min_width=_LEAST)
    for district in dict.fromkeys(row.district for row in rows):
        mine = [row for row in rows if row.district == district and row.month in months]
        table.add_row(district, *(_beside(*pair) for row in mine for pair in _pairs(row, theirs)))
    return table


def _pairs(row: Annex3Row, theirs: Theirs) -> Iterator[tuple[str, str]]:
    ours = (row.services, row.ratings, row.onsite, row.printed, row.bad, row.valid)
    for letter, mine, their in zip(_LETTERS, ours, theirs[row.district, row.month], strict=True):
        percent = "%" if letter == "P/M" else ""
        yield f"{mine}{percent}", f"{their}{percent}"


def _beside(ours: str, theirs: str) -> Text:
    return Text(ours) if ours == theirs else Text(f"{ours}≠{theirs}", style="bold red")


def _annex4(stage: Stage, rows: Sequence[Annex4Row]) -> tuple[int, int]:
    ours = [(str(row.rank), row.name, str(row.ratings)) for row in rows]
    pairs = list(zip(ours, printed.annex4(), strict=True))
    stage.say()
    stage.line((annex4.TITLE, "bold"))
    half = (len(pairs) + 1) // 2
    table = table_of("序号", "区县部门", "录入量", "　序号", "区县部门", "录入量")
    for place in (1, 4):
        names = table.columns[place]
        names.justify, names.no_wrap, names.overflow = "left", False, "fold"
    for left in range(half):
        both = [*pairs[left : left + 1], *pairs[left + half : left + half + 1]]
        table.add_row(
            *(_beside(a, b) for mine, their in both for a, b in zip(mine, their, strict=True))
        )
    stage.console.print(table)
    stage.line(f"合计 {sum(row.ratings for row in rows)}")
    cells = [pair for mine, their in pairs for pair in zip(mine, their, strict=True)]
    same = sum(a == b for a, b in cells)
    stage.proof(
        f"附件4：{same} / {len(cells)} 格相同（35 个部门，名次、名称、录入量）", same == len(cells)
    )
    stage.pause(1.5)
    return len(cells), same


def _text(stage: Stage, found: Indicators) -> tuple[int, int]:
    stage.say()
    stage.line(("正文的指标（张店区部门，2021 年第三季度）", "bold"))
    table = table_of("指标", "算出", "分子/分母", "通报")
    same, listed = 0, printed.statements()
    for said in listed:
        ours, of = _computed(found, said.figure)
        same += ours == said.printed
        table.add_row(said.name, _beside(ours, said.printed), of, said.printed)
    stage.console.print(table)
    stage.proof(f"正文：{same} / {len(listed)} 个指标相同", same == len(listed))
    stage.pause(1.5)
    return len(listed), same


def _indicators(office: Office) -> Indicators:
    ask = Question(parse_period("2021Q3"), "部门", "张店区", office.clock(), synthetic=True)
    with office.database.read() as conn:
        return indicators(conn, office.units, office.rulebook.policies, ask)


def _computed(found: Indicators, figure: str) -> tuple[str, str]:
    """What we print for a figure, and what it is made of."""
    if figure in ("bad", "valid"):
        return str(getattr(found, figure)), ""
    rate = found.figure("invalid_share" if figure == "invalid" else figure).rate
    if figure == "invalid":
        return str(rate.numerator), ""
    return rate.percent(), str(rate)
