"""演示：the eight acts in their order, told while the scenes are being built behind them."""

from __future__ import annotations

import time
from pathlib import Path

from console.demo.acts import collecting, ending, one_complaint, quarter, refusing, tables, trying
from console.demo.acts.opening import opening
from console.demo.build import DESK, wipe
from console.demo.building import building
from console.demo.generator import Quarter
from console.demo.stage import Footlights, Stage
from console.wiring import office


def play(folder: Path, seed: int, fast: bool) -> bool:
    """The whole demo in `folder`, which is wiped first; answers whether somebody watches it at a
    terminal. InvalidInput if it is no demo folder.
    """
    started = time.monotonic()
    wipe(folder)
    stage, made = Stage.here(fast), Quarter(seed)
    lights = Footlights(stage, made.rows, len(made.fates))
    opening(stage, folder, made.rows, len(made.fates))
    with building(folder, seed, lights.hear) as built:
        with lights.lit():
            one_complaint.one_complaint(stage, made)
            stage.act(3, collecting.TITLE)
            lights.alone()
            season = built.wait("quarter")
            if not stage.live:
                stage.say()
        with office(folder) as opened:
            with opened.database.read() as conn:
                collecting.collecting(stage, conn, lights.taken)
            stage.act(4, quarter.TITLE)
            quarter.quarter_by_days(stage, opened)
            stage.act(5, refusing.TITLE)
            refusing.refusing(stage, opened, seed)
            stage.act(6, tables.TITLE)
            tables.tables(stage, opened)
            stage.act(7, trying.TITLE)
            trying.trying(stage, opened)
            featured = quarter.complaint_of(opened, made.featured)
        desk = built.wait(DESK)
    stage.act(8, ending.TITLE)
    ending.ending(stage, folder, featured, (season, desk), time.monotonic() - started)
    return stage.live
