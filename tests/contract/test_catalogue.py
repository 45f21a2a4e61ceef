"""What every entry of the catalogue promises, whoever wrote it."""

import inspect
import json
import pickle
import re

import numpy as np
import pyarrow as pa
import pytest
import yaml
from pydantic import ValidationError

from curation.core import catalog
from curation.core.schema import ALIVE, DOCUMENT
from curation.describe import describe, summaries
from curation.engine.plan import Placed, Stage, stages
from curation.engine.stage import run_batch
from curation.manifest import load, preset
from curation.steps.kinds import (
    BatchStep,
    Component,
    Deduplicator,
    Filter,
    LineFilter,
    Rewriter,
    Selector,
    Source,
    field_docs,
)
from tests.unit.helpers import REQUIRED, batch_of, build_texts, ledger_of, texts_of, write_manifest

PRESETS = [name for name in catalog.names() if catalog.is_preset(name)]
STEPS = [name for name in catalog.names() if not catalog.is_preset(name)]
CLASSES = {name: catalog.find(name, Component) for name in STEPS}
BATCH_STEPS = [name for name in STEPS if issubclass(CLASSES[name], BatchStep)]
DECIDING = [name for name in STEPS if issubclass(CLASSES[name], Deduplicator | Selector)]

TEXTS = [
    "The dog ran to the park and the dog sat.\nIt was of use. Was it? It was!\n\nThe dog ran to the park.",
    "a a a a a a a a a a a a",
    "*MOT:\tlook [laughs] xxx .\n%add:\tCHI\n*CHI:\t0 .",
    "lorem ipsum { } ... # \u2022 \u2026\n- one\n- two\n- two\n- two [1] javascript\nwe use cookies here",
    "x",
    "1 2 3 4 5 6 7",
    "\u4e2d\u6587 e\u0301\u00ad \ufffd\u3000\u3000wide \u2028 line\r\nend  ",
    "the dog ran to the park and the dog sat.",
    "The dog ran to the park and the dog sat.\nIt was of use. Was it? It was!\n\nThe dog ran to the park.",
]


def made(name):
    return CLASSES[name].model_validate(REQUIRED.get(name, {}))


@pytest.mark.parametrize("name", STEPS)
class TestEveryStep:
    def test_loads_with_its_defaults(self, name):
        """A step in a manifest needs no more than its name, or the few settings that nobody can guess."""
        assert isinstance(made(name), Component)
        required = {field for field, info in CLASSES[name].model_fields.items() if info.is_required()}
        assert required == set(REQUIRED.get(name, {}))

    def test_cites_a_source(self, name):
        """A rule without a reference cannot be checked against what it claims to follow."""
        assert CLASSES[name].cites.strip() != ""

    def test_docstring_starts_with_a_sentence(self, name):
        """The first line is what `curate list` shows."""
        first = (inspect.getdoc(CLASSES[name]) or "").split("\n")[0]
        assert re.fullmatch(r"[A-Z].*[.]", first), first

    def test_every_field_has_a_description(self, name):
        """The page of the step, and the JSON schema, explain each setting."""
        docs = field_docs(CLASSES[name])
        assert [field for field in CLASSES[name].model_fields if not docs.get(field, "").strip()] == []

    def test_settings_survive_json(self, name):
        """The lock records settings as JSON and must be able to give the step back."""
        step = made(name)
        again = type(step).model_validate(json.loads(json.dumps(step.settings(), allow_nan=False)))
        assert again == step
        assert again.settings() == step.settings()

    def test_unknown_settings_are_refused(self, name):
        """A misspelt setting that is passed over would silently give another corpus."""
        with pytest.raises(ValidationError, match="Extra inputs are not permitted"):
            CLASSES[name].model_validate({**REQUIRED.get(name, {}), "no_such_setting": 1})

    def test_settings_cannot_be_changed(self, name):
        """What the lock says must be what ran."""
        field = next(iter(CLASSES[name].model_fields), None)
        if field is not None:
            with pytest.raises(ValidationError, match="frozen"):
                setattr(made(name), field, None)

    def test_is_of_one_kind_with_a_version(self, name):
        """The folder says the kind, and a cache is only as good as the version in its name."""
        folder = name.split(".")[0]
        kinds = {
            "source": Source, "normalize": Rewriter, "dedup": Deduplicator, "select": Selector,
            "filter": (Filter, LineFilter, Rewriter),
        }  # fmt: skip
        assert issubclass(CLASSES[name], kinds[folder])
        assert CLASSES[name].version >= 1
        assert CLASSES[name].kind == {"normalize": "rewriter", "dedup": "deduplicator", "select": "selector"}.get(
            folder, folder
        )

    def test_can_be_pickled(self, name):
        """Steps travel to worker processes."""
        assert pickle.loads(pickle.dumps(made(name))) == made(name)  # noqa: S301  (our own)


@pytest.mark.parametrize("name", catalog.names())
def test_its_page_renders(name):
    """`curate list NAME` is the documentation."""
    page = describe(name)
    assert page.startswith(f"{name}  (")
    assert f" use: {name}" in page.split("In a manifest")[1]
    if name in CLASSES:
        assert [field for field in CLASSES[name].model_fields if f"  {field}: " not in page] == []
    summary = summaries()[name]
    assert len(summary) > 10
    assert summary.endswith(".")


@pytest.mark.parametrize("name", STEPS)
def test_its_page_shows_a_manifest_entry_that_is_valid_yaml(name):
    """What the page shows to paste must be accepted."""
    text = describe(name).split("In a manifest:\n")[1]
    entry = (
        yaml.safe_load("steps:\n" + text)
        if "sources:" not in text
        else yaml.safe_load(text.replace("  sources:", "sources:"))
    )
    entries = next(iter(entry.values()))
    assert entries[0]["use"] == name
    assert set(entries[0]) - {"use", "name"} == set(REQUIRED.get(name, {}))


def run(name, batch):
    stage = Stage(0, (Placed(0, "it", name, made(name)),))
    return run_batch(stage, batch)


def plain(*batches):
    """Return batches as one mapping of lists that can be compared: NaN equals NaN."""
    table = pa.Table.from_batches(batches)
    return table.schema.names, [[repr(value) for value in column.to_pylist()] for column in table.columns]


@pytest.mark.parametrize("name", BATCH_STEPS)
@pytest.mark.parametrize("size", [1, 3, 1000])
def test_batch_size_does_not_matter(name, size):
    """How many documents travel together is a setting of the machine, not of the corpus."""
    batch = batch_of(TEXTS)
    parts = [run(name, batch.slice(start, size)) for start in range(0, len(TEXTS), size)]
    assert plain(*parts) == plain(run(name, batch))


@pytest.mark.parametrize("name", BATCH_STEPS)
def test_output_is_the_same_after_pickling(name):
    """A worker process runs a copy of the step."""
    batch = batch_of(TEXTS)
    stage = Stage(0, (Placed(0, "it", name, made(name)),))
    again = pickle.loads(pickle.dumps(stage))  # noqa: S301  (our own)
    assert plain(run_batch(again, batch)) == plain(run_batch(stage, batch))


@pytest.mark.parametrize("name", BATCH_STEPS)
def test_input_is_not_changed(name):
    """A stage is a pure function: the batch may be a view of a file that others read."""
    batch = batch_of(TEXTS)
    before = batch.serialize().to_pybytes()
    run(name, batch)
    assert batch.serialize().to_pybytes() == before


@pytest.mark.parametrize("name", BATCH_STEPS)
def test_no_row_is_lost(name):
    """A removed document stays as a row that says so: the ledger is made of these."""
    result = run(name, batch_of(TEXTS))
    assert result.column("id").equals(batch_of(TEXTS).column("id"))
    assert result.schema.names[: len(DOCUMENT)] == DOCUMENT.names
    words = [len(text.split()) for text in result.column("text").to_pylist()]
    alive = result.column("step").to_numpy() == ALIVE
    assert np.array(words)[alive].tolist() == result.column("words").to_numpy()[alive].tolist()
    assert np.array(words)[~alive].tolist() == [0] * int((~alive).sum())


@pytest.mark.parametrize("name", BATCH_STEPS)
def test_documents_that_are_gone_stay_gone(name):
    """A step must not judge, or bring back, what an earlier one removed."""
    batch = batch_of(TEXTS)
    place = batch.schema.get_field_index("step")
    gone = np.where(np.arange(len(TEXTS)) % 2 == 0, 7, ALIVE).astype(np.int16)
    result = run(name, batch.set_column(place, batch.schema.field(place), pa.array(gone)))
    assert result.column("step").to_numpy()[::2].tolist() == [7] * len(gone[::2])
    alone = run(name, batch.slice(1, 1))
    assert plain(result.slice(1, 1)) == plain(alone)


@pytest.mark.parametrize("name", BATCH_STEPS)
def test_a_batch_without_documents_passes(name):
    """A file whose every row is refused makes one."""
    assert run(name, batch_of([])).num_rows == 0


def reasons(name):
    """Return the reasons that a step may give in the ledger, by its kind."""
    step = made(name)
    if isinstance(step, Filter):
        bounds = {key: getattr(step, key) for key in step.settings() if key not in step.settings(without_bounds=True)}
        return {f"{'below' if key.startswith('min_') else 'above'} {key} {value}" for key, value in bounds.items()}
    if isinstance(step, Rewriter):
        return {"no word left"}
    return {"duplicate", "no word left"}


@pytest.mark.parametrize("name", [*BATCH_STEPS, "dedup.exact", "dedup.minhash"])
def test_only_declared_reasons_stand_in_the_ledger(tmp_path, name):
    """The ledger's reason is what a user sorts by: it names the setting, not something else each time."""
    rows = ledger_of(build_texts(tmp_path, TEXTS, [{"use": name, "name": "it", **REQUIRED.get(name, {})}]))
    assert {row["reason"] for row in rows if row["step"] == "it"} <= reasons(name)
    assert {row["reason"] for row in rows if row["step"] is None} <= {None}


@pytest.mark.parametrize("name", DECIDING)
def test_global_steps_do_not_depend_on_batch_size(tmp_path, name):
    """What is decided over all documents must not depend on how they came."""
    place = "select" if name.startswith("select") else "steps"
    step = {"use": name, **REQUIRED.get(name, {})}
    found = []
    for size in (1, 3, 1000):
        corpus = build_texts(
            tmp_path, TEXTS, **{place: [step]}, out=f"o{size}", cache=tmp_path / f"c{size}", batch_rows=size
        )
        found.append((corpus.digest, texts_of(corpus)))
    assert found[1:] == found[:-1]


@pytest.mark.parametrize("name", PRESETS)
class TestEveryPreset:
    def test_opens_with_a_comment_that_cites(self, name):
        """The first line is its summary, and a preset without a reference is a matter of taste."""
        comments = [line for line in catalog.preset_text(name).split("\n") if line.startswith("# ")]
        assert comments[0].endswith(".")
        assert re.search(r"\b(19|20)\d\d\b", " ".join(comments))

    def test_its_steps_have_names_of_their_own(self, name):
        """Steps of a preset are changed by name."""
        names = [own for own, _ in preset(name)]
        assert len(set(names)) == len(names)

    def test_expands_to_its_steps(self, name, tmp_path):
        """A preset is no more than the steps it lists."""
        raw = {"sources": [{"use": "source.text", "path": "a.txt"}], "steps": [{"use": name}]}
        loaded = load(write_manifest(tmp_path, {"name": "m", **raw}))
        assert [(entry.name, entry.use) for entry in loaded.steps] == [(own, one["use"]) for own, one in preset(name)]

    def test_builds(self, name, tmp_path):
        """Its rules run together on any text."""
        corpus = build_texts(tmp_path, TEXTS, [{"use": name}])
        assert len(ledger_of(corpus)) == len(TEXTS)

    def test_each_step_can_be_changed_or_left_out(self, name, tmp_path):
        """Ablations change one rule at a time."""
        names = [own for own, _ in preset(name)]
        raw = {"sources": [{"use": "source.text", "path": "a.txt"}]}
        for own in names:
            loaded = load(write_manifest(tmp_path, {"name": "m", **raw, "steps": [{"use": name, own: None}]}))
            assert [entry.name for entry in loaded.steps] == [other for other in names if other != own]


def test_stages_of_the_whole_catalogue_have_stable_fingerprints():
    """The fingerprint of a stage must not depend on the process: caches outlive it."""
    steps = [Placed(number, name, name, made(name)) for number, name in enumerate(BATCH_STEPS)]
    again = [Placed(number, name, name, made(name)) for number, name in enumerate(BATCH_STEPS)]
    assert [stage.fingerprint() for stage in stages(steps)] == [stage.fingerprint() for stage in stages(again)]
