"""闭环: the loop's table as a diagram, as tables and as data; made from the table and nothing
else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from console.cli_help import wrapped
from console.loop_words import NEEDS
from console.loop_words import ROUTES as WORDED
from console.wording import event_name, role_name, table
from schemas.envelope import Role
from workflow.errors import InvalidInput
from workflow.limits import LIMITS, OWNERS, LimitRow
from workflow.loop import STEPS, Step
from workflow.states import ENDS, OPEN, STAGES, STATE_NAMES, State

BROAD = 4
"""From so many states on a step is a note in the diagram: arrows from everywhere hide the loop."""

ROUTES = {
    name: WORDED[name]
    for name in ("verify_first", "dispatch_first", "with_review", "without_review")
}
"""What a profile chooses; the other routes are told by the step's own name."""

ROLES = tuple(role for role in Role if any(role in step.roles for step in STEPS))
Rows = list[tuple[str, ...]]


def mermaid() -> str:
    """The loop as a Mermaid state diagram: a box for each stage, an arrow for each change of
    state.
    """
    lines = ["stateDiagram-v2", "    direction LR"]
    for number, (stage, states) in enumerate(STAGES.items(), 1):
        lines.append(f'    state "{stage}" as stage{number} {{')
        lines += [f"        {state}: {STATE_NAMES[state]}" for state in states]
        lines.append("    }")
    lines += [f"    {a} --> {b}: {label}" for (a, b), label in _arrows().items()]
    lines += [f"    {state} --> [*]" for state in ENDS]
    for state, note in _notes().items():
        lines.append(f"    note right of {state}: {note}")
    return "\n".join(lines) + "\n"


def _arrows() -> dict[tuple[str, str], str]:
    labels: dict[tuple[str, str], list[str]] = {}
    for step in STEPS:
        if step.to is None or len(step.sources) >= BROAD:
            continue
        for source in step.sources or ("[*]",):
            if source != step.to:
                labels.setdefault((str(source), str(step.to)), []).append(_label(step))
    return {pair: " / ".join(dict.fromkeys(notes)) for pair, notes in labels.items()}


def _label(step: Step) -> str:
    route = ROUTES.get(step.when.__name__) if step.when else None
    return f"{step.note}（{route}）" if route else step.note


def _notes() -> dict[State, str]:
    broad: dict[State, list[str]] = {}
    for step in STEPS:
        if step.to is not None and len(step.sources) >= BROAD:
            broad.setdefault(step.to, []).append(f"{_label(step)}，自{_states(step.sources)}")
    return {state: " / ".join(notes) for state, notes in broad.items()}


def _states(states: tuple[State, ...]) -> str:
    if states == tuple(State):
        return "任一状态"
    if states == OPEN:
        return "任一未办结状态"
    return "、".join(STATE_NAMES[state] for state in states)


def steps() -> Rows:
    """Every row of the table in words, the heading first."""
    rows: Rows = [("步骤", "事件", "由谁记录", "自", "到", "走哪一行", "还须")]
    for step in STEPS:
        rows.append(
            (
                step.note,
                step.event,
                _roles(step.roles),
                _states(step.sources) or "（新件）",
                "（不变）" if step.to is None else STATE_NAMES[step.to],
                _named(WORDED, step.when.__name__) if step.when else "",
                "、".join(_named(NEEDS, need.__name__) for need in step.needs),
            )
        )
    return rows


def _named(words: Mapping[str, str], name: str) -> str:
    return f"{words[name]}（`{name}`）"


def _roles(roles: frozenset[Role]) -> str:
    return "、".join(role_name(role) for role in Role if role in roles)


def limits() -> Rows:
    """Every limit in words, the heading first; a window is how long somebody may still ask."""
    rows: Rows = [("时限", "名称", "开始于", "办结于", "取消于", "停表", "由谁负责")]
    rows += [
        (
            row.label + ("（窗口期）" if row.window else ""),
            row.name,
            _events(kind for kind, _ in row.opened_by),
            _events(row.met_by),
            _events(row.cancelled_by),
            f"{event_name(row.paused_by)}起（看本地规则）" if row.paused_by else "",
            role_name(row.owner),
        )
        for row in LIMITS
    ]
    return rows


def _events(kinds: Any) -> str:
    return "、".join(dict.fromkeys(event_name(kind) for kind in kinds))


def matrix() -> Rows:
    """Who may record what: a row for each event, a column for each role."""
    rows: Rows = [("事件", "步骤", *(role_name(role) for role in ROLES))]
    for event in dict.fromkeys(step.event for step in STEPS):
        allowed = frozenset[Role]().union(*(s.roles for s in STEPS if s.event == event))
        rows.append((event, event_name(event), *("●" if r in allowed else "" for r in ROLES)))
    return rows


def as_json() -> dict[str, Any]:
    """The whole table for a machine: states, steps, limits, and who answers for each open state."""
    return {
        "states": [
            {
                "state": state,
                "name": STATE_NAMES[state],
                "stage": next(name for name, states in STAGES.items() if state in states),
                "end": state in ENDS,
                "owner": OWNERS[state][0] if state in OWNERS else None,
                "limit": OWNERS[state][1] if state in OWNERS else None,
            }
            for state in State
        ],
        "steps": [_step_json(step) for step in STEPS],
        "limits": [_limit_json(row) for row in LIMITS],
    }


def _step_json(step: Step) -> dict[str, Any]:
    return {
        "event": step.event,
        "name": step.note,
        "from": list(step.sources),
        "to": step.to,
        "roles": [role for role in Role if role in step.roles],
        "when": step.when.__name__ if step.when else None,
        "conditions": [need.__name__ for need in step.needs],
    }


def _limit_json(row: LimitRow) -> dict[str, Any]:
    return {
        "limit": row.name,
        "name": row.label,
        "opened_by": [{"event": event, "to": state} for event, state in row.opened_by],
        "met_by": list(row.met_by),
        "cancelled_by": list(row.cancelled_by),
        "pauses_if": row.pauses_if,
        "paused_by": row.paused_by,
        "resumed_by": row.resumed_by,
        "owner": row.owner,
        "window": row.window,
    }


def as_text() -> str:
    """Steps and limits for a terminal of a hundred columns, in words alone."""
    rows: Rows = [("步骤", "由谁记录", "自", "到", "条件")]
    for step in STEPS:
        whom = _roles(step.roles), _states(step.sources) or "（新件）"
        to = "（不变）" if step.to is None else STATE_NAMES[step.to]
        rows.append((step.note, *whom, to, _in_words(step)))
    return "\n\n".join(
        (
            "\n".join(_fitted(rows, (24, 14, 22, 8, 24))),
            "\n".join(_fitted([(row[0], *row[2:]) for row in limits()], (17, 18, 18, 15, 14, 8))),
        )
    )


def _in_words(step: Step) -> str:
    route = [WORDED[step.when.__name__]] if step.when else []
    return "、".join(route + [NEEDS[need.__name__] for need in step.needs])


def _fitted(rows: Rows, widths: tuple[int, ...]) -> list[str]:
    """A table whose cells go on below where their column is too narrow for them."""
    lines: list[list[str]] = []
    for row in rows:
        cells = [list(wrapped(cell, most)) for cell, most in zip(row, widths, strict=True)]
        lines += [list(line) for line in zip_longest(*cells, fillvalue="")]
    return table(lines)


def _markdown(rows: Rows) -> str:
    heading, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([heading, "|" + " --- |" * len(rows[0]), *rest])


def _blocks() -> Iterator[tuple[str, str]]:
    yield "loop", f"```mermaid\n{mermaid()}```"
    yield "steps", _markdown(steps())
    yield "limits", _markdown(limits())
    yield "matrix", _markdown(matrix())


def refreshed(text: str, name: str) -> str:
    """A document with its marked blocks made anew: `<!-- loop:begin -->` … `<!-- loop:end -->`,
    and the same for `steps`, `limits`, `matrix`. Raises InvalidInput if it has none.
    """
    found = 0
    for block, content in _blocks():
        begin, end = f"<!-- {block}:begin -->", f"<!-- {block}:end -->"
        whole = f"{begin}\n{content}\n{end}"
        pattern = re.escape(begin) + ".*?" + re.escape(end)
        text, times = re.subn(pattern, lambda _, whole=whole: whole, text, flags=re.DOTALL)  # type: ignore[misc]
        found += times
    if not found:
        raise InvalidInput("write", name, "没有 <!-- loop:begin --> … <!-- loop:end --> 这样的标记")
    return text
