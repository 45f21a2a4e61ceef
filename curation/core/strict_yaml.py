"""YAML that people write: safe types only, and a key that stands twice is an error instead of being silently lost."""

from __future__ import annotations

from typing import Any

import yaml

_TEXT = "tag:yaml.org,2002:str"
_MERGE = "tag:yaml.org,2002:merge"


class StrictLoader(yaml.SafeLoader):
    """Safe YAML whose keys are text and each stand once; what ``<<`` merges may be replaced.

    Raises:
        yaml.MarkedYAMLError: with the line.
    """

    merges = True
    """Whether ``<<`` is allowed."""

    def compose_mapping_node(self, anchor: Any) -> Any:
        """Compose a mapping, before its merges are spread out, and look at its keys."""
        node = super().compose_mapping_node(anchor)
        seen: set[str] = set()
        for key, _ in node.value:
            if key.tag == _MERGE and self.merges:
                continue
            if key.tag != _TEXT:
                told = f"the key {key.value} is not text"
                raise yaml.constructor.ConstructorError(None, None, told, key.start_mark)
            if key.value in seen:
                raise yaml.constructor.ConstructorError(
                    None, None, f"the key {key.value!r} stands twice", key.start_mark
                )
            seen.add(key.value)
        return node
