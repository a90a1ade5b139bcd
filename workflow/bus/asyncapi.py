"""The topics told to other departments' systems: an AsyncAPI 3 document, made from the models."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from importlib.metadata import version
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from schemas import EVENTS
from schemas.envelope import EnvelopeBase
from workflow.bus.broker import PARKED_ERROR, PARKED_FROM

_JSON = "application/json"
_RATINGS = (
    "评价与办件，各评价平台送来，一条一个 JSON 对象。来源写在消息头 source 或对象的 source 里；"
    "这里是来源 bihuan 的格式，别的来源用它自己的字段名和代码，见 docs/import.md。"
)
_COMPLAINTS = (
    "闭环的每个事件；同一件的事件在同一分区，先后有序，重复的凭 ce_lane 与 ce_position 识别。"
    "不含任何人的个人信息：文字只有摘要。"
)
_PARKED = (
    "处理不了而搁置的消息或事件的副本，连同原来的消息头，供告警用；以数据库为准。"
    "ratings 来的可能含个人信息，只给运维读。"
)
_OWN_HEADER = {"datacontenttype": "content-type"}
"""CloudEvents' Kafka binding gives this one attribute a header of its own."""

_WHENCE = {
    PARKED_FROM: "原处：TOPIC/PARTITION/OFFSET，或 CONSUMER/LANE/POSITION",
    PARKED_ERROR: "为什么处理不了",
}
_COPY: dict[str, Any] = {
    "title": "Parked",
    "contentType": "application/octet-stream",
    "summary": "原来的键、内容和消息头，一字不改；没有内容的，内容为空；太大的，只有这两个消息头",
    "headers": {
        "type": "object",
        "properties": {
            name: {"type": "string", "description": told} for name, told in _WHENCE.items()
        },
        "required": list(_WHENCE),
        "additionalProperties": {"type": "string"},
    },
}


def document(inbound: Mapping[str, Mapping[str, Any]]) -> str:
    """The document's text, formatted so that a change shows as a small difference. `inbound` are
    the JSON Schemas of what the topic `ratings` takes, by name.
    """
    return json.dumps(_document(inbound), ensure_ascii=False, indent=2) + "\n"


def _document(inbound: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    events = EVENTS
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "bihuan 闭环",
            "version": version("bihuan"),
            "license": {"name": "Apache-2.0"},
            "description": "差评在闭环里的每一步，一个事件一条；评价与办件由此归集。",
        },
        "defaultContentType": _JSON,
        "channels": {
            "ratings": _channel("ratings", _RATINGS, inbound),
            "complaints": _channel("complaints", _COMPLAINTS, _names(events)),
            "parked": _channel("parked", _PARKED, [_COPY["title"]]),
        },
        "operations": {
            "collect": _operation("receive", "ratings"),
            "publish": _operation("send", "complaints"),
            "park": _operation("send", "parked"),
        },
        "components": {
            "messages": {
                **{name: _row(name) for name in inbound},
                **{model.__name__: _event(model) for model in events},
                "Parked": _COPY,
            },
            "schemas": {**inbound, **_schemas(events)},
        },
    }


def _names(models: Iterable[type[BaseModel]]) -> list[str]:
    return [model.__name__ for model in models]


def _channel(topic: str, description: str, names: Iterable[str]) -> dict[str, Any]:
    return {
        "address": topic,
        "description": description,
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
    }


def _operation(action: str, channel: str) -> dict[str, Any]:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _row(name: str) -> dict[str, Any]:
    source = {"source": {"type": "string", "description": "来源；对象里写明的可以不写"}}
    return {
        "title": name,
        "headers": {"type": "object", "properties": source},
        "payload": {"$ref": f"#/components/schemas/{name}"},
    }


def _event(model: type[BaseModel]) -> dict[str, Any]:
    name = model.__name__
    return {
        "title": name,
        "headers": _headers({"type": name, "dataschema": f"{name}.json"}),
        "payload": {"$ref": f"#/components/schemas/{name}"},
        "bindings": {"kafka": {"key": {"type": "string", "description": "件号，即 ce_subject"}}},
    }


def _headers(fixed: dict[str, str]) -> dict[str, Any]:
    """The envelope as text headers: what has no value has no header; what is the same everywhere
    stands in each.
    """
    fields = EnvelopeBase.model_fields
    names = {name: _OWN_HEADER.get(name, f"ce_{name}") for name in fields}
    return {
        "type": "object",
        "properties": {
            header: {"type": "string"} | ({"const": fixed[name]} if name in fixed else {})
            for name, header in names.items()
        },
        "required": [
            names[name]
            for name, field in fields.items()
            if field.is_required() or isinstance(field.default, str)
        ],
    }


def _schemas(models: Iterable[type[BaseModel]]) -> dict[str, Any]:
    _, whole = models_json_schema(
        [(model, "validation") for model in models], ref_template="#/components/schemas/{model}"
    )
    found: dict[str, Any] = whole["$defs"]
    return found
