"""Compose a small corpus of child-directed English from a seeded scene grammar.

Everything that is said comes from ``lexicon.toml``, written by hand for this project: things,
people, places, and the *moves* of a conversation (naming, riddles, counting, comparing, rephrased
requests, recalling, planning, ...).  A scene picks a setting and its participants, opens, makes a
few moves and closes; a tale strings together the parts of a small story.  This file keeps number,
articles, pronouns and irregular verbs in agreement, and prefers drafts that repeat no line.

``python grammar.py`` writes ``generated.train``, the same bytes every time.
"""

from __future__ import annotations

import argparse
import re
import tomllib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from random import Random
from typing import Any

HERE = Path(__file__).resolve().parent
NUMBERS = ["no", "one", "two", "three", "four", "five", "six"]
NUMBERS += ["seven", "eight", "nine", "ten", "eleven", "twelve"]
DAYS = ["tomorrow", "on Saturday", "on Sunday", "next week", "the day after tomorrow"]
PETS = ["love", "sweetheart", "darling", "poppet", "my dear", "little one", "honey", "my lamb"]
CALLS = {"MOT": "Mummy", "FAT": "Daddy", "GRA": "Grandma"}
DOUBLING = {"cut", "dig", "put", "run", "scrub", "set", "sit", "stir", "swim"}
PRONOUNS = {"he": ("he", "him", "his"), "she": ("she", "her", "her")}
# Words that agree with a thing in number: (singular, plural).
AGREE = {
    "is": ("is", "are"), "isn't": ("isn't", "aren't"), "was": ("was", "were"),
    "wasn't": ("wasn't", "weren't"), "has": ("has", "have"), "does": ("does", "do"),
    "it": ("it", "they"), "them": ("it", "them"), "this": ("this", "these"),
    "that": ("that", "those"), "that's": ("that's", "those are"), "one": ("one", "ones"),
}  # fmt: skip


def with_s(word: str) -> str:
    """The regular plural of a noun, and the third person of a verb."""
    return word + ("es" if word.endswith(("s", "x", "ch", "sh", "o")) else "s")


def words(lines: list[str]) -> int:
    return sum(len(line.split()) for line in lines)


def article(phrase: str) -> str:
    return ("an " if phrase[0] in "aeiou" and not phrase.startswith("uni") else "a ") + phrase


def inflect(phrase: str, form: str, irregular: dict[str, list[str]]) -> str:
    """Put the first word of a verb phrase into a form: ``ed``, ``en`` or ``ing``."""
    verb, _, rest = phrase.partition(" ")
    stem = verb + verb[-1] if verb in DOUBLING else verb
    if form == "ing":
        head = (stem[:-1] if stem.endswith("e") and not stem.endswith("ee") else stem) + "ing"
    elif verb in irregular:
        head = irregular[verb][form == "en"]
    elif verb.endswith("e"):
        head = verb + "d"
    elif verb.endswith("y") and verb[-2] not in "aeiou":
        head = verb[:-1] + "ied"
    else:
        head = stem + "ed"
    return f"{head} {rest}".rstrip()


@dataclass
class Thing:
    """A noun with its features; ``many`` is true of boots, peas and scissors."""

    name: str
    kind: str
    size: float
    adjective: str
    one: str
    more: str
    many: bool
    facts: dict[str, str]

    def noun(self) -> str:
        return self.more if self.many else self.one

    def form(self, word: str) -> str:
        """The noun, or a word that depends on it: ``a+`` is the article and an adjective."""
        noun = f"{self.adjective} {self.noun()}" if word.endswith("+") else self.noun()
        match word.rstrip("+"):
            case "":
                return noun
            case "a":
                return noun if self.many else article(noun)
            case "some":
                return f"some {noun}" if self.many else article(noun)
            case "a1":
                return article(f"{self.adjective} {self.one}" if word.endswith("+") else self.one)
            case "col":
                return self.adjective
            case verb if verb.startswith("s:"):
                return verb[2:] if self.many else with_s(verb[2:])
            case bare if bare in AGREE:
                return AGREE[bare][self.many]
            case fact:
                return self.facts[fact]


@dataclass
class Grammar:
    """The lexicon, the dice, and the lines written so far."""

    lexicon: dict[str, Any]
    rng: Random
    seen: set[str] = field(default_factory=set)
    said: set[str] = field(default_factory=set)
    titles: set[str] = field(default_factory=set)
    decks: dict[str, list[Any]] = field(default_factory=dict)

    def deal(self, deck: str, cards: list[Any]) -> Any:
        """Draw without replacement, so that nothing returns before all have had a turn."""
        if not self.decks.get(deck):
            self.decks[deck] = self.rng.sample(cards, len(cards))
        return self.decks[deck].pop()

    def thing(self, name: str) -> Thing:
        facts = self.lexicon["things"][name]
        many = facts.get("pl", False)
        one = name.removesuffix("s") if many else name
        more = name if many else facts.get("plural", with_s(name))
        adjective = self.rng.choice(self.lexicon["adjectives"][facts["kind"]])
        return Thing(name, facts["kind"], facts["size"], adjective, one, more, many, facts)

    def expand(self, text: str, lookup: Callable[[str], str]) -> str:
        """Choose among ``<a|b>``, alike where the label in ``<1:a|b>`` agrees; fill ``{...}``."""
        branch: dict[str, int] = {}

        def choose(group: re.Match[str]) -> str:
            options = group[2].split("|")
            drawn = self.rng.randrange(len(options))
            return options[branch.setdefault(group[1], drawn) if group[1] else drawn]

        text = re.sub(r"<(?:(\d):)?([^<>]*)>", choose, text)
        text = re.sub(r"\{([^{}]*)\}", lambda slot: lookup(slot[1]), text)
        text = re.sub(r"([.!?])[.!?](?![.!?])", r"\1", text)  # the end mark of the chosen branch wins
        return re.sub(r'(?m)(^(?:\w: )?"?|(?<!\.)[.!?] "?)([a-z])', lambda m: m[1] + m[2].upper(), text)

    def passage(self, text: str, lookup: Callable[[str], str], tries: int = 40) -> list[str]:
        """Of several drafts, the one with the fewest lines that occur already."""
        drafts = [self.expand(text.strip(), lookup).split("\n") for _ in range(tries)]
        best = min(drafts, key=lambda lines: sum(line[2:] in self.seen for line in lines))
        self.seen.update(line[2:] for line in best)
        return best

    def title(self, pattern: str, lookup: Callable[[str], str]) -> str:
        while (title := self.expand(pattern, lookup).lower()) in self.titles:
            pass
        self.titles.add(title)
        return f"= = = {title} = = ="

    def scene(self, setting: dict[str, Any]) -> list[str]:
        """One conversation: an opening, some moves that the setting allows, a close."""
        scene, target = Scene(self, setting), self.rng.randint(100, 150)
        said = [scene.say(self.rng.choice(setting["opens"]))]
        for move in scene.moves():
            if len(said) == 2 and setting["why"] and self.rng.random() < 0.5:
                said.append(scene.explain(setting["why"].pop()))
            said.append(scene.say(move["text"]))
            if sum(map(words, said)) > target:
                break
        if sum(map(words, said)) > 205:
            said.pop()
        said.append(scene.say(self.rng.choice(setting["closes"])))
        lines = [scene.voiced(line, part) for part in said for line in part]
        scene.mention(" ".join(lines))
        return [self.title(self.lexicon["titles"]["scene"], scene.word), *lines]

    def tale(self) -> list[str]:
        """One small story in prose, told part by part about the same animals."""
        parts = self.lexicon["tale"]
        hero, friend = self.rng.sample(parts["animals"], 2)
        names = self.rng.sample(parts["names"], 2)
        roles: dict[str, str] = {"hero": hero, "friend": friend, "name": names[0], "other": names[1]}
        for role, gender in zip("ab", self.rng.sample(["he", "she"], 2), strict=True):
            forms = (f"he{role}", f"him{role}", f"his{role}")
            roles |= dict(zip(forms, PRONOUNS[gender], strict=True))
        roles |= {key: self.deal(key, parts[key]) for key in ("wish", "hurdle", "gift", "home")}

        def word(slot: str) -> str:
            determiner, _, role = slot.rpartition(" ")
            if determiner == "the":
                return "the " + roles[role].partition(" ")[2]
            return article(roles[role]) if determiner else roles[role]

        told: list[list[str]] = []
        for number, variants in enumerate(parts["parts"]):
            told.append(self.passage(self.deal(f"part {number}", variants), word))
        if sum(map(words, told)) > 225:
            del told[2]  # the vain attempts, without which the story still stands
        if sum(map(words, told)) > 245:
            return self.tale()
        title = self.title(self.lexicon["titles"]["tale"], word)
        return [title, *(line for part in told for line in part)]

    def corpus(self, size: int, tale_every: int = 11) -> Iterator[list[str]]:
        """Scenes and tales until there are enough words, each setting in its turn."""
        written = 0
        for number in count(1):
            if written >= size:
                return
            tale = number % tale_every == 0
            lines = self.tale() if tale else self.scene(self.deal("setting", self.lexicon["setting"]))
            written += words(lines)
            yield lines


class Scene:
    """Who is talking, about which things, in which setting."""

    def __init__(self, grammar: Grammar, setting: dict[str, Any]) -> None:
        rng = grammar.rng
        self.grammar, self.setting = grammar, setting
        self.parent = rng.choice(["MOT", "MOT", "FAT", "FAT", "GRA"])
        self.sibling = rng.choice(["SIS", "BRO"])
        self.child = rng.choice(["he", "she"])
        self.things = [grammar.thing(name) for name in rng.sample(setting["things"], 6)]
        self.spoken: set[str] = set()
        self.gender = rng.choice(["he", "she"])
        person = rng.choice(grammar.lexicon["people"][self.gender])
        # What each move takes afresh, so that no move contradicts another.
        fresh = {"wv": setting["spots"], "ef": setting["does"], "m": list(grammar.lexicon["memories"])}
        self.turning = {key: rng.sample(values, len(values)) for key, values in fresh.items()}
        number = rng.randint(3, 10)
        self.words: dict[str, str] = {
            "k": person, "setting": setting["name"], "place": setting["place"],
            "many": rng.choice(setting["many"]), "n": NUMBERS[number], "more": NUMBERS[number + 1],
            "fewer": NUMBERS[number - 1], "upto": ", ".join(NUMBERS[1 : number + 1]),
            "call": CALLS[self.parent],
        }  # fmt: skip
        self.lists: dict[str, list[str]] = {
            "sound": setting["sounds"], "pet": PETS, "day": DAYS,
            "today": ["today", "this morning", "this week"],
        }  # fmt: skip
        self.bound: dict[str, Thing] = {"x": self.things[0], "y": self.things[1]}
        self.turn("{w}{e}{m}")

    def turn(self, text: str) -> None:
        """New places, doings and memories for whichever of them the text speaks of."""
        for variables, values in self.turning.items():
            if re.search(rf"[{{ ][{variables}]\}}", text):
                for variable in variables:
                    self.words[variable] = values.pop(0)
                    values.append(self.words[variable])
        self.lists["recall"] = self.grammar.lexicon["memories"][self.words["m"]]

    def moves(self) -> Iterator[dict[str, Any]]:
        """The moves that this scene allows, dealt so that all are used equally often."""
        used: list[int] = []
        for _ in range(40):
            move = self.grammar.deal("move", self.grammar.lexicon["move"])
            if id(move) not in used and self.bind(move):
                used.append(id(move))
                self.turn(move["text"])
                yield move

    def bind(self, move: dict[str, Any]) -> bool:
        """Give the move's variables things of the right kinds, if the scene has them."""
        bound: dict[str, Thing] = {}
        for variable in (v for v in "xyz" if v in move):
            fits = [t for t in self.things if t.kind in move[variable].split() and t not in bound.values()]
            if variable == "y" and move.get("smaller"):
                fits = [t for t in fits if t.size < 0.7 * bound["x"].size]
            if not fits:
                return False
            unspoken = [thing for thing in fits if thing.name not in self.spoken]
            bound[variable] = self.grammar.rng.choice(unspoken or fits)
        if "z" in bound:
            order = sorted(bound.values(), key=lambda thing: thing.size)
            if any(small.size > 0.7 * big.size for small, big in pairwise(order)):
                return False
            names = zip(("smallest", "middle", "biggest"), order, strict=True)
            self.words |= {word: thing.noun() for word, thing in names}
        self.bound |= bound
        self.spoken |= {thing.name for thing in bound.values()}
        return True

    def mention(self, text: str) -> None:
        """Let x and y be things that the scene has spoken of, for its title."""
        spoken = sorted(self.things, key=lambda thing: -text.count(thing.noun()))
        self.bound = dict(zip("xy", spoken, strict=False))

    def word(self, slot: str) -> str:
        """The text of one ``{slot}``: a word of the scene, or a function and its argument."""
        rng, (*function, name) = self.grammar.rng, slot.split()
        thing = self.bound.get(name[0]) if name.rstrip("+*1") in "xyz" else None
        if thing:
            match name[1:]:
                case "*":
                    return thing.more
                case "1":
                    return thing.one
                case mark:
                    return thing.form((function[0] if function else "") + mark)
        if function and function[0] in ("ed", "en", "ing"):
            return inflect(self.words[name], function[0], self.grammar.lexicon["irregular"])
        if function:
            gender = self.gender if name == "k" else self.child
            return PRONOUNS[gender][("he", "him", "his").index(function[0])]
        return rng.choice(self.lists[name]) if name in self.lists else self.words[name]

    def say(self, text: str) -> list[str]:
        """The lines of a passage, each still headed by the letter of its speaker."""
        return self.grammar.passage(text, self.word)

    def explain(self, pair: str) -> list[str]:
        question, answer = pair.split("|")
        return self.say(f"C: {question}\nP: {answer}\n" + self.grammar.lexicon["titles"]["after"])

    def voiced(self, line: str, part: list[str]) -> str:
        """``P: text`` as ``*MOT:<tab>text``; between two, a line said before gets a name."""
        speaker = {"P": self.parent, "C": "CHI", "S": self.sibling}[line[0]]
        text, names = line[3:].rstrip(), PETS if line[0] == "P" else [self.words["call"]]
        free = not any(name in text for name in names) and "," not in " ".join(text.split()[-4:])
        free = free and text[-2].isalpha() and not any(said[0] == "S" for said in part)
        if text in self.grammar.said and len(text.split()) < 9 and free:
            text = f"{text[:-1]}, {self.grammar.rng.choice(names)}{text[-1]}"
        self.grammar.said.add(text)
        return f"*{speaker}:\t{text}"


def generate(size: int = 37_000, seed: int = 2024) -> str:
    """The whole corpus as one text."""
    lexicon = tomllib.loads((HERE / "lexicon.toml").read_text(encoding="utf-8"))
    grammar = Grammar(lexicon, Random(seed))
    return "\n".join("\n".join(lines) + "\n" for lines in grammar.corpus(size))


def main() -> None:
    parser = argparse.ArgumentParser(description="Write the generated part of the sample corpus.")
    parser.add_argument("--out", type=Path, default=HERE / "generated.train")
    parser.add_argument("--words", type=int, default=37_000, help="stop after this many words")
    parser.add_argument("--seed", type=int, default=2024)
    args = parser.parse_args()
    text = generate(args.words, args.seed)
    args.out.write_text(text, encoding="utf-8", newline="\n")
    print(f"{args.out}: {len(text.split())} words, {text.count('= = =') // 2} scenes")


if __name__ == "__main__":
    main()
