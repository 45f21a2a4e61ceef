"""The JSON Schema of manifests, for editors: every name, field, limit and description."""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from curation.core import catalog
from curation.core.auxiliary import AuxiliaryModel
from curation.core.questions import QUESTIONS
from curation.manifest import NAME, Output, preset
from curation.reading import LISTS
from curation.steps.kinds import Component, field_docs


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of manifests, for editors: every name, field, limit and description."""
    entries: dict[str, list[dict[str, Any]]] = {key: [] for key in LISTS}
    for name in catalog.names():
        if catalog.is_preset(name):
            properties = {inner: {"type": ["object", "null"]} for inner, _ in preset(name)}
            entries["steps"].append(_entry_schema(name, {"properties": properties}, f"Preset: {', '.join(properties)}"))
            continue
        found = catalog.find(name, Component)
        schema = _described(found)
        key = {"source": "sources", "selector": "select"}.get(found.kind, "steps")
        entries[key].append(_entry_schema(name, schema, (found.__doc__ or "").split("\n")[0]))
    outside = {
        "type": "object",
        "required": ["use"],
        "properties": {"use": {"type": "string", "pattern": r"^[A-Za-z_][\w.]*:[A-Za-z_]\w*$"}},
    }

    def list_or_patch(key: str) -> dict[str, Any]:
        items = {"type": "array", "items": {"anyOf": [*entries[key], outside]}}
        return {"anyOf": [items, {"type": "object", "additionalProperties": {"type": ["object", "null"]}}]}

    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "curate manifest",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "name": {"type": "string", "pattern": NAME.pattern},
            "extends": {"type": "string", "description": "Another manifest to start from."},
            "description": {"type": "string"},
            "seed": {"type": "integer", "default": 0},
            "track": {"type": "string", "description": "Name of a rule profile."},
            **{key: list_or_patch(key) for key in LISTS},
            "output": _described(Output),
            "datasheet": {
                "type": "object",
                "properties": {
                    key: {"type": "string", "description": question}
                    for questions in QUESTIONS.values()
                    for key, question in questions
                },
                "additionalProperties": False,
                "description": "Answers that no build records, to the questions of Datasheets for Datasets.",
            },
            "auxiliary_models": {
                "type": "array",
                "items": _described(AuxiliaryModel),
                "description": "Trained things used by hand, outside the build, such as the parser of a source.",
            },
        },
    }


def _described(model: type[BaseModel]) -> dict[str, Any]:
    """Return the JSON Schema of a model, its fields described by the docstrings under them."""
    schema = model.model_json_schema()
    for name, text in field_docs(model).items():
        schema["properties"][name].setdefault("description", text)
    return schema


def _entry_schema(use: str, schema: dict[str, Any], summary: str) -> dict[str, Any]:
    properties = {"use": {"const": use}, "name": {"type": "string"}, **schema.get("properties", {})}
    required = ["use", *schema.get("required", [])]
    return {
        "type": "object",
        "description": summary,
        "additionalProperties": False,
        "properties": json.loads(json.dumps(properties, default=str)),
        "required": required,
    }
