"""What a run computes on."""

from __future__ import annotations

import math
import os
import platform
import subprocess
import sys

import pytest
import torch

from training import hardware
from training.errors import RecipeError
from training.hardware import Hardware


@pytest.fixture(autouse=True)
def threads():
    """`choose` sets torch's threads for the process: put them back for the tests that come after."""
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_a_cpu_computes_in_fp32_unless_asked():
    """One recipe gives one result on every CPU."""
    chosen = Hardware.choose(device="cpu")
    assert (chosen.device, chosen.precision, chosen.pins) == ("cpu", "fp32", False)
    assert chosen.threads == torch.get_num_threads() >= 1
    assert chosen.as_dict()["precision"] == "fp32"


@pytest.mark.parametrize(
    ("wanted", "device", "has_bf16", "expected"),
    [
        ("auto", "cuda", True, "bf16"),
        ("auto", "cuda", False, "fp16"),
        ("auto", "cpu", True, "fp32"),
        ("auto", "mps", False, "fp32"),
        ("bf16", "cpu", True, "bf16"),
        ("fp16", "cuda", True, "fp16"),
        ("fp32", "cuda", True, "fp32"),
    ],
)
def test_precision(monkeypatch, wanted, device, has_bf16, expected):
    monkeypatch.setattr(hardware, "device_has_bf16", lambda _: has_bf16)
    assert hardware.choose_precision(wanted, device) == expected


@pytest.mark.parametrize(
    ("wanted", "device", "message"),
    [
        ("bf16", "cpu", "in software"),
        ("bf16", "cuda", "in software"),
        ("bf16", "mps", "never tried"),
        ("fp16", "cpu", "needs a CUDA GPU"),
        ("fp8", "cpu", "no precision 'fp8'"),
    ],
)
def test_a_precision_that_is_not_there_is_an_error(monkeypatch, wanted, device, message):
    """bf16 without hardware is 13 times slower than fp32 (design/training.md §1): nobody wants that silently."""
    monkeypatch.setattr(hardware, "device_has_bf16", lambda _: False)
    with pytest.raises(RecipeError, match=message) as caught:
        hardware.choose_precision(wanted, device)
    assert caught.value.hint
    assert caught.value.where == "run.precision"


@pytest.mark.parametrize("flag", ["amx_bf16", "avx512_bf16", None])
def test_a_cpu_has_bf16_only_with_its_instructions(monkeypatch, flag):
    found = {"amx_bf16": False, "avx512_bf16": False, "avx2": True} | ({flag: True} if flag else {})
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: found)
    assert hardware.device_has_bf16("cpu") == (flag is not None)


def test_a_device_that_is_not_there():
    with pytest.raises(RecipeError, match="no device 'tpu'"):
        Hardware.choose(device="tpu")


def test_threads_as_the_environment_says(monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "3")
    assert hardware.usable_threads() == 3


@pytest.mark.parametrize(("quota", "expected"), [(0.5, 1), (1.5, 2), (math.inf, 8)])
def test_threads_are_not_more_than_the_container_may_use(monkeypatch, quota, expected):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(8)))
    monkeypatch.setattr(hardware, "cpu_quota", lambda: quota)
    assert hardware.usable_threads() == expected


@pytest.mark.parametrize(("text", "expected"), [("150000 100000\n", 1.5), ("max 100000\n", math.inf), ("", math.inf)])
def test_the_quota_of_a_container(tmp_path, text, expected):
    file = tmp_path / "cpu.max"
    file.write_text(text, encoding="ascii")
    assert hardware.cpu_quota(file) == expected
    assert hardware.cpu_quota(tmp_path / "absent") == math.inf


@pytest.mark.parametrize(
    ("name", "precision", "expected"),
    [
        ("NVIDIA A100-SXM4-80GB", "bf16", 312e12),
        ("NVIDIA H100 80GB HBM3", "bf16", 989e12),
        ("NVIDIA H100 PCIe", "fp32", 51e12),
        ("NVIDIA H200", "bf16", 989e12),
        ("NVIDIA L4", "fp16", 121e12),
        ("Tesla T4", "fp16", 65e12),
        ("NVIDIA GeForce RTX 3090", "bf16", 71e12),
        ("NVIDIA GeForce RTX 4090", "fp32", 82.6e12),
        ("NVIDIA L40S", "bf16", None),
        ("NVIDIA T400", "fp16", None),
    ],
)
def test_peaks_by_name(name, precision, expected):
    """A name that only begins alike is another GPU."""
    assert hardware.gpu_peak(name, precision) == expected
    assert Hardware("cuda", precision, name, 1).peak() == expected


def test_the_peak_of_a_cpu_is_measured_and_leaves_the_threads_alone():
    torch.set_num_threads(2)
    one, two = (hardware.measured_peak("fp32", threads, seconds=0.02) for threads in (1, 2))
    assert torch.get_num_threads() == 2
    assert one > 0
    assert two > 0
    assert Hardware("mps", "fp32", "Apple M1", 8).peak() is None


def test_two_runs_in_one_process_may_differ_in_precision():
    """Accelerate keeps the first precision of a process, and its error would come from the second run."""
    for precision, mixed in (("fp32", "no"), ("bf16", "no"), ("fp32", "no")):
        accelerator = Hardware("cpu", precision, "a CPU", 1).accelerator()
        assert accelerator.mixed_precision == mixed
        assert accelerator.device.type == "cpu"


FAULTS = """
import resource, sys, torch
from training.hardware import keep_freed_memory

if "keep" in sys.argv:
    assert keep_freed_memory()
for place in range(30):
    if place == 20:
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    torch.empty(16_000_000, dtype=torch.float32).fill_(1)
print(resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before)
"""


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only glibc's allocator is set")
def test_kept_memory_is_used_again():
    """A block of 64 MB that was freed and is taken again costs no page faults; else it costs some for every page."""

    def faults(*arguments):
        done = subprocess.run([sys.executable, "-c", FAULTS, *arguments], capture_output=True, text=True, check=True)
        return int(done.stdout)

    assert faults("keep") < faults() / 10
