"""第六幕：what the circular itself leaves open; figures from outside are shown, not computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from console.demo.stage import Stage

if TYPE_CHECKING:
    from console.reports.annex3 import Annex3Row
    from console.reports.annex4 import Annex4Row
    from console.reports.indicators import Indicators

_HOME = "张店区"
_QUARTER = ("2021-07", "2021-08", "2021-09")


def left_open(
    stage: Stage, towns: Sequence[Annex3Row], units: Sequence[Annex4Row], found: Indicators
) -> None:
    """Each point with the numbers it rests on; then what only others know."""
    stage.say()
    stage.say("通报自己没有说清的，照样列出，不凑数：", style="bold")
    for number, point in enumerate(_points(towns, units, found), 1):
        stage.say(point, pause=0.8, lead=f"  {number} ")
    stage.say()
    stage.say("只有别处知道的，注明“外部数字”，照录，从不计算：", style="bold")
    for figure in found.outside:
        stage.line(f"  {figure.name} {figure.value}", (f"　{figure.source}", "dim"))
    stage.pause(1.5)


def _points(
    towns: Sequence[Annex3Row], units: Sequence[Annex4Row], found: Indicators
) -> Iterator[str]:
    entered = sum(row.ratings for row in units)
    home = [row for row in towns if row.district == _HOME and row.month in _QUARTER]
    both = entered + sum(row.ratings for row in home)
    yield (
        f"正文说累计上传 51 万余条；附件4 合计 {entered:,}，就算加上张店镇街三个月的评价，"
        f"也只有 {both:,}，还差 7 万多条。"
    )
    yield (
        f"正文差评 {found.bad}、有效 {found.valid}；"
        f"附件3 张店三个月差评 {sum(r.bad for r in home)}、"
        f"有效 {sum(r.valid for r in home)}。口径不同，不能互比，更不能相加。"
    )
    every, valid = (found.figure(name).rate.percent() for name in ("good_all", "good_valid"))
    yield (
        f"好评率印作 100%，没有说差评怎么扣。这里有反例就不印 100%："
        f"扣全部差评是 {every}，只扣有效差评是 {valid}。"
    )
    empty = [f"{r.district}{int(r.month[5:])}月" for r in towns if not r.ratings]
    yield f"{'、'.join(empty)}没有评价，附件3 仍印 0%；这里照印，但不拿它排名。"
    yield (
        "按时回访率、整改率、整改满意率没有给公式；"
        "这里的公式在 bihuan report indicators 里逐条列出。"
    )
