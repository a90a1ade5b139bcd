"""归集: a bad rating becomes a complaint, a later rating joins it, a batch leaves its counts."""

from typing import Annotated, Literal

from pydantic import Field

from schemas.codes import Origin
from schemas.envelope import Code, Digest, Fact, Micros


class ReviewCollected(Fact):
    """归集: a rating of level 1 or 2 opened a complaint; pins the profile and its version for
    its life.

    `assessed_at` is the rating's own time, as the platform says it; the event occurs when the
    rating is received.
    """

    type: Literal["ReviewCollected"] = "ReviewCollected"
    source: Code
    project_no: Code
    service_number: Code
    assess_number: Code
    profile: Code
    profile_version: Code
    level: Annotated[int, Field(ge=1, le=2)]
    reasons: tuple[str, ...] = ()
    origin: Origin
    assessed_at: Micros
    received_at: Micros
    unit: str | None = None
    unit_named: str | None = None
    area: str | None = None
    item: str | None = None
    window: str | None = None
    real_name: bool
    has_phone: bool
    text: Digest | None = None


class LaterRatingJoined(Fact):
    """追评: a later rating of the same service joined its complaint; it opens no second one."""

    type: Literal["LaterRatingJoined"] = "LaterRatingJoined"
    source: Code
    project_no: Code
    service_number: Code
    assess_number: Code
    level: Annotated[int, Field(ge=1, le=5)]
    reasons: tuple[str, ...] = ()
    assessed_at: Micros
    received_at: Micros
    text: Digest | None = None


class BatchCollected(Fact):
    """归集批次: what one transaction of collecting took in, counted, with digests of the rows it
    stored.
    """

    type: Literal["BatchCollected"] = "BatchCollected"
    source: Code
    batch: int
    received_at: Micros
    services: int = 0
    ratings: int = 0
    repeats: int = 0
    conflicts: int = 0
    refused: int = 0
    complaints: int = 0
    services_digest: str
    ratings_digest: str
