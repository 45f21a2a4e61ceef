"""Where a model lies, and whether it may be loaded: run folders, Hugging Face folders and the hub.

What is loaded is a local folder in every case. No code that comes with a model runs, and no pickle is opened, unless
that was allowed.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from curation.core.errors import did_you_mean
from curation.core.exposure import MILLION
from evaluation.errors import NotTrusted, SubjectError
from training.errors import ResumeError
from training.run import RUN, Run

_HUB = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+")
_MARK = re.compile(r"chck_(\d+)M")
_TOKENIZER = ("tokenizer.json", "tokenizer_config.json", "special_tokens_map.json", "vocab.json", "merges.txt")
_SECONDS = 10.0


@dataclass(frozen=True)
class ModelFolder:
    """A model on disk, and what is known of where it comes from."""

    path: Path
    name: str
    revision: str | None
    record: dict[str, Any] | None
    """The ``run.json`` of the run that made it."""

    words_seen: int | None

    @classmethod
    def find(cls, target: str, revision: str | None = None, *, trusted: bool = False) -> ModelFolder:
        """Return the model that a user names.

        Args:
            target: a run folder, a Hugging Face folder, or ``org/name`` on the hub.
            revision: a milestone of a run (``chck_3M``), or a branch, tag or commit of the hub.
            trusted: whether code that comes with the model may run.

        Raises:
            SubjectError: there is no such model, or the hub cannot be reached.
        """
        path = Path(target).expanduser()
        if (path / RUN).is_file():
            return cls._of_run(path, revision)
        if path.is_dir():
            return cls._of_folder(path, revision)
        if not _HUB.fullmatch(target):
            hint = "give a run folder, a Hugging Face folder, or a hub id such as org/name"
            raise SubjectError("there is no such folder", where=target, hint=hint)
        return cls(_download(target, revision, trusted=trusted), target, revision, None, _words(revision))

    @classmethod
    def _of_run(cls, path: Path, revision: str | None) -> ModelFolder:
        try:
            run = Run.open(path)
        except ResumeError as error:
            raise SubjectError(error.message, where=error.where, hint=error.hint) from error
        name = path.resolve().name
        if revision is None:
            if not run.done or not run.model.is_dir():
                raise SubjectError(
                    "the run did not finish: it has no final model",
                    where=str(path),
                    hint="finish it with `curate train --resume`, or name one of its milestones as revision",
                )
            return cls(run.model, name, None, run.record, run.record.get("result", {}).get("words_seen"))
        milestones = sorted((p.name for p in (path / "milestones").glob("*") if p.is_dir()), key=_words_or_zero)
        if revision not in milestones:
            raise SubjectError(
                f"there is no milestone {revision!r}; there are: {', '.join(milestones) or 'none'}",
                where=str(path),
                hint=did_you_mean(revision, milestones),
            )
        return cls(path / "milestones" / revision, name, revision, run.record, _words(revision))

    @classmethod
    def _of_folder(cls, path: Path, revision: str | None) -> ModelFolder:
        if revision is not None:
            raise SubjectError("a folder has no revisions", where=str(path), hint="give the folder of the revision")
        for above in path.resolve().parents[:2]:
            if (above / RUN).is_file() and path.resolve() in {above / "model", *(above / "milestones").glob("*")}:
                mark = None if path.resolve().name == "model" else path.resolve().name
                return cls._of_run(above, mark)
        return cls(path, path.resolve().name, None, None, None)

    def config(self, *, trusted: bool) -> dict[str, Any]:
        """Return ``config.json``, once it is clear that the folder may be loaded.

        Raises:
            SubjectError: it holds no model.
            NotTrusted: it needs code of its own, or its weights are a pickle.
        """
        try:
            config = json.loads((self.path / "config.json").read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            hint = "a Hugging Face folder has config.json, weights in safetensors, and a tokenizer"
            raise SubjectError("holds no config.json: it is not a model", where=str(self.path), hint=hint) from error
        except (OSError, ValueError) as error:
            raise SubjectError(f"config.json cannot be read: {error}", where=str(self.path)) from error
        if not isinstance(config, dict):
            raise SubjectError("config.json is not a mapping", where=str(self.path))
        if config.get("model_type") != "curate":
            self._refuse_code(config, trusted=trusted)
        if not any(self.path.glob("*.safetensors")):
            self._refuse_pickle(trusted=trusted)
        return config

    def _refuse_code(self, config: dict[str, Any], *, trusted: bool) -> None:
        named = dict(config.get("auto_map") or {})
        with suppress(OSError, ValueError, TypeError, AttributeError):
            named |= json.loads((self.path / "tokenizer_config.json").read_text(encoding="utf-8")).get("auto_map") or {}
        if not named or trusted:
            return
        files = ", ".join(sorted(file.name for file in self.path.glob("*.py"))) or "code on the hub"
        raise NotTrusted(
            f"runs code of its own ({files}) for {', '.join(sorted(named))}: "
            "it could do anything that you can do on this machine",
            where=self.name,
            hint="read these files, then allow them with --trust-remote-code",
        )

    def _refuse_pickle(self, *, trusted: bool) -> None:
        pickles = sorted(file.name for pattern in ("*.bin", "*.pt", "*.pth") for file in self.path.glob(pattern))
        if not pickles:
            hint = "the folder must hold model.safetensors"
            raise SubjectError("holds no weights", where=str(self.path), hint=hint)
        if not trusted:
            raise NotTrusted(
                f"its weights are a pickle ({', '.join(pickles)}), which can run code when it is opened",
                where=self.name,
                hint="convert them to safetensors, or allow them with --trust-remote-code",
            )

    def digest(self) -> str:
        """Return the sha256 of configuration, weights and tokenizer."""
        files = [*self.path.glob("*.safetensors")] or [*self.path.glob("*.bin")]
        named = [self.path / name for name in ("config.json", *_TOKENIZER)]
        digest = hashlib.sha256()
        for file in sorted([*files, *(file for file in named if file.is_file())]):
            digest.update(file.name.encode() + b"\0")
            with file.open("rb") as handle:
                digest.update(hashlib.file_digest(handle, "sha256").digest())
        return digest.hexdigest()


def _words(revision: str | None) -> int | None:
    found = _MARK.fullmatch(revision or "")
    return int(found[1]) * MILLION if found else None


def _words_or_zero(revision: str) -> int:
    return _words(revision) or 0


def _download(name: str, revision: str | None, *, trusted: bool) -> Path:
    """Return the folder of a hub model, from the cache if the hub is switched off."""
    from huggingface_hub import snapshot_download  # noqa: PLC0415  (heavy)

    patterns = ["*.json", "*.safetensors", "*.txt", "*.model", *(("*.py", "*.bin") if trusted else ())]
    options: dict[str, Any] = {"revision": revision, "allow_patterns": patterns}
    try:
        return Path(snapshot_download(name, local_files_only=True, **options))
    except Exception:  # noqa: BLE001, S110  (not in the cache, in any of the library's words for it)
        pass
    _reach_hub(name)
    try:
        return Path(snapshot_download(name, etag_timeout=_SECONDS, **options))
    except Exception as error:  # the library raises whatever the network raises
        hint = "check the name and the revision; a gated model needs `hf auth login`"
        raise SubjectError(f"cannot be had from the hub: {error}", where=name, hint=hint) from error


def _reach_hub(name: str) -> None:
    """Fail in seconds and plainly where there is no hub: the library would retry for minutes."""
    import urllib.error  # noqa: PLC0415
    import urllib.request  # noqa: PLC0415

    endpoint = os.environ.get("HF_ENDPOINT", "https://huggingface.co")
    hint = "check the connection, or give the path of a local copy"
    where = f"{name} (no folder of that name here, so it was sought on the hub)"
    if os.environ.get("HF_HUB_OFFLINE", "").lower() in {"1", "true", "yes", "on"}:
        raise SubjectError("the hub is switched off by HF_HUB_OFFLINE", where=where, hint=hint)
    if not endpoint.startswith(("https://", "http://")):
        raise SubjectError(f"HF_ENDPOINT {endpoint!r} is not a web address", where=name)
    try:
        urllib.request.urlopen(endpoint, timeout=_SECONDS).close()  # noqa: S310  (the scheme was checked)
    except urllib.error.HTTPError:
        return  # it answers
    except OSError as error:
        raise SubjectError(f"the hub {endpoint} cannot be reached: {error}", where=where, hint=hint) from error


def backends_of(config: dict[str, Any]) -> Sequence[str]:
    """Return the backends that a configuration speaks for, the default first; none if it tells nothing."""
    ahead = config.get("predicts_next") and not config.get("shift_mlm")
    masked = ("mntp", "mlm") if ahead else ("mlm", "mntp")
    if config.get("model_type") == "curate":
        trained_on = config.get("trained_on", [])
        both = {"masked": masked[:1], "causal": ("causal",)}
        return tuple(backend for kind in ("masked", "causal") if kind in trained_on for backend in both[kind])
    named = " ".join(map(str, config.get("architectures") or []))
    if config.get("is_encoder_decoder"):
        return ("enc_dec_mask", "enc_dec_prefix")
    if re.search(r"MaskedLM|PreTraining", named):
        return masked
    if re.search(r"CausalLM|LMHeadModel|LMHead", named):
        return ("causal",)
    return ()
