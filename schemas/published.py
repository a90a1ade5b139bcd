"""The JSON Schemas given to others: every event, its envelope, and what platforms send."""

from __future__ import annotations

import json

from pydantic import BaseModel

from schemas import EVENTS, Envelope
from schemas.rating import Rating, ServiceRecord


def published() -> dict[str, str]:
    """Each schema's text by its name, formatted so that a change shows as a small difference."""
    models: tuple[type[BaseModel], ...] = (*EVENTS, ServiceRecord, Rating, Envelope)
    return {model.__name__: _text(model) for model in models}


def _text(model: type[BaseModel]) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema"}
    schema |= model.model_json_schema(ref_template="#/$defs/{model}")
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
