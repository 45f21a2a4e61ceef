"""What every shipped recipe promises: it loads, it says how faithful it is, and its numbers are the published ones."""

import importlib
import re
from importlib import resources

import pytest
import torch
import yaml

from training.config import RECIPES, Recipe, load_recipe, recipe_names
from training.optim import schedule

NAMES = recipe_names()
PROXIES = [name for name in NAMES if "-proxy" in name]
FAMILIES = ["gpt-bert", "ltg-bert", "elc-bert", "gpt2", "llama", "babyllama", "bert", "roberta"]
SIZES = {"": 0.3e6, "-1m": 1e6, "-3m": 3e6}

#: Millions of parameters as published, with as many digits as are known.
PARAMETERS = {
    "ltg-bert-2024-baseline": "98.23",
    "elc-bert-2023": "98.23",
    "gpt-bert-2024-strict": "119.45",
    "gpt-bert-2024-strict-small": "29.89",
    "gpt-bert-2025-causal-focus": "33.05",
    "gpt-bert-2025-mixed": "33.05",
    "gpt-bert-2025-masked-focus": "33.05",
    "babyllama-2023": "58",
    "babyllama-2023-teacher-llama": "360.0",
    "babyllama-2023-teacher-gpt2": "704.9",
    "babyllama2-2024": "345.4",
    "babyllama2-2024-teacher": "345.4",
    "gpt2-2026-baseline": "98.425344",
}

#: Tokens of a whole run as published: steps x rows x length.
TOKENS = {
    "elc-bert-2023": 6.6e10,
    "gpt-bert-2024-strict": 4.10e10,
    "gpt-bert-2024-strict-small": 2.05e10,
    "gpt-bert-2025-causal-focus": 1.6e8,
    "gpt-bert-2025-mixed": 1.6e8,
    "gpt-bert-2025-masked-focus": 1.6e8,
}


def model_of(recipe: Recipe) -> torch.nn.Module:
    """Return the model without memory, with as many embeddings as the tokenizer has tokens."""
    settings = recipe.model.model_copy(update={"vocab_size": recipe.tokenizer.vocab_size})
    with torch.device("meta"):
        model = importlib.import_module(f"training.models.{settings.use}").Model(settings)
    assert isinstance(model, torch.nn.Module)
    return model


def is_embedding(name: str) -> bool:
    """Return whether a parameter is a table that is looked up (words, positions), or the untied output."""
    return ("embedding" in name or "untied" in name) and "norm" not in name


def test_every_family_has_its_proxies_and_every_published_system_its_recipe() -> None:
    """The catalogue is whole."""
    wanted = {f"{family}-proxy{size}" for family in FAMILIES for size in SIZES}
    assert wanted | PARAMETERS.keys() | {"babyberta", "gpt2-2025-baseline", "babyllama-proxy-teacher"} == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_loads_under_its_name_and_says_how_faithful_it_is(name: str) -> None:
    """A recipe that extends another has a note of its own, too."""
    recipe = load_recipe(name)
    assert recipe.name == name
    assert len(recipe.fidelity) > 100
    own = yaml.safe_load((resources.files(RECIPES) / f"{name}.yaml").read_text(encoding="utf-8"))
    assert own["fidelity"] == recipe.fidelity


@pytest.mark.parametrize("name", NAMES)
def test_a_note_names_only_recipes_that_ship(name: str) -> None:
    """Notes refer to each other; a renamed recipe would leave them pointing at nothing."""
    named = re.findall(r"\b[a-z0-9]+(?:-[a-z]+)*-(?:proxy|2\d{3})(?:-[a-z0-9]+)*", load_recipe(name).fidelity)
    assert set(named) <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_recipe_survives_yaml(name: str) -> None:
    """What a run folder keeps is the recipe, value for value."""
    recipe = load_recipe(name)
    assert Recipe.model_validate(yaml.safe_load(yaml.safe_dump(recipe.model_dump(mode="json")))) == recipe


@pytest.mark.parametrize("name", PARAMETERS)
def test_a_published_model_has_its_published_size(name: str) -> None:
    """Sizes agree to the last digit that is published."""
    count = sum(parameter.numel() for parameter in model_of(load_recipe(name)).parameters())
    digits = len(PARAMETERS[name].partition(".")[2])
    assert f"{count / 1e6:.{digits}f}" == PARAMETERS[name]


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("size", SIZES)
def test_a_proxy_has_the_size_of_its_name(family: str, size: str) -> None:
    """Proxies of one size are alike across families, or comparing them would compare sizes."""
    parameters = model_of(load_recipe(f"{family}-proxy{size}")).named_parameters()
    count = sum(parameter.numel() for name, parameter in parameters if not is_embedding(name))
    assert count == pytest.approx(SIZES[size], rel=0.25)


@pytest.mark.parametrize("name", PROXIES)
def test_a_proxy_is_cut_for_two_cores(name: str) -> None:
    """512 tokens a step, rows of 128 at the end, nothing dropped, and a vocabulary that does not outweigh the model."""
    recipe = load_recipe(name)
    for step in range(100):
        length, rows = schedule.length(step, 100, recipe.schedule), schedule.rows(step, 100, recipe.schedule)
        assert length * rows == 512
    assert recipe.schedule.length[-1][1] == 128
    assert recipe.model.hidden_dropout_prob == recipe.model.attention_probs_dropout_prob == 0
    assert recipe.tokenizer.vocab_size == 4096
    assert recipe.duration.epochs is not None


@pytest.mark.parametrize("name", TOKENS)
def test_a_published_run_sees_its_published_tokens(name: str) -> None:
    """Ramps of rows and lengths included: they are where such a number goes wrong."""
    recipe = load_recipe(name)
    steps = recipe.duration.steps
    assert steps is not None
    tokens = sum(
        schedule.rows(step, steps, recipe.schedule) * schedule.length(step, steps, recipe.schedule)
        for step in range(steps)
    )
    assert tokens == pytest.approx(TOKENS[name], rel=0.02)


@pytest.mark.parametrize("name", sorted(set(NAMES) - set(PROXIES)))
def test_the_exposure_limit_is_on_where_the_year_has_it(name: str) -> None:
    """Limits of words seen came with 2025; older systems went far beyond them."""
    year = re.search(r"-(20\d\d)", name)
    limited = load_recipe(name).run.max_words_seen is not None
    assert limited == (year is not None and int(year[1]) >= 2025)


@pytest.mark.parametrize(
    ("name", "decayed", "not_decayed"),
    [
        (
            "gpt-bert-2024-strict",
            ("embedding.word_embedding", "relative_embedding", "layer_mix"),
            ("bias", "layer_norm"),
        ),
        ("ltg-bert-2024-baseline", (), ("word_embedding", "relative_embedding", "bias", "layer_norm")),
        ("elc-bert-2023", (), ("word_embedding", "relative_embedding", "bias", "layer_norm", "layer_mix")),
    ],
)
def test_lamb_decays_what_the_published_code_decayed(
    name: str, decayed: tuple[str, ...], not_decayed: tuple[str, ...]
) -> None:
    """Names of parameters decide it, so a renamed parameter would change a published run unseen."""
    recipe = load_recipe(name)
    parameters = [key for key, _ in model_of(recipe).named_parameters()]
    for part in (*decayed, *not_decayed):
        matching = [key for key in parameters if part in key]
        assert matching
        spared = [any(no in key for no in recipe.optimizer.no_decay) for key in matching]
        assert all(spared) if part in not_decayed else not any(spared)
