"""A process that imports the trainer once and then trains in children of its own, which a test may kill.

Reads one JSON object a line: recipe, corpus, out, cache; ``at`` says after which step,
or in which save of a file, something befalls the child. Answers each with what became of the child.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import traceback
from pathlib import Path
from typing import Any

import accelerate  # noqa: F401  (once, not in each child)

from curation.core import exposure
from curation.core.errors import CurateError
from training import checkpoint, events
from training.config import Recipe
from training.train import Options, train
from training.weights import write_tensors

ACCIDENTS = {
    "kill": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "terminate": lambda: os.kill(os.getpid(), signal.SIGTERM),
    "interrupt_all": lambda: os.killpg(0, signal.SIGINT),  # as a terminal's Ctrl-C does, loader workers included
}


def child(order: dict[str, Any]) -> int:  # noqa: C901  (what may befall it, one by one)
    """Train as ordered and return the exit code."""
    at = order.get("at", {})
    saves = 0

    def saving(path: Any, tensors: Any) -> None:
        nonlocal saves
        saves += 1
        write_tensors(path, tensors)
        if saves == at.get("kill_in_save"):
            os.kill(os.getpid(), signal.SIGKILL)

    def listen(event: Any) -> None:
        if isinstance(event, events.StepDone):
            for name, send in ACCIDENTS.items():
                if event.step == at.get(name):
                    send()

    checkpoint.write_tensors = saving
    if "marks" in order:
        exposure.MILLION, exposure.marks = 100, lambda _: tuple(order["marks"])
    options = Options(
        corpus=Path(order["corpus"]),
        out=Path(order["out"]),
        cache=Path(order["cache"]),
        workers=order.get("workers", 0),
        resume=True,
        listen=listen,
    )
    try:
        train(Recipe.model_validate(order["recipe"]), options)
    except KeyboardInterrupt:
        return 130
    except CurateError as error:
        Path(order["out"]).with_suffix(".error").write_text(f"{type(error).__name__}: {error}", encoding="utf-8")
        return 2
    except BaseException:  # noqa: BLE001  (a forked child must not go on as the parent)
        traceback.print_exc()
        return 1
    return 0


def main() -> None:
    """Train once as the argument orders, or serve until the input ends."""
    if len(sys.argv) > 1:
        sys.exit(child(json.loads(sys.argv[1])))
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            os.setsid()
            code = child(json.loads(line))
            sys.stderr.flush()
            os._exit(code)
        _, status = os.waitpid(pid, 0)
        sys.stdout.write(f"{os.waitstatus_to_exitcode(status)}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
