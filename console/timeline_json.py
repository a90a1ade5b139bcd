"""时间线: one complaint's timeline for a machine."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from console import wording
from console.entries import Due, Entry, Timeline


def timeline_json(found: Timeline) -> dict[str, Any]:
    """Everything the viewer may see; instants as ISO 8601 in the office's zone."""
    return {
        "id": found.subject,
        "state": found.state,
        "version": found.version,
        "about": dict(found.head),
        "limits": _dues_json(found, found.open),
        "allowed": list(found.allowed),
        "timeline": [_entry_json(found, entry) for entry in found.entries],
    }


def _entry_json(found: Timeline, entry: Entry) -> dict[str, Any]:
    return {
        "version": entry.version,
        "event": entry.type,
        "label": entry.label,
        "state": entry.state,
        "occurred": wording.iso(entry.occurred_at, found.zone),
        "recorded": wording.iso(entry.recorded_at, found.zone),
        "role": entry.role,
        "actor": entry.who or None,
        "details": dict(entry.details),
        "limits": _dues_json(found, entry.limits),
    }


def _dues_json(found: Timeline, limits: Iterable[Due]) -> dict[str, Any]:
    return {
        due.name: {
            "due": wording.iso(due.due_at, found.zone),
            "provisional": due.provisional,
            "paused": due.paused,
        }
        for due in limits
    }
