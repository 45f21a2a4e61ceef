"""Write a model as Hugging Face loads it: configuration, weights, tokenizer, card, and code where it needs ours.

transformers is not imported: what it expects in the files is written out, so that it is the same for versions 4 and 5.
"""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import torch

from curation.core.artifact import output_error, sync
from training.config import Recipe
from training.export.card import card
from training.export.plain import PLAIN, State
from training.weights import write_tensors

#: The file that transformers loads; an export of our own families holds it and all that it imports, in one folder.
MODELING = "training.export.modeling_curate"
_IMPORT = re.compile(r"^from (training\.(?:models|export)\.\S+) import ", re.MULTILINE)
_COMPILED = re.compile(r"try:\n    from training\.kernels import [^\n]*\nexcept ImportError:[^\n]*\n    (\w+) = None")
_CLASSES = {
    "AutoModel": "CurateModel",
    "AutoModelForCausalLM": "CurateForCausalLM",
    "AutoModelForMaskedLM": "CurateForMaskedLM",
    "AutoModelForSequenceClassification": "CurateForSequenceClassification",
}


def export(folder: Path, recipe: Recipe, settings: Any, state: State, tokenizer: Any, facts: Mapping[str, Any]) -> None:
    """Write a model folder: whole or not at all.

    Args:
        folder: is replaced if it is there.
        recipe: what was trained.
        settings: the model's settings, with its vocabulary.
        state: the trainer's weights by name.
        tokenizer: the run's tokenizer.
        facts: what the card tells of corpus and run.

    Raises:
        OutputError: the disk is full or may not be written.
    """
    partial = folder.with_name(f".{folder.name}.partial")
    special = {role: tokenizer.id_of(role) for role in ("begin", "end", "pad", "mask", "unknown")}
    try:
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        if settings.use in PLAIN:
            config, named = PLAIN[settings.use](settings, state, special)
        else:
            config, named = _own(recipe, settings), {f"model.{name}": value for name, value in state.items()}
            for file, text in code().items():
                (partial / file).write_text(text, encoding="utf-8")
        # A special that is not there is written as null: left out, it would be the class's own number for it.
        config = {
            "bos_token_id": special["begin"],
            "eos_token_id": special["end"],
            "pad_token_id": special["pad"],
            "torch_dtype": "float32",
            "transformers_version": "4.51.3",
            **config,
        }
        _json(partial / "config.json", config)
        tensors = {name: value.detach().to("cpu", torch.float32).contiguous().clone() for name, value in named.items()}
        write_tensors(partial / "model.safetensors", tensors, {"format": "pt"})
        _tokenizer(partial, tokenizer, special, settings)
        (partial / "README.md").write_text(card(recipe, settings, facts), encoding="utf-8")
        for written in partial.iterdir():
            sync(written)
        shutil.rmtree(folder, ignore_errors=True)
        partial.rename(folder)
        sync(folder.parent)
    except OSError as error:
        shutil.rmtree(partial, ignore_errors=True)
        raise output_error(error, folder) from error


def _own(recipe: Recipe, settings: Any) -> dict[str, Any]:
    objective = recipe.objective.use
    trained_on = {"masked": ["masked"], "hybrid": ["causal", "masked"]}.get(objective, ["causal"])
    auto = {"AutoConfig": "configuration_curate.CurateConfig"}
    auto |= {name: f"modeling_curate.{target}" for name, target in _CLASSES.items()}
    return {
        "model_type": "curate",
        "architectures": ["CurateForMaskedLM" if "masked" in trained_on else "CurateForCausalLM"],
        "auto_map": auto,
        **settings.model_dump(mode="json"),
        "trained_on": trained_on,
        "predicts_next": objective != "masked",
        "shift_mlm": False,
        "tie_word_embeddings": False,  # one parameter serves as both: there is nothing to tie
        "use_cache": False,
    }


def code() -> dict[str, str]:
    """Return the trainer's own files, with their imports made relative to each other: file name to text."""
    found: dict[str, str] = {}
    waiting = [MODELING]
    while waiting:
        package, _, name = waiting.pop().rpartition(".")
        if name in found:
            continue
        text = (resources.files(package) / f"{name}.py").read_text(encoding="utf-8")
        # A later curate beside an old export may have other loops: the copies do without.
        text = _COMPILED.sub(r"\1 = None", text)
        waiting += _IMPORT.findall(text)
        found[name] = _IMPORT.sub(lambda line: f"from .{line[1].rpartition('.')[2]} import ", text)
    first = MODELING.rpartition(".")[2]
    found[first] += "\n\nif False:  # transformers 4 copies only what this file names, and not what those files name\n"
    found[first] += "".join(f"    from .{other} import *\n" for other in sorted(found) if other != first)
    return {f"{name}.py": text for name, text in sorted(found.items())}


def _tokenizer(folder: Path, tokenizer: Any, special: Mapping[str, int | None], settings: Any) -> None:
    """Write the tokenizer so that transformers 4 and 5 give the ids that ``tokenizers`` gives."""
    tokenizer.save(folder / "tokenizer.json")
    backend = json.loads((folder / "tokenizer.json").read_text(encoding="utf-8"))
    token = {role: tokenizer.backend.id_to_token(number) for role, number in special.items() if number is not None}
    names = {
        "bos_token": "begin",
        "cls_token": "begin",
        "eos_token": "end",
        "sep_token": "end",
        "pad_token": "pad",
        "mask_token": "mask",
        "unk_token": "unknown",
    }
    tokens = {name: token[role] for name, role in names.items() if role in token}
    config = {
        # Both versions know this class; version 5 would write one that version 4 does not.
        "tokenizer_class": "PreTrainedTokenizerFast",
        "model_max_length": settings.max_position_embeddings if settings.use in PLAIN else 1_000_000,
        "model_input_names": ["input_ids", "attention_mask"],
        "padding_side": "right",
        "clean_up_tokenization_spaces": False,
        **tokens,
    }
    if _prefix_space(backend.get("pre_tokenizer")):
        config["add_prefix_space"] = True  # transformers 4 drops it from tokenizer.json unless it is said here too
    _json(folder / "tokenizer_config.json", config)
    _json(folder / "special_tokens_map.json", tokens)


def _prefix_space(part: Any) -> bool:
    """Return whether a pre-tokenizer, or one inside it, puts a space in front."""
    if not isinstance(part, dict):
        return False
    return bool(part.get("add_prefix_space")) or any(map(_prefix_space, part.get("pretokenizers", [])))


def _json(path: Path, data: Mapping[str, Any]) -> None:
    path.write_text(json.dumps(data, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
