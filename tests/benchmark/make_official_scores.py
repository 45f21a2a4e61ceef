"""Scores of tiny models by the official evaluation, kept in tests/golden/evaluation/official_scores.json.

`python -m tests.benchmark.make_official_scores CHECKOUT` with a checkout or bare repository of
babylm/evaluation-pipeline-2025. The official code is run as it is; only the function that compares the scores of an
item's sentences is replaced, by one that keeps them.
"""

import argparse
import importlib.util
import json
import subprocess
import sys
import tempfile
import types
from collections import defaultdict
from pathlib import Path
from typing import Any

from tests import tiny_models

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "evaluation" / "official_scores.json"
FILES = ("dataset", "compute_results", "read_files")
#: Model, backend, task.
CASES = [
    ("gpt2", "causal", "blimp"),
    ("gpt2", "causal", "entity_tracking"),
    ("gpt2_end", "causal", "entity_tracking"),
    ("gpt2_bare", "causal", "blimp"),
    ("llama", "causal", "blimp"),
    ("opt", "causal", "blimp"),
    ("bert", "mlm", "blimp"),
    ("bert", "mlm", "entity_tracking"),
    ("bert", "mntp", "blimp"),
    ("bert", "mntp", "entity_tracking"),
    ("roberta", "mlm", "blimp"),
    ("bart", "enc_dec_mask", "blimp"),
    ("bart", "enc_dec_prefix", "comps"),
]
TEMPERATURES = [1.0, 2.5]


def official(checkout: Path, folder: Path) -> tuple[Any, Any]:
    """Import the official data and scoring code from a copy of its files; any checkout or bare repository will do."""
    package = folder / "evaluation_pipeline" / "sentence_zero_shot"
    package.mkdir(parents=True)
    (package.parent / "__init__.py").touch()
    (package / "__init__.py").touch()
    for name in FILES:
        path = f"evaluation_pipeline/sentence_zero_shot/{name}.py"
        if (checkout / path).is_file():
            text = (checkout / path).read_text()
        else:
            command = ["git", "-C", str(checkout), "show", f"HEAD:{path}"]
            text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        (package / f"{name}.py").write_text(text)
    sys.path.insert(0, str(folder))
    if importlib.util.find_spec("aiohttp") is None:  # only pictures need it
        sys.modules["aiohttp"] = types.ModuleType("aiohttp")
    from evaluation_pipeline.sentence_zero_shot import compute_results, dataset

    for name in ("process_enc_dec_mask_sentences", "process_enc_dec_prefix_sentences"):
        _without_pictures(dataset.CompletionRankingDataset, name)
    return dataset, compute_results


def _without_pictures(kind: type, name: str) -> None:
    """Say that there are none: these two forget to, and the official collation then stops with a KeyError."""
    original = getattr(kind, name)

    def process(self: Any, item: dict[str, Any], image: Any) -> dict[str, Any]:
        none = {f"sentence_{number}_image": None for number in range(len(item["sentences"]))}
        return original(self, item, image) | none

    setattr(kind, name, process)


def write_task(task: str, folder: Path) -> Path:
    """Write the made-up items as the official reader wants them."""
    folder.mkdir(parents=True)
    if task == "blimp":
        fields = {"field": "syntax", "UID": "made_up", "linguistics_term": "none"}
        items = [fields | {"sentence_good": good, "sentence_bad": bad} for good, bad in tiny_models.PAIRS]
    elif task == "comps":
        items = [
            {"prefix_acceptable": text.strip(), "prefix_unacceptable": "A lemon", "property_phrase": option}
            for text, options in tiny_models.CONTINUATIONS
            for option in options
        ]
    else:
        items = [{"input_prefix": text, "options": rest, "numops": 0} for text, rest in tiny_models.CONTINUATIONS]
    (folder / "comps_base.jsonl").write_text("".join(json.dumps(item) + "\n" for item in items))
    return folder


class Official:
    """The official code with a loaded model."""

    def __init__(self, dataset: Any, compute: Any, model: str, backend: str) -> None:
        import transformers

        kinds = {"causal": "AutoModelForCausalLM", "mlm": "AutoModelForMaskedLM", "mntp": "AutoModelForMaskedLM"}
        loader = getattr(transformers, kinds.get(backend, "AutoModelForSeq2SeqLM"))
        self.model = loader.from_pretrained(model).to(compute.DEVICE).eval()
        self.dataset, self.compute, self.path, self.backend = dataset, compute, model, backend

    def scores(self, data: Path, task: str, temperatures: list[float], batch: int = 8) -> list[list[list[float]]]:
        """Run it on a folder of a task: the score of each sentence of each item, a list for each temperature."""
        import torch

        args = argparse.Namespace(
            model_path_or_name=self.path, backend=self.backend, data_path=data, task=task, revision_name=None,
            batch_size=batch, non_causal_batch_size=64, images_path=None, image_split=None, image_template=None,
            full_sentence_scores=False, save_predictions=True,
        )  # fmt: skip
        kept: dict[float, list[list[float]]] = defaultdict(list)

        def keep(_: Any, stats: Any, scores: dict[float, list[torch.Tensor]], *_rest: Any) -> None:
            for temperature in stats:
                kept[temperature] += torch.stack(scores[temperature], dim=1).tolist()

        self.compute.rank_and_evaluate = keep
        self.compute.compute_results(args, self.model, self.dataset.get_dataloader(args), temperatures)
        return [kept[temperature] for temperature in temperatures]


def main() -> int:
    """Run all cases and write the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("checkout", type=Path)
    parser.add_argument("--out", type=Path, default=GOLDEN)
    args = parser.parse_args()
    found = []
    with tempfile.TemporaryDirectory() as folder:
        dataset, compute = official(args.checkout, Path(folder, "code"))
        for number, (kind, backend, task) in enumerate(CASES):
            model = tiny_models.make(kind, Path(folder, f"model{number}"))
            data = write_task(task, Path(folder, f"data{number}"))
            scores = Official(dataset, compute, str(model), backend).scores(data, task, TEMPERATURES)
            rounded = [[[round(value, 6) for value in item] for item in items] for items in scores]
            found.append({"model": kind, "backend": backend, "task": task, "scores": rounded})
    lines = ",\n".join(json.dumps(case) for case in found)
    args.out.parent.mkdir(parents=True, exist_ok=True)
    args.out.write_text(f'{{"temperatures": {TEMPERATURES}, "cases": [\n{lines}\n]}}\n')
    return 0


if __name__ == "__main__":
    sys.exit(main())
