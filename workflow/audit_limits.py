"""核对: what an event does to a complaint's limits and pauses, told naively once more."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Row

_MOVING = ("RectificationSentBack", "ExtensionGranted", "DeadlineRecomputed", "ComplaintConfirmed")


def take_limits(row: dict[str, Any], kind: str, changed: dict[str, Any]) -> None:
    """The limits that run after it, and the generations so far."""
    for name in (*changed.get("met", ()), *changed.get("cancelled", ())):
        gone = row["limits"].pop(name, None)
        if name == "rectify" and name in changed["met"]:
            row["met_rectify"] = gone
    for name, opened in changed.get("opened", {}).items():
        row["limits"][name] = opened
        row["generations"][name] = opened[4]
    if kind == "RectificationSentBack" and "rectify" in changed.get("opened", ()):
        row["met_rectify"] = None


def take_class(row: dict[str, Any], event: Row[Any]) -> None:
    """Work that was late before anybody said how hard it is; `row` has the limits before."""
    if event.type not in ("ComplaintConfirmed", "RectificationSubmitted"):
        return
    if event.type == "RectificationSubmitted" and row["verdict"]:
        return
    running = row["limits"].get("rectify")
    if running and running[0] < row["paused"].get("rectify", event.occurred_at):
        row["class_late"] = True


def take_pauses(row: dict[str, Any], event: Row[Any], changed: dict[str, Any]) -> None:
    """A limit that was paused and is opened runs on; one opened by what moves none begins anew."""
    for name in changed.get("opened", ()):
        if name in row["paused"]:
            over = [row["paused"].pop(name), event.occurred_at]
            row["pauses"][name] = [*row["pauses"].get(name, ()), over]
        elif event.type not in _MOVING:
            row["pauses"].pop(name, None)
    for name in (*changed.get("met", ()), *changed.get("cancelled", ())):
        row["paused"].pop(name, None)
    for name in changed.get("paused", ()):
        row["paused"][name] = event.occurred_at
