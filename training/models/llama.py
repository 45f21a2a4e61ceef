"""Llama: "Open and efficient foundation language models", arXiv 2302.13971; BabyLlama's students and teachers.

The same function as Hugging Face's ``LlamaForCausalLM`` on the same weights (a test holds the two together), without
its import time and with fused projections. Exported as that class.
"""

from __future__ import annotations

from typing import Any

from torch import Tensor, nn

from training.models.layers.activations import swiglu
from training.models.layers.attention import attend, mask_for
from training.models.layers.flat import Flat
from training.models.layers.linear import Linear
from training.models.layers.plain_model import PlainModel
from training.models.layers.rotary import rotary_tables, rotate


class Layer(nn.Module):
    """Pre-norm rotary attention and SwiGLU, each with a residual."""

    def __init__(self, config: Any) -> None:
        """Take sizes from a configuration with Hugging Face's names."""
        super().__init__()
        width = config.hidden_size
        self.heads = config.num_attention_heads
        self.groups = config.num_key_value_heads or config.num_attention_heads
        self.size = width // self.heads
        self.probability_dropout = config.attention_probs_dropout_prob
        self.attention_norm = nn.RMSNorm(width, eps=config.rms_norm_eps)
        self.query_key_value = Linear(width, (self.heads + 2 * self.groups) * self.size, bias=False)
        self.output = Linear(width, width, bias=False)
        self.feed_forward_norm = nn.RMSNorm(width, eps=config.rms_norm_eps)
        self.gate_up = Linear(width, 2 * config.intermediate_size, bias=False)
        self.down = Linear(config.intermediate_size, width, bias=False)

    def forward(
        self, x: Tensor, seen: Tensor | bool | Flat, cosines: Tensor, sines: Tensor, *, last: bool = False
    ) -> Tensor:
        """Map [B, T, D] to [B, T, D], or to the wanted tokens of the last layer of a flat row."""
        rows, length, width = x.shape
        projected = self.query_key_value(self.attention_norm(x)).view(rows, length, -1, self.size).transpose(1, 2)
        rotated = rotate(projected[:, : self.heads + self.groups], cosines, sines)
        query, key = rotated[:, : self.heads], rotated[:, self.heads :]
        value = projected[:, self.heads + self.groups :]
        if isinstance(seen, Flat):
            context = seen.attend(query, key, value, self.size**-0.5, last=last)
            x = seen.pick(x, last=last)
        else:
            context = attend(query, key, value, seen, self.probability_dropout if self.training else 0.0)
        x = x + self.output(context.transpose(1, 2).reshape(rows, -1, width))
        out: Tensor = x + self.down(swiglu(self.gate_up(self.feed_forward_norm(x))))
        return out


class Model(PlainModel):
    """Llama with its language head."""

    def __init__(self, config: Any) -> None:
        """Build with initial weights from torch's global generator; ``config`` has Hugging Face's names."""
        super().__init__(config)
        self.layers = nn.ModuleList(Layer(config) for _ in range(config.num_hidden_layers))
        self.final_norm = nn.RMSNorm(config.hidden_size, eps=config.rms_norm_eps)
        self.initialise()

    def hidden(
        self,
        inputs: Tensor,
        *,
        segments: Tensor | None = None,
        causal: bool | Tensor = True,
        states: list[Tensor] | None = None,
        flat: Flat | None = None,
    ) -> Tensor:
        """Return the last states [B, T, D] of ids [B, T]; see ``layers/visibility.py`` for who sees whom.

        ``states``, if given, is filled with the embeddings and the output of each layer.
        ``flat``, if given, says who sees whom instead; the states of its wanted tokens are returned [1, M, D].
        """
        config = self.config
        seen = mask_for(inputs, segments, causal) if flat is None else flat
        x = self.word_embedding(inputs)
        size = config.hidden_size // config.num_attention_heads
        length = inputs.shape[1] if flat is None else flat.length
        cosines, sines = rotary_tables(length, size, config.rope_theta, x.device, x.dtype)
        if flat is not None:
            cosines, sines = cosines[flat.places], sines[flat.places]
        outputs = [x]
        for layer in self.layers:
            x = layer(x, seen, cosines, sines, last=layer is self.layers[-1])
            outputs.append(x)
        if states is not None:
            states.extend(outputs)
        out: Tensor = self.final_norm(x)
        return out
