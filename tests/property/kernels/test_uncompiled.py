"""Every kernel, compiled, against the same source run by Python, on the calls that real steps make."""

import importlib
import pkgutil

import numba
import numpy as np
import pyarrow as pa
import pytest
from numba.core.dispatcher import Dispatcher

import curation
from curation.core import catalog
from curation.core.schema import ALIVE
from curation.kernels import shingles
from curation.steps.kinds import BatchStep, Component
from tests.unit.helpers import REQUIRED, build_raw, docs_of, write_jsonl

BATCH = [
    "One dog. Two dogs!\n\u2022 a (line)... \u2026\r\n\n\u3000wide\u2003spaces\u2028here ### \u4e2d\u6587 xxx [laughs]",
    "the dog ran the dog ran the dog ran the dog",
    "e\u0301 \u00e9\n\nthe dog ran\nthe dog ran\n\n e\u0301 \u00e9\nwe use cookies javascript\n\n\nthe end. the end?",
    " \n\t one ",
    "\U0001f600 x",
    "the dog ran the dog ran the dog ran the dog and sat",
]
#: Calls of each kernel that are kept.
CALLS = 4


def compiled():
    """Return (module, name, function) for every name of the package that stands for a compiled function."""
    found = []
    for info in pkgutil.walk_packages(curation.__path__, "curation."):
        if info.name.startswith(("curation.kernels.", "curation.steps.")):
            module = importlib.import_module(info.name)
            found += [(module, name, value) for name, value in vars(module).items() if isinstance(value, Dispatcher)]
    return found


def kernels():
    """Return every compiled function that Python calls, by its full name."""
    return {
        f"{module.__name__}.{name}": function
        for module, name, function in compiled()
        if function.py_func.__module__ == module.__name__ and "inline" not in function.targetoptions
    }


def copied(values):
    return tuple(value.copy() if isinstance(value, np.ndarray) else value for value in values)


def flat(result):
    return result if isinstance(result, tuple) else (result,)


@pytest.fixture(scope="module")
def calls(tmp_path_factory):
    """Run every step and a build, and keep what went into the kernels and what came out."""
    seen = {}
    plain = Dispatcher.__call__

    def record(self, *arguments):
        before = copied(arguments)
        result = plain(self, *arguments)
        some = seen.setdefault(f"{self.py_func.__module__}.{self.py_func.__name__}", [])
        if len(some) < CALLS:
            some.append((before, copied(flat(result)), copied(arguments)))
        return result

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(next(iter(kernels().values()))), "__call__", record, raising=False)
        for name in catalog.names():
            step = None if catalog.is_preset(name) else catalog.find(name, Component)
            if step is not None and issubclass(step, BatchStep):
                docs = docs_of(BATCH)
                docs = docs.replace(step=pa.array(np.where(np.arange(len(docs)) == 1, 0, ALIVE).astype(np.int16)))
                step.model_validate(REQUIRED.get(name, {})).apply(docs, 3)
        shingles.find_root(np.array([0, 0, 1, 2]), 3)
        folder = tmp_path_factory.mktemp("calls")
        write_jsonl(folder / "docs.jsonl", BATCH, id=[f"id{i}" for i in range(len(BATCH))])
        (folder / "a.train").write_text("= = = one = = =\na dog\n= = = two = = =\na cat sat.\n")
        build_raw(
            folder,
            {
                "sources": [
                    {"name": "docs", "use": "source.jsonl", "path": "docs.jsonl", "id_field": "id"},
                    {"name": "train", "use": "source.text", "path": "a.train", "documents": "header"},
                ],
                "steps": [
                    {"use": "dedup.exact", "level": "line"},
                    {"use": "normalize.whitespace"},
                    {"use": "dedup.minhash", "threshold": 0.5, "ngram": 2, "bands": 3, "rows": 1},
                ],
                "select": [{"use": "select.word_budget", "words": 20}, {"use": "select.order"}],
            },
        )
    return seen


@pytest.mark.skipif(bool(numba.config.DISABLE_JIT), reason="there is nothing compiled to compare with")
@pytest.mark.parametrize("name", sorted(kernels()))
def test_compiled_equals_uncompiled(name, calls, monkeypatch):
    """The source is its own slow oracle: what the compiler makes of it must not differ, nor write elsewhere."""
    assert calls.get(name), "no step calls this kernel in these tests"
    function = kernels()[name].py_func
    for module, inner, one in compiled():  # what the kernel calls is not compiled either
        monkeypatch.setattr(module, inner, one.py_func)
    for before, result, after in calls[name]:
        arguments = copied(before)
        with np.errstate(over="ignore"):  # 64-bit arithmetic wraps around on purpose
            plain = flat(function(*arguments))
        for one, two in zip((*plain, *arguments), (*result, *after), strict=True):
            np.testing.assert_array_equal(one, two)
