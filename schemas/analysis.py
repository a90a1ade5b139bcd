"""分析: what the rating seems to be about, with the evidence; explainable, never deciding."""

from typing import Annotated, Literal

from pydantic import BaseModel, Field

from schemas.envelope import STRICT, Code, Fact


class Finding(BaseModel):
    """One observation and the rule or count that supports it."""

    model_config = STRICT
    kind: Literal[
        "category", "severity", "duplicate", "misoperation", "bulk", "self_rating", "late"
    ]
    rule: Code
    evidence: str
    weight: Literal["low", "medium", "high"] = "low"


class ComplaintAnalysed(Fact):
    """分析: category, severity and suspicions, each with the rule that found it."""

    type: Literal["ComplaintAnalysed"] = "ComplaintAnalysed"
    rules_version: Code
    category: Code
    severity: Annotated[int, Field(ge=1, le=3)]
    misoperation: Literal["low", "medium", "high"]
    duplicate_of: str | None = None
    findings: tuple[Finding, ...] = ()
