"""Load exports with the transformers of this interpreter and compare with what the trainer computed.

``python check_export.py FOLDER``: each folder in FOLDER is a case of ``exports.py``. Needs torch and transformers only:
curate's own packages are made impossible to import. Prints one line a check; the exit code is 1 if any failed.
"""

from __future__ import annotations

import json
import sys
import tempfile
import traceback
from collections.abc import Callable
from pathlib import Path


class _Absent:
    """Hides curate, wherever it is installed."""

    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"training", "curation", "evaluation"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


sys.meta_path.insert(0, _Absent())

import torch  # noqa: E402  (after the finder)
import transformers  # noqa: E402
from safetensors.torch import load_file  # noqa: E402

#: Weights that a class may draw anew, and those of a head that it does not have.
NEW = ("classifier.", "transform.", "score.", "bert.pooler.", "pooler.")
OTHER_HEAD = ("cls.", "lm_head.")
CLASSES = {"causal": "AutoModelForCausalLM", "masked": "AutoModelForMaskedLM"}


class Case:
    """One export and the trainer's answers."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "model"
        self.tensors = load_file(folder / "expected.safetensors")
        self.about = json.loads((folder / "expected.json").read_text(encoding="utf-8"))
        self.remote = {"trust_remote_code": True} if self.about["own"] else {}

    def load(self, name, folder=None, *, new=(), other=(), **settings):
        """Return a model in evaluation mode, having seen that no weight is missing or left over."""
        found, info = getattr(transformers, name).from_pretrained(
            folder or self.folder, output_loading_info=True, **self.remote, **settings
        )
        missing = [key for key in info["missing_keys"] if not key.startswith(new)]
        unexpected = [key for key in info["unexpected_keys"] if not key.startswith(other)]
        assert not missing, missing
        assert not unexpected, unexpected
        assert not info["mismatched_keys"], info["mismatched_keys"]
        return found.eval()

    def tokenizer(self, **settings):
        return transformers.AutoTokenizer.from_pretrained(self.folder, **self.remote, **settings)


def close(got, expected, where=None):
    """Hold two tensors together, at the given positions."""
    if where is not None:
        got, expected = got[where.bool()], expected[where.bool()]
    assert got.shape == expected.shape, (got.shape, expected.shape)
    difference = (got - expected).abs().max().item()
    assert difference <= 1e-5, f"differs by {difference}"


def configuration(case):
    found = transformers.AutoConfig.from_pretrained(case.folder, **case.remote)
    special = case.about["special"]
    assert found.bos_token_id == special["begin"]
    assert found.eos_token_id == special["end"]
    if special["pad"] is not None:
        assert found.pad_token_id == special["pad"]
    assert found.hidden_size == 32
    assert found.num_hidden_layers == 3


def tokens(case):
    found = case.tokenizer()
    assert found("the dog", return_tensors="pt").keys() == {"input_ids", "attention_mask"}
    for text, ids in case.about["tokens"].items():
        assert found(text)["input_ids"] == ids, (text, found(text)["input_ids"], ids)
        decoded = found.decode(ids, skip_special_tokens=True)
        assert decoded == case.about["decoded"][text], (decoded, case.about["decoded"][text])
    assert found("the dog", "the cat")["input_ids"] == case.about["pair"]
    special = case.about["special"]
    assert (found.bos_token_id, found.cls_token_id) == (special["begin"],) * 2
    assert (found.eos_token_id, found.sep_token_id) == (special["end"],) * 2
    assert (found.pad_token_id, found.mask_token_id, found.unk_token_id) == (
        special["pad"],
        special["mask"],
        special["unknown"],
    )
    with tempfile.TemporaryDirectory() as folder:
        found.save_pretrained(folder)
        again = transformers.AutoTokenizer.from_pretrained(folder)
        for text, ids in case.about["tokens"].items():
            assert again(text)["input_ids"] == ids, ("saved again", text)
    if special["pad"] is not None:
        texts = ["the dog", "the dog and the cat ran"]
        left = case.tokenizer(padding_side="left")(texts, padding=True)
        right = found(texts, padding=True)
        assert left["attention_mask"][0][0] == right["attention_mask"][0][-1] == 0
        assert left["input_ids"][0][0] == right["input_ids"][0][-1] == special["pad"]
        assert left["input_ids"][1] == right["input_ids"][1]


def logits(case):
    given = case.tensors
    for kind in case.about["kinds"]:
        found = case.load(CLASSES[kind])
        with torch.no_grad():
            close(found(given["ids"]).logits, given[f"{kind}.plain"])
            close(found(given["ids"], attention_mask=torch.ones_like(given["ids"])).logits, given[f"{kind}.plain"])
            for side in ("right", "left"):
                mask = given[f"{side}_mask"]
                close(found(given[f"{side}_ids"], attention_mask=mask).logits, given[f"{kind}.{side}"], mask)
            if case.about["own"]:
                close(found(given["ids"], attention_mask=given["square"]).logits, given[f"{kind}.square"])
                close(found(given["ids"], attention_mask=given["square"][:, None]).logits, given[f"{kind}.square"])


def losses(case):
    given = case.tensors
    for kind in case.about["kinds"]:
        found = case.load(CLASSES[kind])
        out = found(given["right_ids"], attention_mask=given["right_mask"], labels=given[f"labels.{kind}"])
        close(out.loss.detach(), given[f"{kind}.loss"])
        out.loss.backward()
        if case.about["own"]:
            assert all(parameter.grad is not None for parameter in found.parameters())


def states(case):
    found = case.load("AutoModel", new=NEW, other=OTHER_HEAD)
    given = case.tensors
    with torch.no_grad():
        out = found(given["ids"], output_hidden_states=True)
        close(out.last_hidden_state, given["hidden"])
        plain = found(given["ids"], return_dict=False)
        close(plain[0], given["hidden"])
    assert len(out.hidden_states) == len(given["states"])
    for layer in range(len(given["states"]) - (not case.about["own"])):  # theirs put the last norm into the last state
        close(out.hidden_states[layer], given["states"][layer])
    if case.about["own"]:
        assert found(given["ids"]).hidden_states is None
        with torch.no_grad():
            by_config = case.load("AutoModel", output_hidden_states=True)(given["ids"])
        assert len(by_config.hidden_states) == len(given["states"])


def generation(case):
    if "causal" not in case.about["kinds"]:
        return
    found = case.load("AutoModelForCausalLM")
    given = case.tensors
    prompts = [given["ids"][row, :count] for row, count in enumerate((3, 7))]
    batch, mask = torch.zeros(2, 7, dtype=torch.long), torch.zeros(2, 7, dtype=torch.long)
    if case.about["special"]["pad"] is not None:
        batch += case.about["special"]["pad"]
    for row, prompt in enumerate(prompts):
        batch[row, -len(prompt) :], mask[row, -len(prompt) :] = prompt, 1
    settings = {"do_sample": False, "max_new_tokens": 8, "min_new_tokens": 8}
    if case.about["special"]["pad"] is None:
        settings["pad_token_id"] = 0
    together = found.generate(batch, attention_mask=mask, **settings)
    for row, prompt in enumerate(prompts):
        alone = found.generate(prompt[None], attention_mask=torch.ones(1, len(prompt), dtype=torch.long), **settings)
        assert alone[0].tolist() == given[f"generated.{row}"].tolist()
        assert together[row, 7 - len(prompt) :].tolist() == given[f"generated.{row}"].tolist()
    beams = found.generate(batch, attention_mask=mask, num_beams=2, **settings)
    assert beams.shape == together.shape


def last_logits(case):
    if not case.about["own"] or "causal" not in case.about["kinds"]:
        return
    found = case.load("AutoModelForCausalLM")
    with torch.no_grad():
        out = found(case.tensors["ids"], logits_to_keep=2)
    close(out.logits, case.tensors["causal.plain"][:, -2:])


def shifted(case):
    if not case.about["own"] or "masked" not in case.about["kinds"]:
        return
    found = case.load("AutoModelForMaskedLM", shift_mlm=True)
    given = case.tensors
    with torch.no_grad():
        out = found(given["ids"])
        loss = found(given["right_ids"], attention_mask=given["right_mask"], labels=given["labels.masked"]).loss
    if case.about["ahead"]:
        close(out.logits[:, 1:], given["masked.plain"][:, :-1])
        assert (out.logits[:, 0] == 0).all()
    else:
        close(out.logits, given["masked.plain"])
    close(loss, given["masked.loss"])


def refusals(case):
    if not case.about["own"]:
        return
    for kind, name in CLASSES.items():
        if kind in case.about["kinds"]:
            continue
        other = CLASSES[case.about["kinds"][0]]
        try:
            getattr(transformers, name).from_pretrained(case.folder, **case.remote)
        except ValueError as error:
            assert other in str(error), error  # noqa: PT017
        else:
            raise AssertionError(f"{name} was loaded")


def classifier(case):
    given = case.tensors
    found = case.load("AutoModelForSequenceClassification", new=NEW, other=OTHER_HEAD, num_labels=3)
    assert found.config.num_labels == 3
    if case.about["special"]["pad"] is None:
        return
    labels = torch.tensor([0, 2, 1])
    right = {"input_ids": given["right_ids"], "attention_mask": given["right_mask"]}
    out = found(**right, labels=labels)
    close(out.loss.detach(), torch.nn.functional.cross_entropy(out.logits.detach(), labels))
    out.loss.backward()
    if not case.about["own"]:
        return
    for key, parameter in found.named_parameters():
        assert parameter.isfinite().all(), key
    assert 0.01 < found.classifier.weight.std() < 0.03
    assert (found.classifier.bias == 0).all()
    with torch.no_grad():
        left = found(given["left_ids"], attention_mask=given["left_mask"])
        close(left.logits, out.logits.detach())
        count = int(given["right_mask"][1].sum())
        close(found(given["ids"][1:2, :count]).logits, out.logits.detach()[1:2])
        square = given["right_mask"][:, None, :] * given["right_mask"][:, :, None]
        close(found(given["right_ids"], attention_mask=square).logits, out.logits.detach())
    several = case.load(
        "AutoModelForSequenceClassification",
        new=NEW,
        num_labels=2,
        problem_type="multi_label_classification",
    )
    wanted = torch.tensor([[0.0, 1.0], [1.0, 1.0], [0.0, 0.0]])
    out = several(**right, labels=wanted)
    close(out.loss, torch.nn.functional.binary_cross_entropy_with_logits(out.logits, wanted))
    one = case.load("AutoModelForSequenceClassification", new=NEW, num_labels=1)
    out = one(**right, labels=torch.tensor([0.5, 1.0, -1.0]))
    close(out.loss, torch.nn.functional.mse_loss(out.logits[:, 0], torch.tensor([0.5, 1.0, -1.0])))


def saved_again(case):
    """Through save_pretrained every class still loads, and so does a classifier with the weights it was saved with."""
    given = case.tensors
    kinds = case.about["kinds"]
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "again"
        found = case.load(CLASSES[kinds[-1]])
        found.save_pretrained(folder)
        for kind in kinds:
            again = case.load(CLASSES[kind], folder)
            with torch.no_grad():
                close(again(given["ids"]).logits, given[f"{kind}.plain"])
        case.load("AutoModel", folder, new=NEW, other=OTHER_HEAD)
        classes = case.load("AutoModelForSequenceClassification", folder, new=NEW, other=OTHER_HEAD, num_labels=3)
        if case.about["own"]:
            written = json.loads((folder / "config.json").read_text(encoding="utf-8"))["auto_map"]
            wanted = json.loads((case.folder / "config.json").read_text(encoding="utf-8"))["auto_map"]
            assert written == wanted, written
        classes.save_pretrained(Path(place) / "classes")
        reloaded = case.load("AutoModelForSequenceClassification", Path(place) / "classes")
        if case.about["special"]["pad"] is not None:
            mask = {"attention_mask": given["right_mask"]}
            with torch.no_grad():
                close(reloaded(given["right_ids"], **mask).logits, classes(given["right_ids"], **mask).logits)


def first_weights(case):
    if not case.about["own"]:
        return
    config = transformers.AutoConfig.from_pretrained(case.folder, **case.remote)
    torch.manual_seed(7)
    name = CLASSES[case.about["kinds"][-1]]
    fresh = getattr(transformers, name).from_config(config, **case.remote)
    expected = {key[8:]: value for key, value in case.tensors.items() if key.startswith("initial.")}
    got = fresh.model.state_dict()
    assert got.keys() == expected.keys()
    for key, value in expected.items():
        assert torch.equal(got[key], value), key


def trained_on(case):
    """What was computed without gradients leaves nothing behind that gradients could not use."""
    found = case.load(CLASSES[case.about["kinds"][-1]])
    with torch.inference_mode():
        found(case.tensors["ids"])
    found.train()
    found(case.tensors["ids"]).logits.sum().backward()
    if case.about["own"]:
        assert found.accepts_loss_kwargs is False  # or Trainer would leave the division to us


def more_tokens(case):
    if not case.about["own"]:
        return
    for kind in case.about["kinds"]:
        found = case.load(CLASSES[kind])
        before = found.config.vocab_size
        found.resize_token_embeddings(before + 3)
        with torch.no_grad():
            out = found(case.tensors["ids"]).logits
        assert out.shape[-1] == found.config.vocab_size == before + 3
        close(out[..., :before], case.tensors[f"{kind}.plain"])


def half_precision(case):
    for kind in case.about["kinds"]:
        found = case.load(CLASSES[kind], torch_dtype=torch.bfloat16)
        with torch.no_grad():
            out = found(case.tensors["ids"]).logits
        assert out.dtype == torch.bfloat16
        assert (out.float() - case.tensors[f"{kind}.plain"]).abs().max() < 0.5


CHECKS: tuple[Callable[[Case], None], ...] = (
    configuration,
    tokens,
    logits,
    losses,
    states,
    generation,
    last_logits,
    shifted,
    refusals,
    classifier,
    saved_again,
    first_weights,
    trained_on,
    more_tokens,
    half_precision,
)


def main(root: Path) -> int:
    """Run every check on every case."""
    print("transformers", transformers.__version__, "torch", torch.__version__)  # noqa: T201
    failed = 0
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        case = Case(folder)
        for check in CHECKS:
            try:
                check(case)
            except Exception:  # noqa: BLE001  (all are reported)
                failed += 1
                print("FAILED", folder.name, check.__name__, traceback.format_exc(), sep="\n")  # noqa: T201
            else:
                print("ok", folder.name, check.__name__)  # noqa: T201
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
