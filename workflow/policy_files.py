"""规则文件: profiles from TOML, inherited and overridden; doubtful values refused by field."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any, Final, get_args

from workflow.calendar import Limit, StartRule
from workflow.calendar_files import calendar_of, read_toml
from workflow.calendar_limits import End
from workflow.errors import InvalidInput
from workflow.policy_profile import LIMITS, OURS, WINDOWS, Act, Escalation, LimitRule, Policy, Stage

__all__ = ["load_profile", "shipped"]

Table = Mapping[str, Any]
_TOP: Final = {
    "name", "label", "version", "effective_from", "inherits", "example",
    "calendar", "rules", "limits", "windows", "escalation",
}  # fmt: skip
_RULE_KEYS: Final = {"limit", "complex", "start_rule", "end", "roll", "warn", "source"}
_RUNG_KEYS: Final = {"stage", "act", "role", "limits", "source"}
_ROLES: Final = ("answerable", "operator", "reviewer", "supervisor")
_CHANNELS: Final = ("call", "message", "link")


def _flag(value: Any, field: str) -> bool:
    if not isinstance(value, bool):
        raise InvalidInput(field, value, "须是 true 或 false")
    return value


def _number(low: int, high: int) -> Callable[[Any, str], int]:
    def check(value: Any, field: str) -> int:
        if type(value) is not int or not low <= value <= high:
            raise InvalidInput(field, value, f"须是 {low} 至 {high} 的整数")
        return value

    return check


def _one_of(*known: str) -> Callable[[Any, str], str]:
    def check(value: Any, field: str) -> str:
        if value not in known:
            raise InvalidInput(field, value, f"须是 {'、'.join(known)} 之一")
        return str(value)

    return check


def _limit(value: Any, field: str) -> Limit:
    try:
        return Limit.parse(value)
    except InvalidInput as error:
        raise InvalidInput(field, value, error.reason) from error


def _days(value: Any, field: str) -> Limit:
    limit = _limit(value, field)
    if not limit.in_days:
        raise InvalidInput(field, value, "须以工作日或自然日计")
    return limit


def _channels(value: Any, field: str) -> tuple[str, ...]:
    if not isinstance(value, list) or not value or len(set(map(str, value))) != len(value):
        raise InvalidInput(field, value, f"须是不重复的列表，取自 {'、'.join(_CHANNELS)}")
    return tuple(_one_of(*_CHANNELS)(item, field) for item in value)


def _text(value: Any, field: str) -> str:
    if not isinstance(value, str) or not 0 < len(value.strip()) <= 300:
        raise InvalidInput(field, value, "须是 1 至 300 个字的文字")
    return value


def _date(value: Any, field: str) -> date:
    if type(value) is not date:
        raise InvalidInput(field, value, "须是日期，如 2021-01-01")
    return value


RULES: Final[dict[str, Callable[[Any, str], Any]]] = {
    "verify_first": _flag,
    "review": _flag,
    "start_rule": _one_of(*get_args(StartRule)),
    "end": _one_of(*get_args(End)),
    "roll": _flag,
    "extension_max": _days,
    "max_extensions": _number(0, 20),
    "returns_allowed": _flag,
    "max_returns": _number(0, 20),
    "max_rounds": _number(1, 20),
    "min_calls": _number(1, 50),
    "call_spacing_minutes": _number(0, 7 * 24 * 60),
    "scale": _one_of("five", "three"),
    "appeal_pauses": _flag,
    "contact_pauses": _flag,
    "reevaluation_channels": _channels,
    "needs_reason": _flag,
    "min_match_k": _number(1, 1000),
    "retention_days": _number(1, 36_500),
}


@cache
def shipped() -> tuple[Policy, ...]:
    """The profiles that come with the product."""
    with as_file(files("workflow").joinpath("policies")) as folder:
        return tuple(load_profile(path) for path in sorted(folder.glob("*.toml")))


@cache
def _parents() -> tuple[Table, ...]:
    with as_file(files("workflow").joinpath("policies")) as folder:
        tables = [read_toml(path, "profile") for path in sorted(folder.glob("*.toml"))]
    return tuple(table for table in tables if "inherits" not in table)


def load_profile(path: Path) -> Policy:
    """One profile from TOML, which may inherit a shipped one; InvalidInput names the field."""
    own = read_toml(path, "profile")
    _known(own, _TOP, "")
    since = _date(own.get("effective_from"), "effective_from")
    table = _completed(own, _parent(own["inherits"], since)) if "inherits" in own else own
    name, rules = _text(table.get("name"), "name"), _rules(_section(table, "rules"))
    calendar = dict(_section(table, "calendar"))
    limits = _limits(table, rules)
    sources = {"calendar": _text(calendar.pop("source", None), "calendar.source")}
    return Policy(
        name=name,
        version=_text(table.get("version"), "version"),
        effective_from=since,
        label=_text(table.get("label"), "label"),
        example=_flag(table.get("example", False), "example"),
        calendar=calendar_of(calendar, name, "calendar."),
        call_spacing=timedelta(minutes=rules.pop("call_spacing_minutes")),
        limits=limits,
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
    return {path: _text(entry.get("source"), f"{path}.source") for path, entry in entries.items()}


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
    limit = _limit(entry.get("limit"), f"{field}.limit")
    return LimitRule(
        limit=limit,
        complex_limit=_limit(entry["complex"], f"{field}.complex") if "complex" in entry else None,
        start_rule=RULES["start_rule"](value["start_rule"], f"{field}.start_rule"),
        end=RULES["end"](value["end"], f"{field}.end"),
        roll=_flag(value["roll"], f"{field}.roll"),
        kind="window" if field.startswith("windows.") else "limit",
        warn=_flag(entry.get("warn", True), f"{field}.warn"),
        escalates_to=steps,
        source=_text(entry.get("source"), f"{field}.source"),
    )


def _rungs(rungs: Any) -> list[tuple[Escalation, tuple[str, ...]]]:
    if not isinstance(rungs, list):
        raise InvalidInput("escalation", rungs, "须写成 [[escalation]]")
    return [_rung(rung, f"escalation.{n}") for n, rung in enumerate(rungs)]


def _rung(rung: Any, field: str) -> tuple[Escalation, tuple[str, ...]]:
    if not isinstance(rung, dict):
        raise InvalidInput(field, rung, "须是一个表")
    _known(rung, _RUNG_KEYS, f"{field}.")
    of = rung.get("limits", list(LIMITS))
    if not isinstance(of, list) or not set(map(str, of)) <= set(LIMITS):
        raise InvalidInput(f"{field}.limits", of, f"须取自 {'、'.join(LIMITS)}")
    step = Escalation(
        _one_of(*get_args(Stage))(rung.get("stage"), f"{field}.stage"),
        _one_of(*get_args(Act))(rung.get("act"), f"{field}.act"),
        _one_of(*_ROLES)(rung.get("role"), f"{field}.role"),
    )
    return step, tuple(of)
