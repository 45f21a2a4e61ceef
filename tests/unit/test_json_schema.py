"""The JSON Schema for editors: it must accept what `load` accepts."""

import re

import pytest
import yaml

from curation.json_schema import json_schema
from curation.reading import shipped

TYPES = {"object": dict, "array": list, "string": str, "boolean": bool, "null": type(None)}
#: The keywords that the check below knows, and those that say nothing of validity.
KNOWN = {
    "type", "anyOf", "const", "enum", "pattern", "properties", "additionalProperties", "required", "items",
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "minLength", "maxLength", "minItems",
}  # fmt: skip
SILENT = {"$schema", "title", "description", "default", "bound"}


def is_type(value, name):
    if name in {"integer", "number"}:
        kinds = int if name == "integer" else (int, float)
        return isinstance(value, kinds) and not isinstance(value, bool)
    return isinstance(value, TYPES[name])


def faults(value, schema, where="$"):  # noqa: C901, PLR0912  (one branch a keyword)
    """Return what a value breaks of a schema, for the keywords that ours uses."""
    assert set(schema) <= KNOWN | SILENT, set(schema) - KNOWN - SILENT
    found = []
    if "anyOf" in schema:
        tries = [faults(value, one, where) for one in schema["anyOf"]]
        if [] not in tries:
            # Show the faults of the form that was meant: the one that was followed furthest down.
            found += min(
                tries,
                key=lambda some: (
                    any(".use:" in one for one in some),
                    -max(one.split(":")[0].count(".") for one in some),
                ),
            )
    kinds = schema.get("type", [])
    kinds = [kinds] if isinstance(kinds, str) else kinds
    if kinds and not any(is_type(value, kind) for kind in kinds):
        return [f"{where}: {value!r} is not {' or '.join(kinds)}"]
    if "const" in schema and value != schema["const"]:
        found.append(f"{where}: {value!r} is not {schema['const']!r}")
    if "enum" in schema and value not in schema["enum"]:
        found.append(f"{where}: {value!r} is none of {schema['enum']}")
    if isinstance(value, str) and not re.search(schema.get("pattern", ""), value):
        found.append(f"{where}: {value!r} does not match {schema['pattern']}")
    if is_type(value, "number"):
        found += [f"{where}: {value} is too small" for key in ["minimum"] if value < schema.get(key, value)]
        found += [f"{where}: {value} is too large" for key in ["maximum"] if value > schema.get(key, value)]
        found += [
            f"{where}: {value} is too small" for key in ["exclusiveMinimum"] if value <= schema.get(key, value - 1)
        ]
    if isinstance(value, list):
        for place, one in enumerate(value):
            found += faults(one, schema.get("items", {}), f"{where}[{place}]")
    if isinstance(value, dict):
        found += [f"{where}: {key} is missing" for key in schema.get("required", []) if key not in value]
        for key, one in value.items():
            more = schema.get("additionalProperties", {})
            inner = schema.get("properties", {}).get(key, more)
            if inner is False:
                found.append(f"{where}: {key} is not allowed")
            else:
                found += faults(one, {} if inner is True else inner, f"{where}.{key}")
    return found


@pytest.mark.parametrize("name", sorted(shipped()))
def test_the_schema_accepts_the_shipped_manifests(name):
    """An editor that underlines a manifest that builds teaches its user to ignore it."""
    assert faults(yaml.safe_load(shipped()[name].read_text()), json_schema()) == []


@pytest.mark.parametrize("quota", [5, 0.5, "10%"])
def test_the_schema_accepts_every_way_to_write_a_quota(quota):
    """`29%` is the form that the documentation shows first."""
    raw = {"sources": [{"use": "source.text", "path": "a.txt", "quota": quota}]}
    assert faults(raw, json_schema()) == []


@pytest.mark.parametrize(
    "raw",
    [
        {"nmae": "x"},
        {"seed": "x"},
        {"steps": [{"use": "filter.word_count", "min_words": -1}]},
        {"steps": [{"use": "filter.word_cuont"}]},
        {"steps": [{"min_words": 1}]},
        {"output": {"compression": "zip"}},
    ],
)
def test_the_schema_refuses_what_load_refuses(raw):
    """A schema that accepts everything would pass the tests above."""
    assert faults(raw, json_schema()) != []


def test_the_schema_agrees_with_jsonschema_where_it_is_installed():
    """The check above is our own: the reference implementation must agree where there is one."""
    jsonschema = pytest.importorskip("jsonschema")
    jsonschema.Draft202012Validator.check_schema(json_schema())
    for path in shipped().values():
        jsonschema.validate(yaml.safe_load(path.read_text()), json_schema())
