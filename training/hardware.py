"""What a run computes on: device, precision, threads, the memory allocator, and the speed that is at most possible."""

from __future__ import annotations

import ctypes
import math
import os
import platform
import time
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import torch

from training.errors import RecipeError
from training.kernels import narrow

#: Dense matrix products per second with 16-bit inputs and 32-bit sums, and with plain 32-bit floats (no TF32): the
#: makers' data sheets, without sparsity. A more special name comes before the one that it contains.
GPU_PEAKS = {
    "H200": (989e12, 67e12),
    "H100 PCIe": (756e12, 51e12),
    "H100 NVL": (835e12, 60e12),
    "H100": (989e12, 67e12),
    "A100": (312e12, 19.5e12),
    "L4": (121e12, 30.3e12),
    "T4": (65e12, 8.1e12),
    "RTX 4090": (165.2e12, 82.6e12),
    "RTX 3090": (71e12, 35.6e12),
}
PRECISIONS = ("auto", "fp32", "bf16", "fp16")


@dataclass(frozen=True)
class Hardware:
    """Where and how a run computes."""

    device: str
    """`cuda`, `mps` or `cpu`."""

    precision: str
    """`fp32`, `bf16` or `fp16` (with a gradient scaler); weights and sums are 32-bit in all three."""

    name: str
    """The maker's name of the processor."""

    threads: int
    """Threads of one operation on the CPU."""

    @classmethod
    def choose(cls, precision: str = "auto", device: str | None = None) -> Hardware:
        """Take the best device there is, and what it is fast at; sets torch's threads and the C allocator.

        Args:
            precision: `auto` is bf16 on a GPU that has it, fp16 on one that has not, fp32 elsewhere.
            device: `cuda`, `mps` or `cpu`; None takes the first of them that is there.

        Raises:
            RecipeError: the device is not there, or does not have the precision.
        """
        there = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available(), "cpu": True}
        device = device or next(name for name, is_there in there.items() if is_there)
        if not there.get(device):
            raise RecipeError(f"this machine has no device {device!r}", where="device", hint="use `cpu`")
        threads = usable_threads()
        torch.set_num_threads(threads)
        if device == "cpu":
            keep_freed_memory()
        chosen = choose_precision(precision, device)
        narrow.switch(on=device == "cpu" and chosen == "bf16")
        name = torch.cuda.get_device_name() if device == "cuda" else cpu_name()
        return cls(device, chosen, name, threads)

    @property
    def pins(self) -> bool:
        """Whether batches should be put in pinned memory, from which a GPU copies while it computes."""
        return self.device == "cuda"

    def accelerator(self) -> Any:
        """Return Hugging Face's ``Accelerator`` for this device and precision: one process, or torchrun's many."""
        from accelerate import Accelerator  # noqa: PLC0415
        from accelerate.state import AcceleratorState  # noqa: PLC0415

        # It remembers the precision of the first accelerator in a process, and refuses another for the next run.
        AcceleratorState._reset_state()  # noqa: SLF001
        # On a CPU products are narrowed one by one (kernels/narrow.py), which is faster than autocast.
        mixed = "no" if self.precision == "fp32" or self.device == "cpu" else self.precision
        accelerator = Accelerator(mixed_precision=mixed, cpu=self.device == "cpu")
        if "FSDP" in str(accelerator.distributed_type):
            raise RecipeError(
                "sharded parameters (FSDP) are not supported yet: checkpoints and clipping need whole tensors",
                where="accelerate",
                hint="use torchrun without FSDP: every recipe here fits one GPU",
            )
        return accelerator

    def peak(self) -> float | None:
        """Return the FLOP/s of matrix products to measure a run against: a GPU's from its data sheet, else measured.

        None for a GPU that the table lacks, and for Apple's.
        """
        if self.device == "cuda":
            return gpu_peak(self.name, self.precision)
        return measured_peak(self.precision, self.threads) if self.device == "cpu" else None

    def as_dict(self) -> dict[str, Any]:
        """Return what a run records of its hardware."""
        count = torch.cuda.device_count() if self.device == "cuda" else 1
        return {
            "device": self.device,
            "name": self.name,
            "count": count,
            "precision": self.precision,
            "threads": self.threads,
            "system": platform.platform(),
            "torch": torch.__version__,
        }


def choose_precision(wanted: str, device: str) -> str:
    """Return the precision to use on a device.

    Raises:
        RecipeError: there is no such precision, or the device does not have it in hardware.
    """
    if wanted not in PRECISIONS:
        hint = f"one of {', '.join(PRECISIONS)}"
        raise RecipeError(f"there is no precision {wanted!r}", where="run.precision", hint=hint)
    has_bf16 = device_has_bf16(device)
    if wanted == "auto":
        # fp32 on every CPU, so that a recipe gives one result on all of them. Where a CPU has bf16, asking for it makes
        # the LTG family 1.3 to 1.45 times as fast, and Llama 1.05 (1M) to 1.5 times (15M), at the same loss.
        return "fp32" if device != "cuda" else "bf16" if has_bf16 else "fp16"
    if wanted == "bf16" and not has_bf16:
        hint = "use `auto` or `fp32`" if device != "cuda" else "use `auto` or `fp16`"
        problem = "computes bf16 in software, many times slower" if device != "mps" else "was never tried with bf16"
        raise RecipeError(f"this {device} {problem}", where="run.precision", hint=hint)
    if wanted == "fp16" and device != "cuda":
        raise RecipeError(f"fp16 needs a CUDA GPU, and this is {device}", where="run.precision", hint="use `auto`")
    return wanted


def device_has_bf16(device: str) -> bool:
    """Return whether a device multiplies bf16 matrices in hardware."""
    if device == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    if device == "cpu":
        found = torch.cpu.get_capabilities()
        return bool(found.get("amx_bf16") or found.get("avx512_bf16"))
    return False


def usable_threads() -> int:
    """Return how many threads an operation should use.

    ``OMP_NUM_THREADS`` says it if it is set (torchrun does so); else the cores that this process may run on, but not
    more than the container's CPU quota: torch counts the host's cores, and threads beyond the quota only wait.
    """
    named = os.environ.get("OMP_NUM_THREADS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, math.ceil(min(cores, cpu_quota())))


def cpu_quota(file: Path = Path("/sys/fs/cgroup/cpu.max")) -> float:
    """Return the cores that a container may use on average (cgroup 2); infinity if nothing limits them."""
    try:
        quota, period = file.read_text(encoding="ascii").split()
        return int(quota) / int(period)
    except (OSError, ValueError):  # no such file, or the quota is `max`
        return math.inf


def keep_freed_memory() -> bool:
    """Let the C allocator keep large freed blocks instead of giving them back; returns whether it does.

    glibc maps each block above 128 KiB anew, and the kernel then clears its pages one fault at a time: a step of a
    small model frees and takes hundreds of such blocks. Kept, a step of 1M parameters is 3 to 8% faster and LAMB's
    part of it twice as fast; the process holds its peak to the end, as it would have to at the next step anyway.
    """
    if platform.libc_ver()[0] != "glibc":
        return False
    mallopt = ctypes.CDLL(None).mallopt
    trim_threshold, mmap_threshold = -1, -3  # malloc.h
    # Old versions take no threshold above 32 MiB.
    mapped = mallopt(mmap_threshold, 1 << 30) or mallopt(mmap_threshold, 1 << 25)
    return bool(mapped and mallopt(trim_threshold, 2**31 - 1))


def cpu_name() -> str:
    """Return the name of the processor."""
    try:
        for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def gpu_peak(name: str, precision: str) -> float | None:
    """Return the data sheet's dense FLOP/s of a GPU by its name, or None if the table lacks it."""
    words = f" {name.replace('-', ' ')} "
    for known, (half, single) in GPU_PEAKS.items():
        if f" {known} " in words:
            return single if precision == "fp32" else half
    return None


@lru_cache(maxsize=8)
def measured_peak(precision: str, threads: int, seconds: float = 0.2) -> float:
    """Return the FLOP/s of large products on the CPU: one thread's best within ``seconds``, times the threads.

    Two threads measured together would each wait for whatever else the machine does at that moment, and a run be
    measured against half of what it reaches. (Alone on two cores the two ways agree: 186 and 2 x 93 GFLOP/s.)
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return threads * _fastest_product(precision, seconds)
    finally:
        torch.set_num_threads(before)


def _fastest_product(precision: str, seconds: float) -> float:
    size = 512
    kind = torch.bfloat16 if precision == "bf16" else torch.float32
    left, right, out = torch.ones(3, size, size, dtype=kind).unbind()
    torch.mm(left, right, out=out)
    best, end = math.inf, time.perf_counter() + seconds
    while True:
        start = time.perf_counter()
        torch.mm(left, right, out=out)
        now = time.perf_counter()
        best = min(best, now - start)
        if now >= end:
            return 2 * size**3 / best
