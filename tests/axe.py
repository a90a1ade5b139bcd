"""Whether everybody can use a page: axe-core's findings, of which the serious ones count."""

from __future__ import annotations

from functools import cache
from pathlib import Path

from playwright.sync_api import Page

AXE = Path(__file__).parents[1] / "console/web/frontend/node_modules/axe-core/axe.min.js"
SERIOUS = ("serious", "critical")
THERE = "() => 'axe' in window"
RUN = "() => axe.run(document, {resultTypes: ['violations']})"


def violations(page: Page) -> list[str]:
    """What keeps somebody from using this page, a line each: rule, how grave, where."""
    if not page.evaluate(THERE):
        page.evaluate(_axe())
    found = page.evaluate(RUN)["violations"]
    return [
        f"{one['id']} ({one['impact']}): {one['help']}: {node['target']}"
        for one in found
        if one["impact"] in SERIOUS
        for node in one["nodes"]
    ]


@cache
def _axe() -> str:
    return AXE.read_text(encoding="utf-8")
