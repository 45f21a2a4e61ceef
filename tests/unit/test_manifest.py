"""Manifests: every problem at once, each with its path, its value and what to do."""

import textwrap
from pathlib import Path

import pytest

from curation.core.errors import ManifestError
from curation.manifest import load
from curation.reading import find_manifest, shipped
from curation.steps.source.text import Text

S = SOURCE = "sources: [{use: source.text, path: a.txt}]\n"


def written(folder, text, name="m.yaml"):
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(textwrap.dedent(text), encoding="utf-8")
    return path


def problems(folder, text):
    with pytest.raises(ManifestError) as caught:
        load(written(folder, text))
    return [(one.where, one.message, one.hint) for one in caught.value.problems]


def refused(folder, text):
    with pytest.raises(ManifestError) as caught:
        load(written(folder, text))
    return str(caught.value)


def test_a_manifest_with_defaults(tmp_path):
    """A source is all that a manifest needs."""
    loaded = load(written(tmp_path, SOURCE))
    assert (loaded.name, loaded.seed, loaded.track, loaded.steps, loaded.select) == ("m", 0, "", (), ())
    assert [(entry.name, entry.use, entry.where, entry.base) for entry in loaded.sources] == [
        ("text", "source.text", "sources[0]", tmp_path)
    ]
    assert loaded.sources[0].component == Text(path="a.txt")


def test_every_problem_is_listed_at_once(tmp_path):
    """A manifest is mended in one go, not one error a run."""
    found = problems(
        tmp_path,
        """
        nmae: x
        seed: many
        sources:
          - use: source.text
          - {use: source.txt, path: a}
        steps:
          - {use: filter.word_count, min_words: -1, max_word: 3}
          - filter.word_count
          - {use: select.order}
          - {min_words: 3}
        select: {use: select.order}
        output: {text: maybe, shards: 3}
        """,
    )
    assert [where for where, _, _ in found] == [
        "nmae", "sources[0].path", "sources[1].use", "steps[0].min_words", "steps[0].max_word", "steps[1]",
        "steps[2].use", "steps[3]", "select", "output.text", "output.shards", "seed",
    ]  # fmt: skip
    by_place = {where: (message, hint) for where, message, hint in found}
    assert by_place["nmae"] == ("unknown key", "did you mean 'name'?")
    assert by_place["seed"][0] == "must be a whole number, this is 'many'"
    assert by_place["sources[0].path"][0] == "is missing"
    assert by_place["sources[0].path"][1].startswith("File, glob, URL")
    assert by_place["sources[1].use"][0] == "there is no 'source.txt'"
    assert by_place["sources[1].use"][1].startswith("did you mean 'source.text'")
    assert by_place["steps[0].min_words"][0].startswith("-1: ")
    assert "'max_words'" in by_place["steps[0].max_word"][1]
    assert by_place["steps[1]"][0] == "must be a mapping with `use:`, this is 'filter.word_count'"
    assert by_place["steps[2].use"] == ("select.order is a selector", "it belongs under `select:`")
    assert by_place["steps[3]"][0] == "`use:` is missing"
    assert by_place["select"][0] == "must be a list, this is a dict"
    assert by_place["output.text"][0].startswith("'maybe': ")
    assert by_place["output.shards"][0] == "unknown setting"


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("name: m\n", "sources", "at least one source is needed"),
        ("name: My Corpus\n" + SOURCE, "name", "cannot be a folder name"),
        ("name: ../up\n" + SOURCE, "name", "cannot be a folder name"),
        ("name: 2024\n" + SOURCE, "name", "must be text, this is 2024"),
        ("seed: true\n" + SOURCE, "seed", "must be a whole number"),
        ("seed: 1.5\n" + SOURCE, "seed", "must be a whole number"),
        ("output: yes\n" + SOURCE, "output", "must be a mapping"),
        ("output: {shard_words: 5}\n" + SOURCE, "output.shard_words", "5: "),
        ("sources: hello\n", "sources", "must be a list"),
        ("sources: [{use: 3}]\n", "sources[0]", "`use:` must be a name, this is 3"),
        ("sources: [{use: filter.word_count}]\n", "sources[0].use", "filter.word_count is a filter"),
        ("sources: [{use: source.text, path: a, name: a/b}]\n", "sources[0].name", "'a/b' is no name"),
        (
            "sources: [{use: source.text, path: a}, {use: source.text, path: b}]\n",
            "sources[1]",
            "two entries are named",
        ),
        ("sources: [{use: source.text, path: a, quota: 200%}]\n", "sources[0].quota", "a share lies above 0"),
        ("sources: [{use: source.text, path: a, quota: 0}]\n", "sources[0].quota", "at least one word"),
        ("sources: [{use: source.text, path: a, quota: true}]\n", "sources[0].quota", "allowed: a number of words"),
        ("sources: [{use: source.text, path: a, quota: x%}]\n", "sources[0].quota", "'x%'"),
        ("sources: [{use: source.text, path: a, sha256: abc}]\n", "sources[0].sha256", "'abc'"),
        ("sources: [{use: source.text, path: a, documents: page}]\n", "sources[0].documents", "allowed: file, header"),
        (
            "sources: [{use: source.text, path: $NO_SUCH_VARIABLE/a}]\n",
            "sources[0].path",
            "NO_SUCH_VARIABLE is not set",
        ),
        (S + "steps: [{use: source.text, path: a}]\n", "steps[0].use", "source.text is a source"),
        (S + "steps: [{use: dedup.minhash, keep: lenght}]\n", "steps[0].keep", "is not a filter step"),
        (
            S + "steps: [{use: dedup.minhash, keep: word_count}, {use: filter.word_count}]\n",
            "steps[0].keep",
            "comes later",
        ),
        (S + "select: [{use: select.word_budget}]\n", "select[0].words", "is missing"),
        (S + "select: [{use: select.word_budget, words: 0}]\n", "select[0].words", "0: "),
        (S + "select: [{use: select.word_budget, words: 5, nested: [9]}]\n", "select[0]", "nested: 9 must be smaller"),
        (S + "select: [{use: select.order, by: nothing}]\n", "select[0].by", "is not a filter step"),
        (S + "steps: [{use: filter.gopher, wrod_count: null}]\n", "steps[0].wrod_count", "has no step 'wrod_count'"),
        (
            S + "steps: [{use: filter.gopher, word_count: 5}]\n",
            "steps[0].word_count",
            "must be a mapping of settings or null",
        ),
        (
            S + "steps: [{use: filter.gopher, word_count: {min_word: 5}}]\n",
            "steps[0].word_count.min_word",
            "unknown setting",
        ),
        (S + "steps: [{use: 'tests.unit.plugins:Nothing'}]\n", "steps[0].use", "has no class"),
        (S + "steps: [{use: 'tests.unit.plugins:Unfinished'}]\n", "steps[0].use", "measure"),
        (S + "steps: [{use: 'curation.steps.kinds:Filter'}]\n", "steps[0].use", "Filter"),
        (
            "sources: [{use: source.text, path: a, quota: 50%}]\nselect: [{use: select.word_budget, words: 9}]\n",
            "sources[*].quota",
            "short of 9",
        ),
        (
            "sources: [{use: source.text, path: a, quota: 10}]\nselect: [{use: select.word_budget, words: 9}]\n",
            "sources[*].quota",
            "the quotas add up to 10 words, the budget is 9",
        ),
        (S + "steps: [{use: filter.word_count, name: order}]\nselect: [{use: select.order}]\n", "select[0]", "order"),
        (S + "steps: [{use: filter.word_count, name: unreadable}]\n", "steps[0].name", "unreadable"),
    ],
)
def test_each_problem_names_its_place_and_value(tmp_path, text, where, message):
    """The place is a path in the manifest, and the message shows what stands there."""
    found = problems(tmp_path, text)
    assert [place for place, _, _ in found] == [where]
    assert message in found[0][1]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "m.yaml:2: not valid YAML: the key 'a' stands twice"),
        ("sources: [{use: a, use: b}]\n", "m.yaml:1: not valid YAML: the key 'use' stands twice"),
        ("a: &x 1\nb: *x\n", "m.yaml:2: not valid YAML: aliases (*name) are not allowed"),
        ("1: a\n", "m.yaml:1: not valid YAML: the key 1 is not text"),
        ("a: [1\n", "not valid YAML"),
        ("a: !!python/object:os.system x\n", "not valid YAML"),
        ("a: {<<: {b: 1}}\n", "not valid YAML"),
        ("- a\n", "must be a mapping"),
        ("", "must be a mapping"),
        ("a: " + "[" * 3000 + "\n", "not valid YAML"),
    ],
)
def test_yaml_that_is_refused(tmp_path, text, message):
    """YAML's surprises (lost keys, exponential aliases, objects) must not get into a manifest."""
    assert message in refused(tmp_path, text)


def test_a_manifest_that_is_no_text(tmp_path):
    """A Parquet file given by mistake is no traceback."""
    (tmp_path / "m.yaml").write_bytes(b"a: \xff\n")
    with pytest.raises(ManifestError, match=r"is not UTF-8 text \(byte 3\)"):
        load(tmp_path / "m.yaml")
    (tmp_path / "m.yaml").write_bytes(b"#" * (2 << 20))
    with pytest.raises(ManifestError, match="is larger than"):
        load(tmp_path / "m.yaml")


def test_manifests_that_are_not_there(tmp_path):
    """A shipped name that is misspelt is answered with the name."""
    with pytest.raises(ManifestError, match="no such manifest") as caught:
        load("quickstrat")
    assert "'quickstart'" in caught.value.hint
    with pytest.raises(ManifestError, match="is a folder"):
        load(tmp_path)
    assert find_manifest("quickstart") == shipped()["quickstart"]


def test_the_fingerprint_is_that_of_the_meaning(tmp_path):
    """Layout and comments ask for nothing; settings do."""
    one = load(written(tmp_path, SOURCE))
    two = load(written(tmp_path, "# hello\nsources:\n  - path: a.txt\n    use: source.text\n    documents: file\n"))
    three = load(written(tmp_path, SOURCE + "seed: 1\n"))
    assert one.fingerprint() == two.fingerprint()
    assert one.fingerprint() != three.fingerprint()


def test_variables_have_defaults(tmp_path, monkeypatch):
    """A manifest names a folder that each machine has somewhere else."""
    written(tmp_path, "x", "texts/a.txt")
    monkeypatch.setenv("CURATE_TEST_DATA", "texts")
    for path in ("$CURATE_TEST_DATA/a.txt", "${CURATE_TEST_DATA}/a.txt", "${CURATE_TEST_NONE:-texts}/a.txt"):
        loaded = load(written(tmp_path, f"sources: [{{use: source.text, path: '{path}'}}]\n"))
        assert [file.name for file in loaded.sources[0].component.files(tmp_path)] == ["a.txt"]
        assert loaded.as_dict()["sources"][0]["path"] == path


class TestExtends:
    PARENT = """
    name: parent
    seed: 3
    sources:
      - {name: one, use: source.text, path: a.txt, licence: CC0}
      - {name: two, use: source.jsonl, path: b.jsonl}
    steps:
      - use: filter.word_count
      - {name: near, use: dedup.minhash, threshold: 0.9}
    select:
      - {use: select.word_budget, words: 100}
    output: {text: true}
    """

    def child(self, folder, text, parent=PARENT):
        written(folder, parent, "base/parent.yaml")
        return load(written(folder, text, "child.yaml"))

    def test_takes_everything_that_is_not_said(self, tmp_path):
        """An ablation says only what it changes."""
        loaded = self.child(tmp_path, "name: child\nextends: base/parent.yaml\n")
        assert (loaded.name, loaded.seed, loaded.output.text) == ("child", 3, True)
        assert [entry.name for entry in loaded.steps] == ["word_count", "near"]

    def test_paths_stay_relative_to_the_manifest_that_wrote_them(self, tmp_path):
        """A parent in another folder must go on finding its files."""
        loaded = self.child(
            tmp_path,
            "extends: base/parent.yaml\nsources: {two: {path: c.jsonl}, three: {use: source.text, path: d.txt}}\n",
        )
        assert [(entry.name, entry.base) for entry in loaded.sources] == [
            ("one", tmp_path / "base"),
            ("two", tmp_path),
            ("three", tmp_path),
        ]

    def test_a_mapping_patches_by_name(self, tmp_path):
        """Change one threshold, leave one step out, add one."""
        loaded = self.child(
            tmp_path,
            """
            extends: base/parent.yaml
            steps:
              near: {threshold: 0.7}
              word_count: null
              exact: {use: dedup.exact}
            select: {word_budget: {words: 50}}
            """,
        )
        assert [(entry.name, entry.use) for entry in loaded.steps] == [
            ("near", "dedup.minhash"),
            ("exact", "dedup.exact"),
        ]
        assert loaded.steps[0].component.threshold == 0.7
        assert loaded.select[0].component.words == 50

    def test_a_list_replaces(self, tmp_path):
        """Saying the whole list again is the way to another order."""
        loaded = self.child(tmp_path, "extends: base/parent.yaml\nsteps: [{use: dedup.exact}]\nselect: []\n")
        assert [entry.name for entry in loaded.steps] == ["exact"]
        assert loaded.select == ()

    def test_a_preset_is_patched_through_it(self, tmp_path):
        """A step of a preset is changed by its name, from a manifest that extends too."""
        parent = SOURCE + "steps: [{use: filter.gopher}]\n"
        loaded = self.child(
            tmp_path,
            "extends: base/parent.yaml\nsteps: {gopher: {word_count: {min_words: 7}, stop_word_count: null}}\n",
            parent,
        )
        names = {entry.name: entry.component for entry in loaded.steps}
        assert names["word_count"].min_words == 7
        assert "stop_word_count" not in names

    @pytest.mark.parametrize(
        ("text", "message"),
        [
            ("steps: {neer: {threshold: 0.7}}", "there is no 'neer' to change\n  did you mean 'near'?"),
            ("steps: {neer: null}", "there is no 'neer' to remove\n  did you mean 'near'?"),
            ("steps: {other: {threshold: 0.7}}", "a new entry needs `use:`"),
            ("extends: 3", "must be the path of a manifest, this is 3"),
            ("extends: nowhere.yaml", "no such manifest"),
        ],
    )
    def test_patches_of_nothing_are_refused(self, tmp_path, text, message):
        """A patch that hits nothing would silently be the parent again."""
        head = "" if text.startswith("extends") else "extends: base/parent.yaml\n"
        with pytest.raises(ManifestError) as caught:
            self.child(tmp_path, head + text + "\n")
        assert message in str(caught.value)

    def test_a_circle_is_refused(self, tmp_path):
        """Two manifests that extend each other have no meaning."""
        written(tmp_path, "extends: b.yaml\n", "a.yaml")
        written(tmp_path, "extends: a.yaml\n", "b.yaml")
        with pytest.raises(ManifestError, match=r"goes in a circle: a.yaml -> b.yaml -> a.yaml"):
            load(tmp_path / "a.yaml")
        with pytest.raises(ManifestError, match="goes in a circle"):
            load(written(tmp_path, "extends: m.yaml\n"))

    @pytest.mark.parametrize(
        "steps",
        [
            "[filter.word_count, {name: near, use: dedup.minhash}]",
            "[{use: filter.word_count}, {use: filter.word_count}, {name: near, use: dedup.minhash}]",
        ],
        ids=["no mapping", "one name twice"],
    )
    def test_a_patch_does_not_hide_a_mistake_of_the_parent(self, tmp_path, steps):
        """Entries that are wrong must be told, not dropped on the way."""
        with pytest.raises(ManifestError, match=r"steps\[[01]\]"):
            self.child(
                tmp_path, "extends: base/parent.yaml\nsteps: {near: {threshold: 0.7}}\n", SOURCE + f"steps: {steps}\n"
            )

    def test_a_shipped_manifest_can_be_extended(self, tmp_path):
        """The quick start is the first thing that a user changes."""
        loaded = load(
            written(
                tmp_path,
                "name: mine\nextends: quickstart\nselect: {word_budget: {words: 1000, nested: []}}\n"
                "sources: {kjv: {quota: 900}}\n",
            )
        )
        assert loaded.select[0].component.words == 1000
        assert {Path(entry.base) for entry in loaded.sources} == {shipped()["quickstart"].parent}


def test_package_data_can_be_named():
    """Real text from PyPI needs no path of any machine."""
    files = Text(path="package://corpora_manifests/samples/handwritten.train").files(Path("/nowhere"))
    assert [file.name for file in files] == ["corpora_manifests/samples/handwritten.train"]
    assert files[0].size > 1000
