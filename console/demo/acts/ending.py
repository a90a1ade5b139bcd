"""第八幕：where to go on, and where the time went."""

from __future__ import annotations

import resource
from pathlib import Path
from typing import Final

from console.demo.build import DESK, Built
from console.demo.stage import Stage

TITLE: Final = "接着看"


def ending(
    stage: Stage, folder: Path, featured: str, scenes: tuple[Built, Built], total: float
) -> None:
    """Two folders are left behind: the quarter, and a desk with something to do for everybody."""
    quarter, desk = scenes
    live = folder / DESK
    stage.say(f"{folder}/ 是走完的这个季度：")
    _commands(
        stage,
        (f"complaint show {featured} --data {folder}", "开场那一件，在这个季度里的全部时间线"),
        (f"report annex3 --from 2021-05 --to 2021-09 --data {folder}", "附件3"),
        (f"check --data {folder}", "从头核对每一行、每一步"),
    )
    stage.say()
    stage.say(
        f"{live}/ 是另一张办公桌，不在上面的数里：2021 年 10 月 22 日（星期五）09:00，"
        "十来件差评停在各个环节，"
        "有红有黄，一件因短信网关拒收而停放。时间停在那一刻，你办一步，它走一步："
    )
    _commands(
        stage,
        (f"demo --desk --data {folder}", "在浏览器里坐下来办：身份卡一点就进，钟可以快进"),
        (f"queue operator --data {live}", "话务员的待办"),
        (f"queue supervisor --data {live}", "监督员的待办"),
        (f"parked list --data {live}", "停放的那一件，和它的错误"),
        ("loop --format table", "整个闭环就是这一张表"),
    )
    stage.say()
    _spent(stage, quarter, desk, total)


def _spent(stage: Stage, quarter: Built, desk: Built, total: float) -> None:
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    rest = quarter.seconds - quarter.intake_seconds
    stage.say(
        f"用时：全程 {total:.0f} 秒。其中生成和归集 {quarter.intake_seconds:.0f} 秒"
        f"（含按虚拟时钟办件），季末收尾 {rest:.0f} 秒，办公桌 {desk.seconds:.0f} 秒，"
        "与前几幕的讲述同时进行。"
    )
    stage.say(
        f"内存（各进程最高）：前台 {own} MB，后台 {max(quarter.megabytes, desk.megabytes)} MB。"
    )


def _commands(stage: Stage, *commands: tuple[str, str]) -> None:
    for command, meaning in commands:
        stage.command(command, meaning)
    stage.pause(1.0)
