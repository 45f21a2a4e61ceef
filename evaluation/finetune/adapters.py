"""LoRA through peft: adapters beside linear layers; the encoder's own weights stay as they are."""

from __future__ import annotations

import importlib
from typing import Any

import torch
from torch import nn

from curation.core.errors import MissingExtra
from evaluation.errors import SuiteError
from evaluation.finetune.settings import Lora


def add_adapters(encoder: nn.Module, settings: Lora, seed: int) -> tuple[str, ...]:
    """Freeze an encoder and put adapters into it; return the names of the layers that have one.

    Args:
        encoder: changed in place.
        settings: rank, scale, dropout, layers.
        seed: of the adapters' weights.

    Raises:
        MissingExtra: peft is not installed.
        SuiteError: no layer has a name that ``settings.targets`` asks for.
    """
    peft = _peft()
    layers = _layers(encoder, settings.targets or _usual(peft, encoder))
    if not layers:
        linear = sorted({name.rsplit(".", 1)[-1] for name in _linear(encoder)})
        raise SuiteError(
            f"the model has no layers named {', '.join(settings.targets) or 'as peft knows them'}",
            where="lora.targets",
            hint=f"its linear layers are: {', '.join(linear)}",
        )
    conv = type(encoder.get_submodule(layers[0])).__name__ == "Conv1D"  # GPT-2's linear layer, stored transposed
    config = peft.LoraConfig(
        r=settings.rank,
        lora_alpha=settings.alpha,
        lora_dropout=settings.dropout,
        target_modules=list(layers),
        fan_in_fan_out=conv,
    )
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)
        peft.inject_adapter_in_model(config, encoder)
    return layers


def _peft() -> Any:
    try:
        return importlib.import_module("peft")
    except ModuleNotFoundError as error:
        hint = "pip install 'curate-corpora[lora]', or tune all weights"
        raise MissingExtra("peft is not installed", where="fine-tuning with LoRA", hint=hint) from error


def _usual(peft: Any, encoder: nn.Module) -> tuple[str, ...]:
    known: dict[str, Any] = peft.utils.TRANSFORMERS_MODELS_TO_LORA_TARGET_MODULES_MAPPING
    found = known.get(getattr(getattr(encoder, "config", None), "model_type", ""), ())
    return tuple(found) if isinstance(found, list | tuple | set) else ()


def _linear(encoder: nn.Module) -> tuple[str, ...]:
    kinds = (nn.Linear,)
    return tuple(
        name for name, layer in encoder.named_modules() if isinstance(layer, kinds) or type(layer).__name__ == "Conv1D"
    )


def _layers(encoder: nn.Module, names: tuple[str, ...]) -> tuple[str, ...]:
    linear = _linear(encoder)
    return tuple(layer for layer in linear if not names or layer.rsplit(".", 1)[-1] in names)
