"""The JSON Schemas given to others: every event, its envelope, and what platforms send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from schemas import EVENTS, Envelope


def published(inbound: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Each schema's text by its name, formatted so that a change shows as a small difference.
    `inbound` are those of what platforms send.
    """
    models: tuple[type[BaseModel], ...] = (*EVENTS, Envelope)
    found = {
        model.__name__: model.model_json_schema(ref_template="#/$defs/{model}") for model in models
    }
    return {name: _text(schema) for name, schema in {**found, **inbound}.items()}


def _text(schema: Mapping[str, Any]) -> str:
    schema = {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"
