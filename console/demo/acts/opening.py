"""第一幕：what this is, that its data are synthetic, and how long it takes."""

from __future__ import annotations

from pathlib import Path

from console.demo.stage import Stage

TITLE = "这是什么"


def opening(stage: Stage, folder: Path, rows: int, complaints: int) -> None:
    """Says so before anything is shown."""
    stage.act(1, TITLE)
    stage.say(
        "闭环（bihuan）把政务服务“好差评”里的每一件差评带过五个环节："
        "归集 → 分析 → 核实 → 整改 → 再评价。"
        "演示把淄博市张店区 2021 年第三季度照样走一遍，最后印出通报里的那几张表。",
        pause=1.5,
    )
    stage.say()
    stage.line(
        ("【合成数据】", "bold yellow"), "办件、评价、人名和电话都由程序生成，不是真实记录。"
    )
    stage.say(
        "只有总数取自公开的通报：附件3（11 个区县的镇、街道，5—9 月）、"
        "附件4（张店区 35 个部门，第三季度）和正文里的 67 件差评。"
        "生成器照总数造出一行行办件和评价，系统照平常的样子收进来、一件件办，再从库里算出总数。",
        pause=1.5,
    )
    stage.say()
    stage.say(
        f"要收 {rows // 10_000} 万多行，办 {complaints} 件差评。另两个进程在后台做这件事："
        "一个造数据、读数据，一个收数据、按虚拟时钟一天天办件；大约两分钟。"
        f"数据建在 {folder}/，每次运行都清空重建。前台先看一件差评怎么走。",
        pause=1.5,
    )
