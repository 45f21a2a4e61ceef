"""GELU, GEGLU and SwiGLU in one pass each way, for float32 on a CPU.

torch's tanh-GELU calls a vector library's tanh, and a gated unit reads and writes its halves five times; in a model of
a million parameters that is a sixth of a training step. Here tanh is a quotient of two polynomials (the float32
approximation of Eigen's ``ptanh``, error below 4e-7), which compiles to plain vector arithmetic, and the backward pass
recomputes what it needs instead of keeping it. Which inputs they take is ``applies``; ``models/layers/activations.py``
holds the torch expressions that they equal: values to 1e-5, slopes to 2e-4 (far out, where tanh is nearly 1).
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numba import float32, njit
from torch import Tensor

_SLOPE = np.float32(np.sqrt(2 / np.pi))
_CUBE = np.float32(0.044715)
_LIMIT = np.float32(7.90531110763549805)
_COMPILE: dict[str, Any] = {"cache": True, "nogil": True, "fastmath": True, "error_model": "numpy"}


@njit(inline="always", **_COMPILE)
def _tanh(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    x = min(max(x, -_LIMIT), _LIMIT)
    y = x * x
    p = float32(-2.76076847742355e-16)
    p = p * y + float32(2.00018790482477e-13)
    p = p * y + float32(-8.60467152213735e-11)
    p = p * y + float32(5.12229709037114e-08)
    p = p * y + float32(1.48572235717979e-05)
    p = p * y + float32(6.37261928875436e-04)
    p = p * y + float32(4.89352455891786e-03)
    q = float32(1.19825839466702e-06)
    q = q * y + float32(1.18534705686654e-04)
    q = q * y + float32(2.26843463243900e-03)
    q = q * y + float32(4.89352518554385e-03)
    return x * p / q


@njit(inline="always", **_COMPILE)
def _gelu(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the share of x that passes and the derivative of tanh-GELU."""
    y = _CUBE * x * x
    u = _SLOPE * x * (float32(1) + y)
    t = _tanh(u)
    share = float32(0.5) * (float32(1) + t)
    # Far out 1 - t^2 is rounding, which the cubic would blow up.
    bend = float32(1) - t * t if abs(u) < _LIMIT else float32(0)
    slope = float32(0.5) * x * bend * _SLOPE * (float32(1) + float32(3) * y)
    return share, share + slope


@njit(inline="always", **_COMPILE)
def _silu(x):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Return the share of x that passes and the derivative of SiLU."""
    share = float32(0.5) * (float32(1) + _tanh(float32(0.5) * x))
    return share, share + x * share * (float32(1) - share)


@njit(**_COMPILE)
def _gelu_forward(x, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(x.size):
        out[i] = x[i] * _gelu(x[i])[0]


@njit(**_COMPILE)
def _gelu_backward(x, grad, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    for i in range(x.size):
        out[i] = grad[i] * _gelu(x[i])[1]


@njit(**_COMPILE)
def _geglu_forward(x, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    half = out.shape[1]
    for row in range(out.shape[0]):
        value, gate, to = x[row, :half], x[row, half:], out[row]
        for i in range(half):
            to[i] = value[i] * gate[i] * _gelu(gate[i])[0]


@njit(**_COMPILE)
def _geglu_backward(x, grad, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    half = grad.shape[1]
    for row in range(grad.shape[0]):
        value, gate, g = x[row, :half], x[row, half:], grad[row]
        to_value, to_gate = out[row, :half], out[row, half:]
        for i in range(half):
            share, slope = _gelu(gate[i])
            to_value[i] = g[i] * gate[i] * share
            to_gate[i] = g[i] * value[i] * slope


@njit(**_COMPILE)
def _swiglu_forward(x, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    half = out.shape[1]
    for row in range(out.shape[0]):
        gate, value, to = x[row, :half], x[row, half:], out[row]
        for i in range(half):
            to[i] = value[i] * gate[i] * _silu(gate[i])[0]


@njit(**_COMPILE)
def _swiglu_backward(x, grad, out):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    half = grad.shape[1]
    for row in range(grad.shape[0]):
        gate, value, g = x[row, :half], x[row, half:], grad[row]
        to_gate, to_value = out[row, :half], out[row, half:]
        for i in range(half):
            share, slope = _silu(gate[i])
            to_value[i] = g[i] * gate[i] * share
            to_gate[i] = g[i] * value[i] * slope


class _Compiled(torch.autograd.Function):
    """Calls a pair of loops on the memory of tensors; ``halves`` says how the last axis shrinks."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, loops: tuple[Any, Any], halves: int) -> Tensor:
        x = x.contiguous()
        ctx.save_for_backward(x)
        ctx.backward_loop = loops[1]
        out = x.new_empty(*x.shape[:-1], x.shape[-1] // halves)
        loops[0](_flat(x, halves), _flat(out, halves))
        ctx.halves = halves
        return out

    @staticmethod
    def backward(ctx: Any, *grads: Tensor) -> tuple[Tensor, None, None]:
        (x,) = ctx.saved_tensors
        out = torch.empty_like(x)
        halves = ctx.halves
        ctx.backward_loop(_flat(x, halves), _flat(grads[0].contiguous(), halves), _flat(out, halves))
        return out, None, None


def _flat(x: Tensor, halves: int) -> Any:
    x = x.detach()
    return (x.view(-1) if halves == 1 else x.view(-1, x.shape[-1])).numpy()


def applies(x: Tensor) -> bool:
    """Return whether the loops apply: plain float32 on a CPU, not inside a graph that torch.compile makes."""
    return x.device.type == "cpu" and x.dtype == torch.float32 and not torch.compiler.is_compiling()


def gelu(x: Tensor) -> Tensor:
    """Return GELU in its tanh form, of any shape."""
    out: Tensor = _Compiled.apply(x, (_gelu_forward, _gelu_backward), 1)  # type: ignore[no-untyped-call]
    return out


def geglu(x: Tensor) -> Tensor:
    """Return value times tanh-GELU of the gate: [..., 2I] to [..., I]."""
    out: Tensor = _Compiled.apply(x, (_geglu_forward, _geglu_backward), 2)  # type: ignore[no-untyped-call]
    return out


def swiglu(x: Tensor) -> Tensor:
    """Return SiLU of the gate times value: [..., 2I] to [..., I]."""
    out: Tensor = _Compiled.apply(x, (_swiglu_forward, _swiglu_backward), 2)  # type: ignore[no-untyped-call]
    return out
