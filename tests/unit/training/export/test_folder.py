"""What stands in an export, and what happens when it cannot be written."""

from __future__ import annotations

import ast
import json
import re
import shutil
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file

from curation.core.errors import CurateError
from tests.unit.training.export.exports import CASES, FACTS, model_for, recipe, small_tokenizer
from training import weights
from training.export.folder import export


def make(path: Path, name: str):
    sizes, objective, wanted = CASES[name]
    tokenizer = small_tokenizer(wanted)
    settings = sizes.model_copy(update={"vocab_size": tokenizer.vocab_size})
    model = model_for(settings)
    arguments = recipe(sizes, objective, tokenizer.settings), settings, model.state_dict(), tokenizer, FACTS
    export(path, *arguments)
    return arguments


def test_every_auto_class_is_named_and_its_code_is_there(tmp_path):
    """Saving with transformers would name one class only."""
    make(tmp_path / "model", "gpt_bert")

    named = json.loads((tmp_path / "model" / "config.json").read_text())["auto_map"]

    heads = {"AutoModelForCausalLM", "AutoModelForMaskedLM", "AutoModelForSequenceClassification"}
    assert set(named) == {"AutoConfig", "AutoModel"} | heads
    for place in named.values():
        file, name = place.split(".")
        tree = ast.parse((tmp_path / "model" / f"{file}.py").read_text())
        assert name in {node.name for node in tree.body if isinstance(node, ast.ClassDef)}


def test_the_code_needs_nothing_of_curate(tmp_path):
    """Only the compiled kernels are looked for, and done without."""
    make(tmp_path / "model", "gpt_bert")
    files = {path.stem: path.read_text() for path in (tmp_path / "model").glob("*.py")}

    assert {"modeling_curate", "configuration_curate", "gpt_bert", "ltg_bert", "elc_bert", "mix"} <= set(files)
    for text in files.values():
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level:
                assert node.module in files
        tried = [part for node in tree.body if isinstance(node, ast.Try) for part in ast.walk(node)]
        for node in ast.walk(tree):
            wanted = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            wanted += [name.name for name in node.names] if isinstance(node, ast.Import) else []
            if any(name.partition(".")[0] in {"training", "curation"} for name in wanted):
                assert wanted == ["training.kernels"]
                assert node in tried
        outside = "\n".join(ast.unparse(node) for node in tree.body if not isinstance(node, ast.Try))
        assert not re.search(r"\btraining\.\w", outside)


def test_the_modelling_file_names_every_other_file(tmp_path):
    """Transformers 4 copies what this one file imports, and not what those files import in turn."""
    make(tmp_path / "model", "ltg_bert")
    text = (tmp_path / "model" / "modeling_curate.py").read_text()

    named = set(re.findall(r"^\s*from\s+\.(\S+)\s+import", text, flags=re.MULTILINE))

    assert named == {path.stem for path in (tmp_path / "model").glob("*.py")} - {"modeling_curate"}


@pytest.mark.parametrize("name", ["gpt2", "llama", "bert", "roberta"])
def test_plain_families_need_no_code(tmp_path, name):
    """Hugging Face has these classes itself."""
    make(tmp_path / "model", name)

    assert not list((tmp_path / "model").glob("*.py"))
    assert "auto_map" not in json.loads((tmp_path / "model" / "config.json").read_text())


def test_a_special_that_is_missing_is_written_as_none(tmp_path):
    """Left out, it would be the class's default: for GPT-2 50256, for RoBERTa a shift of all positions."""
    make(tmp_path / "model", "gpt2_without_padding")
    config = json.loads((tmp_path / "model" / "config.json").read_text())

    assert config["pad_token_id"] is None
    assert "pad_token" not in json.loads((tmp_path / "model" / "tokenizer_config.json").read_text())


def test_weights_are_the_trainers_in_single_precision(tmp_path):
    _, _, state, _, _ = make(tmp_path / "model", "elc_bert")

    written = load_file(tmp_path / "model" / "model.safetensors")

    assert written.keys() == {f"model.{name}" for name in state}
    assert all(torch.equal(written[f"model.{name}"], value) for name, value in state.items())


def test_tokenizer_class_and_prefix_space_suit_both_versions(tmp_path):
    """Version 4 knows no TokenizersBackend, and drops the space of ByteLevel unless it is said twice."""
    for name, prefix in (("gpt2", True), ("ltg_bert", True), ("bert", None), ("gpt_bert", None)):
        make(tmp_path / name, name)
        config = json.loads((tmp_path / name / "tokenizer_config.json").read_text())
        assert config["tokenizer_class"] == "PreTrainedTokenizerFast"
        assert config["model_input_names"] == ["input_ids", "attention_mask"]
        assert config.get("add_prefix_space") is prefix


def test_a_second_export_replaces_the_first_whole(tmp_path):
    arguments = make(tmp_path / "model", "gpt_bert")
    (tmp_path / "model" / "left_over.txt").write_text("old")

    export(tmp_path / "model", *arguments)

    assert not (tmp_path / "model" / "left_over.txt").exists()
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)"),
    ],
    ids=["from Python", "from safetensors"],
)
def test_a_full_disk_is_said_and_leaves_the_old_export(tmp_path, monkeypatch, error):
    """The library says it in an error of its own."""
    arguments = make(tmp_path / "model", "gpt2")
    before = (tmp_path / "model" / "model.safetensors").read_bytes()

    def full(*_, **__):
        raise error

    monkeypatch.setattr(weights, "save_file", full)
    with pytest.raises(CurateError, match="the disk is full"):
        export(tmp_path / "model", *arguments)

    assert (tmp_path / "model" / "model.safetensors").read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_partial_export_that_was_left_is_cleared(tmp_path):
    (tmp_path / ".model.partial").mkdir()
    (tmp_path / ".model.partial" / "junk").write_text("x")

    make(tmp_path / "model", "gpt2")

    assert not (tmp_path / "model" / "junk").exists()
    shutil.rmtree(tmp_path / "model")
    assert not list(tmp_path.iterdir())
