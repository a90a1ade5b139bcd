"""单位名册: the list of units in force, as a table or for a machine."""

from __future__ import annotations

from typing import Any

from rich.console import Console

from console.reports.footing import print_table, table_of
from workflow.units import UnitList


def units_json(units: UnitList, tier: str | None, area: str | None) -> dict[str, Any]:
    """The list's version and its units of a tier and an area."""
    return {
        "version": units.version,
        "units": [
            {
                "code": unit.code,
                "name": unit.name,
                "area": unit.area,
                "tier": unit.tier,
                "aliases": list(unit.aliases),
                "annex": unit.annex,
                "order": unit.order,
            }
            for unit in units.of(tier, area)
        ],
    }


def render_units(console: Console, units: UnitList, tier: str | None, area: str | None) -> None:
    """One line a unit, in the list's order."""
    table = table_of("代码", "名称", "区县", "层级", "别名", left=5)
    table.columns[4].no_wrap = False
    for unit in units.of(tier, area):
        table.add_row(unit.code, unit.name, unit.area, unit.tier, "、".join(unit.aliases))
    print_table(console, table)
    console.print(f"名册版本：{units.version}")
