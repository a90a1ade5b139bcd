"""核对: what the columns of a complaint's row must say beside its fold, told a second time."""

from __future__ import annotations

from typing import Any

_COPIED = """state version profile profile_version source project_no service_number handled_by area
unit round claimer ticket collected_at ended_at next_call_at"""


def columns_of(told: dict[str, Any]) -> dict[str, Any]:
    """Every column but the fold, by what the log tells of the complaint."""
    columns = {name: told[name] for name in _COPIED.split()}
    others = "".join(f"{unit}," for unit in told["assisting"])
    return columns | {
        "assisting": f",{others}" if others else None,
        "due_at": min(_running(told), default=None),
        "marks": _marks(told),
    }


def _running(told: dict[str, Any]) -> list[int]:
    return [
        limit[0]
        for name, limit in told["limits"].items()
        if not name.endswith("_window") and name not in told["paused"]
    ]


def _marks(told: dict[str, Any]) -> str:
    said = " verify" if "verify" in told["limits"] else ""
    said += " contact" if told["contact_requested"] else ""
    said += " malice" if told["alleger"] else ""
    said += " question" if told["question_open"] else ""
    said += " extension" if told["extension_asked"] else ""
    said += " capped" if told["returns_used_up"] and told["state"] == "RETURNED" else ""
    said += " retaliation" if told["retaliation"] else ""
    return f"{said} " if said else ""
