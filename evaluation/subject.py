"""What is evaluated: a model with its tokenizer, its way of scoring, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, get_args

from evaluation.errors import NotFinite, SubjectError
from evaluation.model_folder import ModelFolder, backends_of
from evaluation.scorers.options import ScoringOptions

if TYPE_CHECKING:
    from evaluation.scorers.scorer import Scorer

Backend = Literal["causal", "mlm", "mntp", "enc_dec_mask", "enc_dec_prefix"]
_CLASSES = {
    "causal": "AutoModelForCausalLM",
    "mlm": "AutoModelForMaskedLM",
    "mntp": "AutoModelForMaskedLM",
    "enc_dec_mask": "AutoModelForSeq2SeqLM",
    "enc_dec_prefix": "AutoModelForSeq2SeqLM",
}
_OURS = {"AutoModelForCausalLM": "CurateForCausalLM", "AutoModelForMaskedLM": "CurateForMaskedLM"}


class Subject:
    """A model under evaluation. Weights are loaded when a scorer or the encoder is asked for, always as fp32."""

    def __init__(
        self,
        folder: ModelFolder,
        config: dict[str, Any],
        backend: str,
        options: ScoringOptions,
        device: str,
        *,
        trusted: bool,
    ) -> None:
        """Use ``Subject.open``."""
        self._folder, self._config, self._trusted = folder, config, trusted
        self.backend, self.options, self.device = backend, options, device
        self._scorers: dict[str, Scorer] = {}
        self._models: dict[str, Any] = {}

    @classmethod
    def open(
        cls,
        target: str,
        *,
        backend: str | None = None,
        revision: str | None = None,
        trust_remote_code: bool = False,
        device: str = "cpu",
        options: ScoringOptions | None = None,
    ) -> Subject:
        """Find a model and see whether it can be scored, without loading its weights.

        Args:
            target: a run folder, a Hugging Face folder, or ``org/name`` on the hub.
            backend: how it is scored; none takes what its configuration says.
            revision: a milestone of a run, or a branch, tag or commit of the hub.
            trust_remote_code: whether code that comes with the model may run; our own exports need none.
            device: where torch runs it.
            options: how texts are scored.

        Raises:
            SubjectError: there is no such model, or it does not fit its tokenizer.
            NotTrusted: it needs code of its own, or its weights are a pickle.
        """
        folder = ModelFolder.find(target, revision, trusted=trust_remote_code)
        config = folder.config(trusted=trust_remote_code)
        if backend is None:
            known = backends_of(config)
            if not known:
                raise SubjectError(
                    f"its config.json does not tell how to score it (architectures: {config.get('architectures')})",
                    where=folder.name,
                    hint=f"name a backend: {', '.join(get_args(Backend))}",
                )
            backend = known[0]
        subject = cls(folder, config, backend, options or ScoringOptions(), device, trusted=trust_remote_code)
        subject._check_backend(backend)
        subject._check_tokenizer()
        return subject

    @property
    def name(self) -> str:
        """Name of the run, folder or hub model."""
        return self._folder.name

    @property
    def revision(self) -> str | None:
        """Its milestone, or its revision on the hub."""
        return self._folder.revision

    @property
    def record(self) -> dict[str, Any] | None:
        """The ``run.json`` of the run that made it, or None."""
        return self._folder.record

    @property
    def corpus(self) -> str | None:
        """Digest of the corpus it was trained on, or None."""
        return None if self.record is None else self.record.get("corpus", {}).get("digest")

    @property
    def words_seen(self) -> int | None:
        """Words seen in training, repeats counted, or None."""
        return self._folder.words_seen

    @cached_property
    def digest(self) -> str:
        """The sha256 of configuration, weights and tokenizer."""
        return self._folder.digest()

    @property
    def max_length(self) -> int | None:
        """The most tokens that it reads at once, or None for any number."""
        config = self._config
        if config.get("model_type") == "curate" or config.get("relative_attention_num_buckets"):
            return None
        found = config.get("max_position_embeddings", config.get("n_positions", config.get("n_ctx")))
        if not isinstance(found, int):
            return None
        if "roberta" in str(config.get("model_type")) or config.get("model_type") == "camembert":
            pad = config.get("pad_token_id")
            return found - (1 if pad is None else pad) - 1  # positions are counted from the padding id on
        return found

    @property
    def parameters(self) -> int:
        """How many weights it has, tied ones once."""
        model = next(iter(self._models.values()), None) or self._model(_CLASSES[self.backend])
        return sum(parameter.numel() for parameter in model.parameters())

    @cached_property
    def tokenizer(self) -> Any:
        """Its tokenizer, as transformers loads it.

        Raises:
            SubjectError: it cannot be loaded.
        """
        import transformers  # noqa: PLC0415  (heavy)

        ours = self._config.get("model_type") == "curate"
        kind: Any = transformers.PreTrainedTokenizerFast if ours else transformers.AutoTokenizer
        options = {} if ours else {"trust_remote_code": self._trusted}
        with _quiet():
            try:
                return kind.from_pretrained(self._folder.path, local_files_only=True, **options)
            except Exception as error:  # transformers raises whatever its readers raise
                hint = "the folder must hold tokenizer.json, or files that transformers makes one of"
                raise SubjectError(f"its tokenizer cannot be loaded: {error}", where=self.name, hint=hint) from error

    def scorer(self, backend: str | None = None) -> Scorer:
        """Return a scorer; a model trained for several backends has several.

        Raises:
            SubjectError: the model cannot be loaded, or the backend is not for it.
            NotFinite: one of its weights is NaN or infinity.
        """
        backend = backend or self.backend
        if backend not in self._scorers:
            self._check_backend(backend)
            self._scorers[backend] = self._build(backend)
        return self._scorers[backend]

    def milestones(self) -> list[Subject]:
        """Return the checkpoints of the training that made it, fewest words seen first; a checkpoint has none.

        Raises:
            SubjectError: one of them cannot be scored.
        """
        from evaluation.checkpoints import checkpoints_of  # noqa: PLC0415  (it may ask the hub)

        target, marks = checkpoints_of(self._folder)
        how: dict[str, Any] = {"backend": self.backend, "device": self.device, "options": self.options}
        return [Subject.open(target, revision=mark, trust_remote_code=self._trusted, **how) for mark in marks]

    def encoder(self) -> tuple[Any, Any, int]:
        """Return a module that gives ``last_hidden_state``, freshly loaded; the tokenizer; and the hidden size.

        Raises:
            SubjectError: the model cannot be loaded.
            NotFinite: one of its weights is NaN or infinity.
        """
        model = self._load("AutoModel")
        return model, self.tokenizer, int(model.config.hidden_size)

    def _build(self, backend: str) -> Scorer:
        from evaluation.networks.load import network_for  # noqa: PLC0415  (heavy)
        from evaluation.scorers.tokens import Texts  # noqa: PLC0415

        texts = Texts(self.tokenizer, self.options)
        model = self._model(_CLASSES[backend])
        if backend.startswith("enc_dec"):
            from evaluation.scorers.encoder_decoder import MaskScorer, PrefixScorer  # noqa: PLC0415

            kind = MaskScorer if backend == "enc_dec_mask" else PrefixScorer
            return kind(model, self.tokenizer, texts, self.options, self.digest, self.max_length)
        network = network_for(model, model.get_input_embeddings().num_embeddings, causal=backend == "causal")
        if backend == "causal":
            from evaluation.scorers.causal import CausalScorer  # noqa: PLC0415

            return CausalScorer(network, texts, self.options, self.digest, self.max_length)
        from evaluation.scorers.masked import MaskedScorer  # noqa: PLC0415

        mask = self.tokenizer.mask_token_id
        ahead: Literal["mlm", "mntp"] = "mntp" if backend == "mntp" else "mlm"
        return MaskedScorer(network, texts, self.options, self.digest, self.max_length, mask, ahead)

    def _model(self, kind: str) -> Any:
        if kind not in self._models:
            self._models[kind] = self._load(kind)
        return self._models[kind]

    def _load(self, kind: str) -> Any:
        """Return a model in evaluation mode, float32, on the device."""
        import transformers  # noqa: PLC0415  (heavy)

        options: dict[str, Any] = {"local_files_only": True, "output_loading_info": True}
        options["use_safetensors"] = any(self._folder.path.glob("*.safetensors"))
        if self._config.get("model_type") == "curate":
            from training.export import modeling_curate  # noqa: PLC0415

            loader = getattr(modeling_curate, {"AutoModel": "CurateModel", **_OURS}[kind])
        else:
            loader = getattr(transformers, kind)
            options["trust_remote_code"] = self._trusted
        with _quiet():
            try:
                model, found = loader.from_pretrained(self._folder.path, **options)
            except Exception as error:  # transformers raises whatever its readers raise
                hint = f"{kind} must be able to load it: is the backend right?"
                raise SubjectError(f"cannot be loaded: {error}", where=self.name, hint=hint) from error
        missing = sorted(found.get("missing_keys", ()))
        if missing and kind != "AutoModel":
            raise SubjectError(
                f"has no weights for {', '.join(missing[:3])}{' and others' if len(missing) > 3 else ''}",
                where=self.name,
                hint=f"it was not trained as {kind}: name another backend",
            )
        for name, weight in model.named_parameters():
            if not weight.isfinite().all():  # attention may hide it: torch takes a row of NaN for one that sees nothing
                hint = "was training stopped by a diverging loss?"
                raise NotFinite(f"its weight {name} is not finite", where=self.name, hint=hint)
        return model.float().eval().to(self.device)

    def _check_backend(self, backend: str) -> None:
        if backend not in _CLASSES:
            known = ", ".join(get_args(Backend))
            raise SubjectError(f"there is no backend {backend!r}", where=self.name, hint=f"there are: {known}")
        ours = backends_of(self._config) if self._config.get("model_type") == "curate" else (backend,)
        if backend not in ours:
            raise SubjectError(
                f"was not trained for backend {backend!r}",
                where=self.name,
                hint=f"it can be scored as {', '.join(ours)}",
            )
        if backend in {"mlm", "mntp"} and self.tokenizer.mask_token_id is None:
            raise SubjectError(
                f"its tokenizer has no mask token, which backend {backend!r} needs",
                where=self.name,
                hint="score it as causal, or set mask_token in tokenizer_config.json",
            )

    def _check_tokenizer(self) -> None:
        size = self._config.get("vocab_size")
        highest = max(self.tokenizer.get_vocab().values(), default=-1)
        if isinstance(size, int) and highest >= size:
            raise SubjectError(
                f"its tokenizer has ids up to {highest}, its model only knows {size} tokens",
                where=self.name,
                hint="this tokenizer belongs to another model",
            )


@contextmanager
def _quiet() -> Iterator[None]:
    """Keep transformers from writing to the terminal."""
    from transformers.utils import logging as theirs  # noqa: PLC0415  (heavy)

    logging: Any = theirs
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
