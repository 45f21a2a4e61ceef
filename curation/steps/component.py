"""What sources and steps are: frozen pydantic models whose fields are their parameters."""

from __future__ import annotations

import ast
import inspect
import textwrap
from abc import ABC
from functools import cache
from itertools import pairwise
from typing import Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field

from curation.core.auxiliary import AuxiliaryModel


class Component(BaseModel, ABC):
    """What sources and steps share: frozen settings, a version, and the source that it follows."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)

    version: ClassVar[int] = 1
    kind: ClassVar[str]
    cites: ClassVar[str] = ""
    """The paper or specification that the behaviour follows."""

    def settings(self, *, without_bounds: bool = False) -> dict[str, Any]:
        """Return the parameters as JSON-able data, defaults included."""
        skip = {name for name, info in type(self).model_fields.items() if is_bound(info)} if without_bounds else set()
        return self.model_dump(mode="json", exclude=skip)

    def auxiliary_models(self) -> tuple[AuxiliaryModel, ...]:
        """Return every trained thing that this component uses; what is not known of its training text stays unknown.

        The lock records them, and an audit asks again: the answer may depend on the settings and on nothing else.
        """
        return ()


class Step(Component):
    """A step of a manifest."""

    runs: ClassVar[Literal["thread", "process"]] = "thread"
    """``process`` for steps that hold the GIL (plain Python, spaCy): they run in spawned processes."""

    def measures_used(self) -> dict[str, str]:
        """Return the fields that name a filter step whose measure this step needs."""
        return {}


@cache
def field_docs(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring under each field of a model, inherited ones included.

    pydantic's own way (``use_attribute_docstrings``) parses every module at import, for what only ``curate list`` and
    ``curate schema`` show.
    """
    docs: dict[str, str] = {}
    for one in reversed(model.__mro__):
        if not issubclass(one, BaseModel) or one is BaseModel:
            continue
        body = ast.parse(textwrap.dedent(inspect.getsource(one))).body[0]
        assert isinstance(body, ast.ClassDef)
        for field, below in pairwise(body.body):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(field.target, ast.Name)
                and isinstance(below, ast.Expr)
                and isinstance(below.value, ast.Constant)
            ):
                docs[field.target.id] = inspect.cleandoc(str(below.value.value))
    return {name: text for name, text in docs.items() if name in model.model_fields}


def bound(default: float | None, **limits: Any) -> Any:
    """Declare a field that a measure is compared with: changing it decides again and measures nothing."""
    return Field(default=default, json_schema_extra={"bound": True}, **limits)


def is_bound(info: Any) -> bool:
    """Return whether a field was declared with ``bound``."""
    return isinstance(info.json_schema_extra, dict) and bool(info.json_schema_extra.get("bound"))
