"""The verb: exit 0 holds, 1 broken, 2 cannot say; paths after `--files` as a shell expands them."""

import json
from xml.etree import ElementTree as ET

import pytest
import typer
from typer.testing import CliRunner

from curation.audit.verdict import Verdict
from curation.auditing import audit
from curation.core.errors import CurateError
from tests.unit.audit.tampering import BUDGET, small


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    return small(tmp_path_factory.mktemp("audited"))


@pytest.fixture
def rules(tmp_path):
    def write(words):
        path = tmp_path / f"rules{words}.yaml"
        path.write_text(
            f"extends: babylm-2024-strict\nname: mine\ntitle: My rules\nbudget: {{value: {words}, source: cfp-2024}}\n"
        )
        return str(path)

    return write


def run(*arguments):
    app = typer.Typer()
    app.command()(audit)
    return CliRunner().invoke(app, [str(one) for one in arguments])


def test_the_corpus_track_is_the_default(corpus):
    """The manifest says which rules it was built for."""
    result = run(corpus.folder, "--json")
    assert result.exit_code == 0, result.output
    verdict = Verdict.model_validate(json.loads(result.stdout))
    assert (verdict.profile, verdict.words) == ("babylm-2024-strict", BUDGET)


def test_exit_codes(corpus, rules, tmp_path):
    """1 names rule and number; 2 names what is missing."""
    result = run(corpus.folder, "--rules", rules(BUDGET - 1))
    assert result.exit_code == 1
    assert "broken      budget: 1 words too many" in result.stdout
    models = tmp_path / "models.yaml"
    models.write_text("auxiliary_models:\n- {name: spacy, purpose: parser}\n")
    result = run(corpus.folder, "--rules", rules(BUDGET + 5), "--models", models)
    assert result.exit_code == 2
    assert "cannot say  budget" in result.stdout
    assert "reading (judged by this one)" in result.stdout


def test_files_as_a_shell_expands_them(tmp_path, rules):
    """`--files *.train --rules R`, with the option before or after the paths."""
    for name in ("a", "b", "c"):
        (tmp_path / f"{name}.train").write_text(f"{name} and more\n")
    paths = sorted(tmp_path.glob("*.train"))
    for arguments in (["--files", *paths, "--rules", rules(9)], ["--rules", rules(9), *paths]):
        result = run(*arguments)
        assert result.exit_code == 0, result.output
        assert "9 words in 3 documents" in result.stdout
    assert run("--files", *paths, "--rules", rules(8)).exit_code == 1


def test_held_out_text_beside_a_corpus(corpus, tmp_path):
    """A corpus and files: the files are compared with it."""
    path = tmp_path / "a.dev"
    path.write_text("nothing that is in it\n")
    result = run(corpus.folder, "--files", path)
    assert "splits: 0 of 5 held-out words" in result.stdout


def test_what_is_written(corpus, rules, tmp_path):
    """The verdict as data, and a badge that is valid SVG without any request."""
    result = run(corpus.folder, "--rules", rules(BUDGET), "--out", tmp_path / "out")
    assert result.exit_code == 0
    told = json.loads((tmp_path / "out" / "audit.json").read_text())
    verdict = Verdict.model_validate(told["verdict"])
    assert verdict.status == "holds"
    svg = (tmp_path / "out" / "badge.svg").read_text()
    assert ET.fromstring(svg).attrib["aria-label"] == f"mine: holds, {BUDGET} words"  # noqa: S314  (our own)
    assert "href" not in svg


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "nothing to audit"),
        (["nowhere"], "no such folder"),
        (["--files", "nowhere.train"], "cannot be read"),
        (["{corpus}", "--rules", "babylm-2042"], "no such rule profile"),
        (["{corpus}", "--language", "tales=nld_latn"], "measure no languages"),
        (["{corpus}", "--rules", "babylm-2026-multilingual", "--language", "tales=xx"], "'xx' is not known"),
        (["{corpus}", "{corpus}"], "one corpus at a time"),
    ],
)
def test_wrong_usage(corpus, arguments, said):
    """Exit 2 by the command line, with what to do."""
    result = run(*(one.format(corpus=corpus.folder) for one in arguments))
    assert isinstance(result.exception, CurateError)
    assert said in str(result.exception)


def test_models_that_are_none(corpus, tmp_path):
    """What a user declares is read as strictly as a manifest."""
    models = tmp_path / "models.yaml"
    models.write_text("auxiliary_models:\n- {name: spacy, purpose: parsing}\n")
    result = run(corpus.folder, "--models", models)
    assert isinstance(result.exception, CurateError)
    assert "no list of auxiliary models" in str(result.exception)


def test_languages_of_sources(corpus):
    """The multilingual track needs to know them."""
    rules = ("--rules", "babylm-2026-multilingual")
    assert run(corpus.folder, *rules).exit_code == 2
    assert run(corpus.folder, *rules, "--language", "t*=nld_latn").exit_code == 0


def test_an_unknown_track_needs_rules(tmp_path):
    """A name that is no profile is not passed over in silence; `free` has no rules."""
    odd = small(tmp_path / "odd", track="our-own")
    result = run(odd.folder)
    assert isinstance(result.exception, CurateError)
    assert "'our-own' is no rule profile" in str(result.exception)
    assert "integrity only" in run(odd.folder, "--rules", "none").stdout
    free = small(tmp_path / "free", track="free")
    assert "integrity only" in run(free.folder).stdout


def test_json_holds_what_was_found_of_evaluation_items(corpus, tmp_path):
    """Programs read the overlap as people do."""
    first = next(corpus.batches(["text"])).column("text")[0].as_py()
    items = tmp_path / "suite" / "items.jsonl"
    items.parent.mkdir()
    items.write_text(
        json.dumps({"text": first}) + "\n" + json.dumps({"text": "no such words are in any of its texts"}) + "\n"
    )
    told = json.loads(run(corpus.folder, "--contamination", items, "--json").stdout)
    assert [(task["items"], task["seen"]) for task in told["contamination"]["tasks"]] == [(2, 1)]
    assert "contamination" not in json.loads(run(corpus.folder, "--json").stdout)
