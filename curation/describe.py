"""What the catalogue says of itself: names, one-line summaries, and the page of one step."""

from __future__ import annotations

import inspect
from typing import Any

import yaml

from curation.core import catalog
from curation.steps.kinds import Component, field_docs


def summaries(kind: str = "") -> dict[str, str]:
    """Return a one-line summary of everything in the catalogue, or of one folder of it."""
    return {name: _summary(name) for name in catalog.names() if not kind or name.split(".")[0] == kind}


def _summary(name: str) -> str:
    if catalog.is_preset(name):
        return "Preset: " + catalog.preset_text(name).split("\n")[0].lstrip("# ").rstrip(".") + "."
    return (inspect.getdoc(catalog.find(name, Component)) or "").split("\n")[0]


def describe(name: str) -> str:
    """Return the page of one step or preset: what it does, its source, every field with type, default and limits.

    Raises:
        UnknownName: it does not exist.
    """
    if name in catalog.names() and catalog.is_preset(name):
        return _preset_page(name)
    found = catalog.find(name, Component)
    runs = getattr(found, "runs", "thread")
    lines = [f"{name}  ({found.kind}, version {found.version}{', runs in processes' if runs == 'process' else ''})", ""]
    lines += [(inspect.getdoc(found) or "").strip(), ""]
    if found.cites:
        lines += [f"Source: {found.cites}", ""]
    properties = found.model_json_schema().get("properties", {})
    docs = field_docs(found)
    if properties:
        lines.append("Settings:")
    for field, info in found.model_fields.items():
        default = "required" if info.is_required() else f"default {_shown(info.get_default(call_default_factory=True))}"
        lines.append(f"  {field}: {_type(properties[field])}  [{default}]")
        lines += [f"      {line}" for line in docs.get(field, "").split("\n")]
    lines += ["", "In a manifest:", *_example(name, found)]
    return "\n".join(lines)


def _preset_page(name: str) -> str:
    text = catalog.preset_text(name)
    comments = [line.lstrip("# ") for line in text.split("\n") if line.startswith("#")]
    lines = [f"{name}  (preset)", "", *comments, "", "Its steps, in order:"]
    for entry in yaml.safe_load(text):
        use = entry.pop("use")
        own = entry.pop("name", use.split(".")[-1])
        settings = ", ".join(f"{key}: {value}" for key, value in entry.items())
        lines.append(f"  {own}  ({use}{'; ' + settings if settings else ''})")
    lines += ["", "In a manifest (a step can be changed by its name, or left out with null):", f"  - use: {name}"]
    return "\n".join(lines)


def _shown(value: Any) -> str:
    return "none" if value is None else repr(value) if isinstance(value, str) else str(value)


def _type(schema: dict[str, Any]) -> str:
    """Return a JSON Schema type in words."""
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_type(one) for one in schema["anyOf"] if one.get("type") != "null"))
    if "enum" in schema:
        return " | ".join(map(str, schema["enum"]))
    words = {"integer": "whole number", "number": "number", "string": "text", "boolean": "true or false"}
    kind = words.get(schema.get("type", ""), schema.get("type", "anything"))
    if schema.get("type") == "array":
        return f"list of {_type(schema.get('items', {}))}"
    if schema.get("type") == "object":
        return "mapping"
    limits = [
        f"{word} {schema[key]}"
        for key, word in (
            ("minimum", "from"),
            ("exclusiveMinimum", "above"),
            ("maximum", "to"),
            ("exclusiveMaximum", "below"),
        )
        if key in schema
    ]
    return " ".join([kind, *limits])


def _example(name: str, found: type[Component]) -> list[str]:
    lines = [f"  - use: {name}"]
    if found.kind == "source":
        lines.insert(0, "  sources:")
        lines[1] = f"  - name: mine\n    use: {name}"
    for field, info in found.model_fields.items():
        if info.is_required():
            lines.append(f"    {field}: {'path/to/file' if field == 'path' else '…'}")
    return lines
