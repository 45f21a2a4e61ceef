"""LTG-BERT, ELC-BERT and GPT-BERT behind Hugging Face's Auto classes; copied into every export.

The models themselves are the trainer's own files, copied beside this one: the logits are the trainer's by construction.
"""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import torch
import torch.nn.functional as F  # noqa: N812  (the field's name for it)
from torch import Tensor, nn
from transformers import GenerationMixin, PreTrainedModel
from transformers.modeling_outputs import (
    BaseModelOutput,
    CausalLMOutput,
    MaskedLMOutput,
    SequenceClassifierOutput,
)

from training.export.configuration_curate import CurateConfig
from training.models.elc_bert import Model as ElcBert
from training.models.gpt_bert import Model as GptBert
from training.models.ltg_bert import Model as LtgBert

FAMILIES: dict[str, type[nn.Module]] = {"ltg_bert": LtgBert, "elc_bert": ElcBert, "gpt_bert": GptBert}


class CuratePreTrainedModel(PreTrainedModel):
    """What all heads share: the trainer's model under ``model``."""

    config_class = CurateConfig
    base_model_prefix = ""
    supports_gradient_checkpointing = False
    _supports_sdpa = True
    _no_split_modules = ("Model",)  # layers read the states of all layers before them: keep them on one device
    #: The loss is a mean over its own batch: Trainer must divide it by the steps that it accumulates.
    accepts_loss_kwargs = False

    def __init__(self, config: CurateConfig) -> None:
        """Build with the trainer's initial weights."""
        super().__init__(config)
        self.model = FAMILIES[config.use](config)

    def _init_weights(self, module: nn.Module) -> None:
        """Leave the weights that the model set itself; only a new classifier is drawn here."""
        if getattr(module, "starts_here", False):
            nn.init.normal_(module.weight, std=0.02)
            nn.init.zeros_(module.bias)

    def get_input_embeddings(self) -> nn.Module:
        """Return the token embedding."""
        return self.model.embedding.word_embedding

    def set_input_embeddings(self, value: nn.Module) -> None:
        """Replace the token embedding, to which the output layer is tied."""
        self.model.embedding.word_embedding = value

    def resize_token_embeddings(self, *args: Any, **kwargs: Any) -> nn.Module:
        """Change the size of the vocabulary, in the bias of the output layer too."""
        embedding = super().resize_token_embeddings(*args, **kwargs)
        old, count = self.model.head.bias, embedding.weight.shape[0]
        if count != len(old):
            bias = old.new_zeros(count)
            bias[: len(old)] = old.detach()[:count]
            self.model.head.bias = nn.Parameter(bias)
        return embedding

    def save_pretrained(self, save_directory: Any, *args: Any, **kwargs: Any) -> None:
        """Save, with the code beside the weights: transformers 4 leaves it out for a model that came from a folder."""
        super().save_pretrained(save_directory, *args, **kwargs)
        for file in Path(__file__).parent.glob("*.py"):
            target = Path(save_directory) / file.name
            if file.name != "__init__.py" and not target.exists():
                shutil.copyfile(file, target)

    @property
    def reads_both_sides(self) -> bool:
        """Whether the model was trained to look to the right."""
        return "masked" in self.config.trained_on

    def _hidden(self, input_ids: Tensor, attention_mask: Tensor | None, *, causal: bool, states: Any = None) -> Tensor:
        """Run the model; a mask is [B, T] with 1 for text, or [B, T, T] or [B, 1, T, T] with 1 for what is seen."""
        if attention_mask is None or attention_mask.dim() == 2:
            segments = None if attention_mask is None else (attention_mask != 0).int()
            return self.model.hidden(input_ids, segments=segments, causal=causal, states=states)
        seen = (attention_mask if attention_mask.dim() == 4 else attention_mask[:, None]) != 0
        if causal:
            seen = seen & torch.ones(seen.shape[-2:], dtype=torch.bool, device=seen.device).tril()
        return self.model.hidden(input_ids, seen=seen, states=states)

    def _run(
        self, input_ids: Tensor, attention_mask: Tensor | None, output_hidden_states: bool | None, *, causal: bool
    ) -> tuple[Tensor, tuple[Tensor, ...] | None]:
        wanted = self.config.output_hidden_states if output_hidden_states is None else output_hidden_states
        states: list[Tensor] | None = [] if wanted else None
        hidden = self._hidden(input_ids, attention_mask, causal=causal, states=states)
        return hidden, None if states is None else tuple(states)


class CurateModel(CuratePreTrainedModel):
    """Last states, for classifiers on top."""

    def __init__(self, config: CurateConfig) -> None:
        """Build with the trainer's initial weights."""
        super().__init__(config)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> BaseModelOutput | tuple[Any, ...]:
        """Return states [B, T, D], from both sides if the model was trained so."""
        hidden, states = self._run(input_ids, attention_mask, output_hidden_states, causal=not self.reads_both_sides)
        out = BaseModelOutput(last_hidden_state=hidden, hidden_states=states)
        return out if return_dict is not False else out.to_tuple()


class CurateForCausalLM(CuratePreTrainedModel, GenerationMixin):
    """Scores of the next token from those before it."""

    def __init__(self, config: CurateConfig) -> None:
        """Refuse a model that was never trained to predict from the left alone."""
        if "causal" not in config.trained_on:
            raise ValueError(
                "this model was trained on masked rows only and has no next-token scores: load it with "
                "AutoModelForMaskedLM"
            )
        super().__init__(config)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        logits_to_keep: int = 0,
        **kwargs: Any,
    ) -> CausalLMOutput | tuple[Any, ...]:
        """Return logits [B, T, V], and with labels [B, T] (-100 for none) the mean loss.

        ``logits_to_keep`` asks for the last positions only, as generation does; 0 is all.
        """
        hidden, states = self._run(input_ids, attention_mask, output_hidden_states, causal=True)
        logits = self.model.logits(hidden if labels is not None else hidden[:, -logits_to_keep:])
        loss = None if labels is None else _loss(logits[:, :-1], labels[:, 1:])
        out = CausalLMOutput(loss=loss, logits=logits, hidden_states=states)
        return out if return_dict is not False else out.to_tuple()

    def prepare_inputs_for_generation(
        self, input_ids: Tensor, attention_mask: Tensor | None = None, **kwargs: Any
    ) -> dict[str, Any]:
        """Read the whole text again for each token: relative positions keep no cache."""
        return {"input_ids": input_ids, "attention_mask": attention_mask, "logits_to_keep": 1}


class CurateForMaskedLM(CuratePreTrainedModel):
    """Scores of hidden tokens from both sides."""

    def __init__(self, config: CurateConfig) -> None:
        """Refuse a model that was never trained to look to the right."""
        if "masked" not in config.trained_on:
            raise ValueError(
                "this model was trained on causal rows only and cannot fill in hidden tokens: load it with "
                "AutoModelForCausalLM"
            )
        super().__init__(config)
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> MaskedLMOutput | tuple[Any, ...]:
        """Return logits [B, T, V], and with labels [B, T] (-100 for none) the mean loss.

        If the model predicts the next position, logits[:, k] answer for token k + 1, unless ``shift_mlm`` is set.
        """
        hidden, states = self._run(input_ids, attention_mask, output_hidden_states, causal=False)
        logits = self.model.logits(hidden)
        loss = None
        if labels is not None:
            ahead = self.config.predicts_next
            loss = _loss(logits[:, :-1], labels[:, 1:]) if ahead else _loss(logits, labels)
        if self.config.predicts_next and self.config.shift_mlm:
            # Nothing answers for the first token: all scores alike.
            logits = F.pad(logits[:, :-1], (0, 0, 1, 0))
        out = MaskedLMOutput(loss=loss, logits=logits, hidden_states=states)
        return out if return_dict is not False else out.to_tuple()


class CurateForSequenceClassification(CuratePreTrainedModel):
    """A class for each text, read at the first token, or at the last if the model sees only the left."""

    def __init__(self, config: CurateConfig) -> None:
        """Add a new classifier."""
        super().__init__(config)
        self.num_labels = config.num_labels
        self.transform = nn.Linear(config.hidden_size, config.hidden_size)
        dropout = config.hidden_dropout_prob if config.classifier_dropout is None else config.classifier_dropout
        self.dropout = nn.Dropout(dropout)
        self.classifier = nn.Linear(config.hidden_size, config.num_labels)
        self.transform.starts_here = self.classifier.starts_here = True
        self.post_init()

    def forward(
        self,
        input_ids: Tensor,
        attention_mask: Tensor | None = None,
        labels: Tensor | None = None,
        output_hidden_states: bool | None = None,
        return_dict: bool | None = None,
        **kwargs: Any,
    ) -> SequenceClassifierOutput | tuple[Any, ...]:
        """Return logits [B, labels], and with labels the loss that suits their kind."""
        hidden, states = self._run(input_ids, attention_mask, output_hidden_states, causal=not self.reads_both_sides)
        x = hidden[torch.arange(len(hidden), device=hidden.device), self._place(input_ids, attention_mask)]
        eps = self.config.layer_norm_eps
        x = F.gelu(self.transform(F.layer_norm(x, x.shape[-1:], eps=eps)))
        logits = self.classifier(self.dropout(F.layer_norm(x, x.shape[-1:], eps=eps)))
        loss = None
        if labels is not None:
            loss = self._loss(logits, labels)
        out = SequenceClassifierOutput(loss=loss, logits=logits, hidden_states=states)
        return out if return_dict is not False else out.to_tuple()

    def _place(self, input_ids: Tensor, attention_mask: Tensor | None) -> Tensor:
        """Return where each text is read [B]; padding may be on either side of it."""
        text = torch.ones_like(input_ids)
        if attention_mask is not None:
            square = attention_mask.dim() > 2  # what is text sees itself there
            seen = attention_mask.diagonal(dim1=-2, dim2=-1).reshape(input_ids.shape) if square else attention_mask
            text = (seen != 0).long()
        places = torch.arange(text.shape[1], device=text.device)
        return (text if self.reads_both_sides else text * (places + 1)).argmax(1)

    def _loss(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Return squared error for one label, cross-entropy for one class of many, and a yes or no each for several."""
        if self.num_labels == 1:
            return F.mse_loss(logits[:, 0], labels.reshape(-1).to(logits.dtype))
        if labels.dim() == 2:
            return F.binary_cross_entropy_with_logits(logits, labels.to(logits.dtype))
        return F.cross_entropy(logits, labels)


def _loss(logits: Tensor, labels: Tensor) -> Tensor:
    return F.cross_entropy(logits.flatten(0, 1).float(), labels.flatten())
