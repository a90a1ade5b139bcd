"""单位: units with area, tier and aliases, and how a name is found; nothing is guessed; pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property

__all__ = ["TIERS", "Unit", "UnitList", "name_key"]

TIERS = ("部门", "镇办", "村居")
_BRACKETS = str.maketrans("（）［］【】", "()[][]")


@dataclass(frozen=True, slots=True)
class Unit:
    """One unit; `annex` is the name the circular's annex prints, `order` its place in the list."""

    code: str
    name: str
    area: str
    tier: str
    order: int
    aliases: tuple[str, ...] = ()
    annex: str | None = None

    @property
    def printed(self) -> str:
        """The annex's own name."""
        return self.annex or self.name

    @property
    def names(self) -> tuple[str, ...]:
        """Every name it answers to."""
        own = self.name, *self.aliases
        return own if self.tier == "镇办" or self.annex is None else (*own, self.annex)


@dataclass(frozen=True)
class UnitList:
    """A list: units in their order, under a version, from a day on where it names one."""

    version: str
    units: tuple[Unit, ...]
    effective: date | None = None

    @cached_property
    def by_code(self) -> Mapping[str, Unit]:
        return {unit.code: unit for unit in self.units}

    @cached_property
    def names(self) -> Mapping[str, str]:
        """By code."""
        return {unit.code: unit.name for unit in self.units}

    @cached_property
    def printed(self) -> Mapping[str, str]:
        """By code, as the circular's annex has them."""
        return {unit.code: unit.printed for unit in self.units}

    @cached_property
    def _by_name(self) -> Mapping[str, tuple[Unit, ...]]:
        found: dict[str, tuple[Unit, ...]] = {}
        for unit in self.units:
            for key in {name_key(name) for name in unit.names}:
                found[key] = (*found.get(key, ()), unit)
        return found

    def resolve(self, name_or_code: str, area: str | None = None) -> Unit | None:
        """The unit of this code, name or alias; None if unknown, or if several areas use it."""
        by_code = self.by_code.get(name_or_code.strip())
        named = self._by_name.get(name_key(name_or_code), ())
        found = [by_code] if by_code is not None else list(named)
        if area is not None:
            found = [unit for unit in found if unit.area == area.strip()]
        return found[0] if len(found) == 1 else None

    def areas(self, tier: str | None = None) -> tuple[str, ...]:
        """Areas in the list's order, of one tier or of all."""
        return tuple(dict.fromkeys(u.area for u in self.units if tier in (None, u.tier)))

    @cached_property
    def home(self) -> str:
        """The area that is meant where none is named: the first that has departments, else the
        first; empty where the list is.
        """
        return next(iter(self.areas(TIERS[0]) or self.areas()), "")

    def of(self, tier: str | None = None, area: str | None = None) -> tuple[Unit, ...]:
        """Units of a tier and an area, in the list's order."""
        return tuple(u for u in self.units if tier in (None, u.tier) and area in (None, u.area))


def name_key(name: str) -> str:
    """Full and half width brackets are the same to a reader, and so are blanks around a name."""
    return name.strip().translate(_BRACKETS)
