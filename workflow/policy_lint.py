"""规则检查: what a set of profile files lacks or contradicts, all of it at once."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

from workflow.errors import InvalidInput
from workflow.policy_files import load_profile
from workflow.policy_profile import LIMITS, WINDOWS, Policy

__all__ = ["lint"]


def lint(paths: Iterable[Path]) -> tuple[list[Policy], list[str]]:
    """The profiles that could be read, and every finding in Chinese; no finding: fit for use."""
    policies: list[Policy] = []
    findings: list[str] = []
    for path in paths:
        try:
            policies.append(load_profile(path))
        except InvalidInput as error:
            findings.append(f"{path.name}：{error}")
    for policy in policies:
        findings += [f"{policy.name} {policy.version}：{text}" for text in _gaps(policy)]
    return policies, findings + _versions(policies)


def _gaps(policy: Policy) -> Iterable[str]:
    for name in (*LIMITS, *WINDOWS):
        rule = policy.limits.get(name)
        if rule is None:
            yield f"缺少时限 {name}"
        elif rule.complex_limit and (
            rule.complex_limit.unit != rule.limit.unit
            or rule.complex_limit.amount < rule.limit.amount
        ):
            yield f"{name}：复杂件的时限须与一般件同单位，且不短于一般件"
    if policy.returns_allowed and policy.max_returns == 0:
        yield "允许退回，但退回次数上限为 0"


def _versions(policies: list[Policy]) -> list[str]:
    versions = Counter((p.name, p.version) for p in policies)
    dates = Counter((p.name, p.effective_from) for p in policies)
    return [f"{name} 的版本 {version} 重复" for (name, version), n in versions.items() if n > 1] + [
        f"{name} 有两个版本同在 {day} 生效" for (name, day), n in dates.items() if n > 1
    ]
