"""Peer: Hugging Face's Trainer with LlamaForCausalLM, GPT2LMHeadModel or BertForMaskedLM.

Chosen, and why:
- A map-style dataset that hands out whole batches (``__getitems__``) as one slice of the memory map: the DataLoader
  then collates nothing row by row, which its default does.
- BERT's masks come from DataCollatorForLanguageModeling's own ``torch_mask_tokens``, told that no token is special;
  its ``__call__`` would ask the tokenizer about each row in Python.
- No attention mask (none is needed, and SDPA then takes its fast kernel), no cache, no logging, no saving, no check of
  each loss for NaN, fused AdamW.
- ``--peers hf-llama-compiled`` and ``hf-llama-bf16`` set ``torch_compile`` and ``bf16``.
"""

import tempfile
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, models
from torch.utils.data import Dataset

from tests.benchmark.peers_train import common
from tests.benchmark.peers_train.common import Clock, Job


class Rows(Dataset):
    """Rows of the token file."""

    def __init__(self, job: Job) -> None:
        self._tokens = common.Tokens(job)

    def __len__(self) -> int:
        return self._tokens.count

    def __getitem__(self, number: int) -> torch.Tensor:
        return self._tokens.rows(np.array([number]))[0]

    def __getitems__(self, numbers: list[int]) -> torch.Tensor:
        return self._tokens.rows(np.array(numbers))


class Timer(transformers.TrainerCallback):
    """Ticks at each step."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock

    def on_step_begin(self, args: Any, state: Any, control: Any, model: Any = None, **_: Any) -> None:
        if self._clock.tick():
            self._clock.answer(model)
            raise KeyboardInterrupt


def causal(batch: torch.Tensor) -> dict[str, torch.Tensor]:
    """Collate for the causal models, which shift labels themselves."""
    return {"input_ids": batch, "labels": batch}


def masked(job: Job) -> Callable[[torch.Tensor], dict[str, torch.Tensor]]:
    """Collate for BERT."""
    words = {str(number): number for number in range(job.vocabulary)}
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words)), mask_token=str(common.MASK), pad_token=str(common.PAD)
    )
    collator = transformers.DataCollatorForLanguageModeling(tokenizer, mlm=True, mlm_probability=job.mask_rate)
    special = torch.zeros(job.rows, job.length, dtype=torch.bool)

    def collate(batch: torch.Tensor) -> dict[str, torch.Tensor]:
        inputs, labels = collator.torch_mask_tokens(batch, special[: len(batch)])
        return {"input_ids": inputs, "labels": labels}

    return collate


def build(job: Job) -> Any:
    """The model of a job."""
    sizes: dict[str, Any] = {"vocab_size": job.vocabulary, "use_cache": False, "attn_implementation": "sdpa"}
    common_names = {
        "hidden_size": job.width,
        "num_hidden_layers": job.layers,
        "num_attention_heads": job.heads,
        "intermediate_size": job.inner,
        "max_position_embeddings": 512,
    }
    drop = job.dropout
    if job.family == "llama":
        sizes |= common_names | {"tie_word_embeddings": True} | ({} if drop is None else {"attention_dropout": drop})
        return transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes))
    if job.family == "gpt2":
        sizes |= {"n_embd": job.width, "n_layer": job.layers, "n_head": job.heads, "n_inner": job.inner}
        sizes |= {"n_positions": 512, "bos_token_id": common.BEGIN, "eos_token_id": common.END}
        sizes |= {} if drop is None else dict.fromkeys(("embd_pdrop", "resid_pdrop", "attn_pdrop"), drop)
        return transformers.GPT2LMHeadModel(transformers.GPT2Config(**sizes))
    sizes |= common_names
    sizes |= {} if drop is None else {"hidden_dropout_prob": drop, "attention_probs_dropout_prob": drop}
    return transformers.BertForMaskedLM(transformers.BertConfig(**sizes))


def main() -> None:
    """Train until the clock stops."""
    job = common.read_job()
    model = build(job)
    with tempfile.TemporaryDirectory() as folder:
        arguments = transformers.TrainingArguments(
            output_dir=folder,
            use_cpu=True,
            per_device_train_batch_size=job.rows,
            max_steps=common.MANY_STEPS,
            optim="adamw_torch_fused",
            learning_rate=common.RATE,
            weight_decay=common.DECAY,
            adam_beta1=common.BETAS[0],
            adam_beta2=common.BETAS[1],
            lr_scheduler_type="constant",
            max_grad_norm=common.CLIP,
            torch_compile=job.compiled,
            bf16=job.bf16,
            report_to="none",
            logging_strategy="no",
            save_strategy="no",
            eval_strategy="no",
            disable_tqdm=True,
            logging_nan_inf_filter=False,
            remove_unused_columns=False,
            dataloader_pin_memory=False,
        )
        trainer = transformers.Trainer(
            model=model,
            args=arguments,
            train_dataset=Rows(job),
            data_collator=masked(job) if job.family == "bert" else causal,
            callbacks=[Timer(Clock(job))],
        )
        try:
            trainer.train()
        except KeyboardInterrupt:
            return


if __name__ == "__main__":
    main()
