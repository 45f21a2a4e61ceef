"""Ctrl-C and a cluster's SIGTERM as a question that the loop asks between steps: a step is never cut in half."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

import torch


class StopSignal:
    """True once SIGINT or SIGTERM has come; a second Ctrl-C interrupts at once."""

    def __init__(self) -> None:
        """Change nothing yet."""
        self._asked = False
        self._before: dict[int, object] = {}

    def __bool__(self) -> bool:
        """Whether to stop."""
        return self._asked

    def anywhere(self, accelerator: Any) -> bool:
        """Return whether any process of the run was asked to stop: all must leave the loop at the same step."""
        if accelerator.num_processes == 1:
            return self._asked
        asked = torch.tensor(float(self._asked), device=accelerator.device)
        return bool(accelerator.reduce(asked, reduction="sum"))

    def __enter__(self) -> StopSignal:
        """Take over the signals, in the main thread, where Python allows it."""
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                self._before[number] = signal.signal(number, self._ask)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the signals back."""
        for number, handler in self._before.items():
            signal.signal(number, handler)  # type: ignore[arg-type]

    def _ask(self, number: int, frame: FrameType | None) -> None:
        if self._asked and number == signal.SIGINT:
            raise KeyboardInterrupt
        self._asked = True
