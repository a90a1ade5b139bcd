"""规则文件: profiles from TOML, inherited and overridden; doubtful values refused by field."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from pathlib import Path
from typing import Any, Final, get_args

from workflow.calendar_files import calendar_of, read_toml
from workflow.errors import InvalidInput
from workflow.policy_profile import LIMITS, OURS, WINDOWS, Act, Escalation, LimitRule, Policy
from workflow.policy_values import RULES, date_of, flag_of, limit_of, one_of, text_of

__all__ = ["load_profile", "profile_of", "shipped", "shipped_paths"]

Table = Mapping[str, Any]
_TOP: Final = {
    "name", "label", "version", "effective_from", "inherits",
    "calendar", "rules", "limits", "windows", "escalation",
}  # fmt: skip
_RULE_KEYS: Final = {"limit", "complex", "start_rule", "end", "roll", "warn", "source"}
_RUNG_KEYS: Final = {"stage", "act", "role", "limits", "source"}
_ROLES: Final = ("answerable", "operator", "reviewer", "supervisor")


def shipped_paths() -> list[Path]:
    """The TOML files of the profiles that come with the product."""
    return sorted((Path(__file__).parent / "policies").glob("*.toml"))


@cache
def shipped() -> tuple[Policy, ...]:
    """The profiles that come with the product."""
    return tuple(load_profile(path) for path in shipped_paths())


@cache
def _parents() -> tuple[Table, ...]:
    tables = [read_toml(path, "profile") for path in shipped_paths()]
    return tuple(table for table in tables if "inherits" not in table)


def load_profile(path: Path) -> Policy:
    """One profile from a TOML file; InvalidInput names the field."""
    return profile_of(read_toml(path, "profile"))


def profile_of(own: Table) -> Policy:
    """One profile from its table, which may inherit a shipped one; InvalidInput names the field."""
    _known(own, _TOP, "")
    since = date_of(own.get("effective_from"), "effective_from")
    table = _completed(own, _parent(own["inherits"], since)) if "inherits" in own else own
    name, rules = text_of(table.get("name"), "name"), _rules(_section(table, "rules"))
    calendar = dict(_section(table, "calendar"))
    limits = _limits(table, rules)
    sources = {"calendar": text_of(calendar.pop("source", None), "calendar.source")}
    return Policy(
        name=name,
        version=text_of(table.get("version"), "version"),
        effective_from=since,
        label=text_of(table.get("label"), "label"),
        calendar=calendar_of(calendar, name, "calendar."),
        call_spacing=timedelta(minutes=rules.pop("call_spacing_minutes")),
        limits=limits,
        ladder=tuple(step for step, _ in _rungs(table.get("escalation", []))),
        sources=sources | _sources(table),
        **rules,
    )


def _known(table: Table, known: Iterable[str], prefix: str) -> None:
    for key in table:
        if key not in known:
            raise InvalidInput(
                f"{prefix}{key}", table[key], f"没有这一项，只认 {'、'.join(sorted(known))}"
            )


def _section(table: Table, key: str, prefix: str = "") -> Table:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise InvalidInput(f"{prefix}{key}", value, "须是一个表")
    return value


def _parent(name: Any, since: date) -> Table:
    fitting = [p for p in _parents() if p["name"] == name and p["effective_from"] <= since]
    if not fitting:
        raise InvalidInput("inherits", name, "没有在该日期已生效的这个规则可沿用")
    return max(fitting, key=lambda p: p["effective_from"])


def _completed(own: Table, parent: Table) -> Table:
    """What a source leaves open is the parent's, and is then ours, whatever its ground there."""
    source = f"{OURS}: 沿用 {parent['name']}"
    table = dict(own)
    for key in ("rules", "limits", "windows"):
        left_open = {name: {**value, "source": source} for name, value in parent[key].items()}
        table[key] = {**left_open, **_section(own, key)}
    table.setdefault("calendar", {**parent["calendar"], "source": source})
    table.setdefault("escalation", [{**rung, "source": source} for rung in parent["escalation"]])
    return table


def _rules(table: Table) -> dict[str, Any]:
    _known(table, RULES, "rules.")
    found = {}
    for key, check in RULES.items():
        if key not in table:
            raise InvalidInput(f"rules.{key}", "", "缺少这一项")
        entry = _section(table, key, "rules.")
        _known(entry, ("value", "source"), f"rules.{key}.")
        found[key] = check(entry.get("value"), f"rules.{key}.value")
    return found


def _sources(table: Table) -> dict[str, str]:
    """Where each value comes from, by its path; a value without a source is refused."""
    entries = {
        f"{kind}.{name}": entry
        for kind in ("rules", "limits", "windows")
        for name, entry in _section(table, kind).items()
    }
    entries |= {f"escalation.{n}": rung for n, rung in enumerate(table.get("escalation", []))}
    return {path: text_of(entry.get("source"), f"{path}.source") for path, entry in entries.items()}


def _limits(table: Table, rules: Mapping[str, Any]) -> dict[str, LimitRule]:
    rungs = _rungs(table.get("escalation", []))
    found: dict[str, LimitRule] = {}
    for kind, names in (("limits", LIMITS), ("windows", WINDOWS)):
        section = _section(table, kind)
        _known(section, names, f"{kind}.")
        for name in section:
            entry = _section(section, name, f"{kind}.")
            steps = tuple(step for step, of in rungs if name in of) if kind == "limits" else ()
            found[name] = _limit_rule(entry, f"{kind}.{name}", rules, steps)
    return found


def _limit_rule(
    entry: Table, field: str, rules: Mapping[str, Any], steps: tuple[Escalation, ...]
) -> LimitRule:
    _known(entry, _RULE_KEYS, f"{field}.")
    value = {**{key: rules[key] for key in ("start_rule", "end", "roll")}, **entry}
    limit = limit_of(entry.get("limit"), f"{field}.limit")
    return LimitRule(
        limit=limit,
        complex_limit=limit_of(entry["complex"], f"{field}.complex")
        if "complex" in entry
        else None,
        start_rule=RULES["start_rule"](value["start_rule"], f"{field}.start_rule"),
        end=RULES["end"](value["end"], f"{field}.end"),
        roll=flag_of(value["roll"], f"{field}.roll"),
        kind="window" if field.startswith("windows.") else "limit",
        warn=flag_of(entry.get("warn", True), f"{field}.warn"),
        escalates_to=steps,
        source=text_of(entry.get("source"), f"{field}.source"),
    )


def _rungs(rungs: Any) -> list[tuple[Escalation, tuple[str, ...]]]:
    if not isinstance(rungs, list):
        raise InvalidInput("escalation", rungs, "须写成 [[escalation]]")
    return [_rung(rung, f"escalation.{n}") for n, rung in enumerate(rungs)]


def _rung(rung: Any, field: str) -> tuple[Escalation, tuple[str, ...]]:
    from schemas.codes import Alarm  # noqa: PLC0415  # the events' models take their time

    if not isinstance(rung, dict):
        raise InvalidInput(field, rung, "须是一个表")
    _known(rung, _RUNG_KEYS, f"{field}.")
    of = rung.get("limits", list(LIMITS))
    if not isinstance(of, list) or not set(map(str, of)) <= set(LIMITS):
        raise InvalidInput(f"{field}.limits", of, f"须取自 {'、'.join(LIMITS)}")
    step = Escalation(
        one_of(*Alarm)(rung.get("stage"), f"{field}.stage"),
        one_of(*get_args(Act))(rung.get("act"), f"{field}.act"),
        one_of(*_ROLES)(rung.get("role"), f"{field}.role"),
    )
    return step, tuple(of)
