"""Every verb of the command line but `build` itself: help, list, plan, check, init, schema, diff."""

from __future__ import annotations

import json
import re
import shutil

import pytest
import typer
import yaml

from curation.cli import application

BUDGET = 60_000
VERBS = ("build", "check", "plan", "list", "init", "schema", "diff")


# Help ---------------------------------------------------------------------------------------------------------------


def test_help_names_every_verb(cli, tmp_path):
    """`curate --help` is where everybody starts."""
    run = cli("--help", cwd=tmp_path)
    assert all(re.search(rf"^. {verb} ", run.out, re.MULTILINE) for verb in VERBS)


def test_no_argument_shows_help(cli, tmp_path):
    """`curate` alone must not look broken."""
    run = cli(cwd=tmp_path, code=None)
    assert "Usage" in run.out + run.err
    assert "Traceback" not in run.err


@pytest.mark.parametrize("verb", VERBS)
def test_help_of_a_verb_documents_every_option(cli, tmp_path, verb):
    """An option that help does not explain is one that nobody finds."""
    run = cli(verb, "--help", cwd=tmp_path)
    command = typer.main.get_command(application()).commands[verb]
    assert command.help.split("\n")[0].split(".")[0][:40] in run.out
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        assert text, f"{verb} {parameter.name} has no help"
        names = parameter.opts if parameter.param_type_name == "option" else [parameter.name.split("_")[0]]
        assert all(name in run.out for name in names), f"{names} not in the help of {verb}"
        assert text.split("[")[0].split(".")[0].split(";")[0][:25] in run.out


def test_version(cli, tmp_path):
    """A bug report needs the version."""
    assert re.fullmatch(r"curate \d+\.\d+\.\d+\S*\n", cli("--version", cwd=tmp_path).out)


@pytest.mark.parametrize(
    "arguments", [["bild"], ["build"], ["build", "m.yaml", "--wrong"], ["build", "m.yaml", "-j", "0"]]
)
def test_wrong_usage_exits_2(cli, tmp_path, arguments):
    """Scripts tell wrong usage from a failed check by the exit code."""
    run = cli(*arguments, cwd=tmp_path, code=2)
    assert "Usage" in run.err or "error" in run.err.lower()
    assert "Traceback" not in run.err


# List ---------------------------------------------------------------------------------------------------------------


def test_list_shows_every_kind_with_a_summary(cli, tmp_path):
    """The catalogue is found by looking, and every line says what the step does."""
    lines = cli("list", cwd=tmp_path).out.splitlines()
    names = [line.split()[0] for line in lines]
    assert {"source.jsonl", "filter.word_count", "filter.gopher", "dedup.minhash", "select.word_budget"} <= set(names)
    assert names == sorted(names)
    assert all(len(line.split()) > 4 for line in lines)


def test_list_of_a_kind(cli, tmp_path):
    """`curate list filter` shows filters alone."""
    lines = cli("list", "filter", cwd=tmp_path).out.splitlines()
    assert lines
    assert all(line.startswith("filter.") for line in lines)


def test_list_documents_a_step(cli, tmp_path):
    """The page of a step has its settings, their defaults, the paper, and how to write it."""
    page = cli("list", "filter.word_count", cwd=tmp_path).out
    for part in ("min_words", "default 50", "max_words", "Source: Gopher", "- use: filter.word_count"):
        assert part in page


def test_list_documents_a_preset(cli, tmp_path):
    """The page of a preset has its steps by the names that a manifest can patch."""
    page = cli("list", "filter.gopher", cwd=tmp_path).out
    for part in ("(preset)", "word_count", "duplicate_10gram", "n: 10", "- use: filter.gopher"):
        assert part in page


def test_list_documents_every_name(cli, tmp_path):
    """No page of the catalogue is broken, and no setting is without a description."""
    names = [line.split()[0] for line in cli("list", cwd=tmp_path).out.splitlines()]
    code = (
        "import sys\nfrom curation.describe import describe\n"
        "for name in sys.argv[1:]: print('##', name, '\\n' + describe(name))"
    )
    pages = cli.python(code, *names, cwd=tmp_path).split("## ")[1:]
    assert len(pages) == len(names)
    for page in pages:
        lines = page.split("\n")
        for number, line in enumerate(lines):
            if re.match(r"  \w+: .*\[(default .*|required)\]$", line):
                assert lines[number + 1].startswith("      "), f"{lines[0]}: {line} is not described"


@pytest.mark.parametrize(
    ("name", "meant"),
    [("filter.word_cont", "filter.word_count"), ("filtr", "filter"), ("dedup.minhsh", "dedup.minhash")],
)
def test_list_of_an_unknown_name(cli, tmp_path, name, meant):
    """A typing mistake is answered with the name that was meant."""
    run = cli("list", name, cwd=tmp_path, code=2)
    assert f"did you mean '{meant}'" in run.err


# Schema, check, init, plan ------------------------------------------------------------------------------------------


def test_schema_is_json_and_describes_steps(cli, tmp_path):
    """Editors complete manifests by the schema."""
    schema = json.loads(cli("schema", cwd=tmp_path).out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    text = json.dumps(schema)
    assert all(part in text for part in ("filter.word_count", "min_words", "select.word_budget", "filter.gopher"))
    assert {"sources", "steps", "select"} <= set(schema["properties"])


def test_check_opens_every_source(place, cli):
    """`curate check` shows what was found before an hour is spent."""
    run = cli("check", "m.yaml", cwd=place)
    assert all(name in run.out for name in ("stories", "talk", "notes", "table", "lines"))
    assert "every source opens" in run.out
    found = {row["name"]: row for row in json.loads(cli("check", "m.yaml", "--json", cwd=place).out)}
    assert found["stories"]["documents"] == 1200
    assert found["lines"]["files"] == 2
    assert found["talk"]["sample"].startswith("= = = 0 = = =")
    assert not (place / "build").exists()


def test_check_fails_for_a_broken_source(place, cli):
    """`curate check` finds what a build would find."""
    (place / "data/stories.jsonl").write_text('{"txt": "wrong field"}\n', encoding="utf-8")
    run = cli("check", "m.yaml", cwd=place, code=2)
    assert "stories.jsonl:1" in run.err


def test_plan_before_and_after_a_build(place, cli):
    """`curate plan` tells what a build would cost, and that nothing is left to do when all is cached."""
    before = json.loads(cli("plan", "m.yaml", "--json", cwd=place).out)
    assert before["words"] > 0
    assert before["seconds"] > 0
    assert all(row["words"] > 0 and not row["complete"] and row["slices_cached"] == 0 for row in before["sources"])
    assert [stage["decisions"] for stage in before["stages"]] == [["exact", "minhash"]]
    assert before["stages"][0]["deferred"] == ["alpha_word_ratio", "word_count"]
    assert not (place / "build").exists()
    cli("build", "m.yaml", cwd=place)
    after = json.loads(cli("plan", "m.yaml", "--json", cwd=place).out)
    assert all(row["complete"] and row["slices_cached"] >= row["files"] for row in after["sources"])
    assert after["seconds"] < before["seconds"] + 1
    shown = cli("plan", "m.yaml", cwd=place).out
    assert "of all" in shown
    assert "stage 0: read unicode whitespace" in shown
    assert "free to change: alpha_word_ratio, word_count" in shown


def test_plan_estimates_the_words_within_a_factor_of_two(built, cli):
    """An estimate that is far off is worse than none."""
    plan = json.loads(cli("plan", "m.yaml", "--json", cwd=built.folder).out)
    read = sum(source["words_read"] for source in built.lock["sources"])
    assert read / 2 < plan["words"] < read * 2


@pytest.mark.parametrize("name", ["texts", "my: corpus #1", "it's [v1] & more", "100% {x}"])
def test_init_then_check_then_build(cli, tmp_path, make, name):
    """The first five minutes: a folder of files becomes a corpus without editing a line, whatever it is called."""
    folder = tmp_path / name
    (folder / "deep/er").mkdir(parents=True)
    writer = make.writer(5)
    for number in range(3):
        (folder / f"book {number}.txt").write_text(writer.document(60), encoding="utf-8")
    make.jsonl(folder / "deep/posts.jsonl", writer.documents(100))
    make.zstd(folder / "deep/er/talk.train.zst", make.header_form(writer.documents(60)).encode())
    run = cli("init", name, "--words", 3000, cwd=tmp_path)
    assert "wrote manifest.yaml" in run.out
    text = (tmp_path / "manifest.yaml").read_text(encoding="utf-8")
    assert text.count("#") > 5
    assert len(yaml.safe_load(text)["sources"]) == 3
    cli("check", "manifest.yaml", cwd=tmp_path)
    cli("build", "manifest.yaml", "--out", "out", cwd=tmp_path)
    lock = json.loads((tmp_path / "out/corpus.lock").read_text(encoding="utf-8"))
    assert lock["words"] == 3000
    assert [len(source["files"]) for source in lock["sources"]] == [3, 1, 1]


def test_init_chooses_a_budget_that_can_be_met(cli, tmp_path, sample):
    """The manifest that `curate init` writes without any option builds."""
    shutil.copytree(sample, tmp_path / "mine")
    for file in ("notes.parquet",):  # its text column has another name
        (tmp_path / "mine" / file).unlink()
    cli("init", "mine", cwd=tmp_path)
    cli("build", "manifest.yaml", "--out", "out", cwd=tmp_path)
    lock = json.loads((tmp_path / "out/corpus.lock").read_text(encoding="utf-8"))
    assert lock["words"] > 10_000


def test_init_does_not_replace_a_manifest(cli, tmp_path, sample):
    """An edited manifest is an hour's work."""
    (tmp_path / "manifest.yaml").write_text("name: mine\n", encoding="utf-8")
    run = cli("init", sample, cwd=tmp_path, code=2)
    assert "exists already" in run.err
    assert (tmp_path / "manifest.yaml").read_text(encoding="utf-8") == "name: mine\n"
    cli("init", sample, "--force", cwd=tmp_path)
    assert "sources:" in (tmp_path / "manifest.yaml").read_text(encoding="utf-8")


def test_init_of_nothing(cli, tmp_path):
    """A folder without text files is answered with what would be read."""
    (tmp_path / "empty").mkdir()
    run = cli("init", "empty", cwd=tmp_path, code=2)
    assert "holds no file that can be read" in run.err
    assert ".jsonl" in run.err
    assert "no such folder" in cli("init", "nowhere", cwd=tmp_path, code=2).err
    assert not (tmp_path / "manifest.yaml").exists()


# Diff ---------------------------------------------------------------------------------------------------------------


def test_diff_of_one_threshold(built, cli, tmp_path, sample):
    """An ablation is labelled by its one setting, and the overlap adds up to both corpora."""
    shutil.copytree(sample, tmp_path / "data")
    text = (built.folder / "m.yaml").read_text(encoding="utf-8")
    (tmp_path / "m.yaml").write_text(text.replace("min_words: 8", "min_words: 40"), encoding="utf-8")
    cli("build", "m.yaml", "--out", "b", cwd=tmp_path)
    found = json.loads(cli("diff", built.corpus, "b", "--json", cwd=tmp_path).out)
    assert found["settings"] == ["steps.word_count.min_words: 8 -> 40"]
    assert found["same"] is False
    for side, only in (("a", "only_in_a"), ("b", "only_in_b")):
        assert found[side]["documents"] == found[only]["documents"] + found["in_both"]["documents"]
        assert found[side]["words"] == BUDGET
        assert sum(pair["ab".index(side)] for pair in found["words_by_source"].values()) == BUDGET
        # Words in both are those that both took; a document cut differently is in both with the shorter part.
        assert found[only]["words"] + found["in_both"]["words"] <= BUDGET
    assert found["only_in_a"]["documents"] > 0
    ids = {row["id"] for row in built.documents}
    code = "import sys, pyarrow.dataset as d\nprint(*d.dataset(sys.argv[1]).to_table(columns=['id'])['id'].to_pylist())"
    others = set(cli.python(code, tmp_path / "b/data", cwd=tmp_path).split())
    assert found["in_both"]["documents"] == len(ids & others)
    shown = cli("diff", built.corpus, "b", cwd=tmp_path).out
    assert "steps.word_count.min_words: 8 -> 40" in shown
    assert "identical" not in shown


def test_diff_of_identical_corpora(built, cli, tmp_path):
    """Two builds of one manifest are the same corpus, and diff says so."""
    shutil.copytree(built.corpus, tmp_path / "copy")
    shown = cli("diff", built.corpus, "copy", cwd=tmp_path).out
    assert "the corpora are identical" in shown
    assert "no difference" in shown
    found = json.loads(cli("diff", built.corpus, "copy", "--json", cwd=tmp_path).out)
    assert found["settings"] == []
    assert found["in_both"] == {"documents": built.lock["documents"], "words": BUDGET, "documents_cut_differently": 0}
    assert found["only_in_a"] == found["only_in_b"] == {"documents": 0, "words": 0}


@pytest.mark.parametrize("other", ["nowhere", "data"])
def test_diff_of_what_is_no_corpus(built, cli, other):
    """A folder that is no corpus is named."""
    run = cli("diff", built.corpus, other, cwd=built.folder, code=2)
    assert f"{other}: holds no corpus.lock" in run.err
