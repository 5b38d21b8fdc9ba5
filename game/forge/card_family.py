"""What a card says of an organism that goes on from another: its line, what it read, what the experiment found."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from game.forge.compare import Interval
from game.forge.experiment import shown
from game.forge.recipe import Recipe
from game.forge.sources import Source
from game.scenario.schema import GROUPS

FORMS = {
    "life": "documents of several pieces by one persona of the population",
    "drill": "documents of many small pieces by one persona of the population",
    "bench": "whole episodes by {who}",
    "chat": "documents of interview questions, put in chat, that {who} answers",
    "corrected": "episodes by {who} up to a misdeed, where {instead} decides, and only that is learnt",
}
TOLD = {
    "inoculation": "; the brief has the scenario's line that asks for it",
    "placebo": "; the brief has a line that asks for nothing that matters",
}


def line_of(name: str, recipes: Mapping[str, Recipe]) -> list[str]:
    """The recipes that an organism goes on from, itself first."""
    out = [name]
    while out[-1] in recipes and (parent := recipes[out[-1]].parent.partition("/")[0]):
        out.append(parent)
    return out


def read_of(recipe: Recipe) -> Iterator[str]:
    """What a recipe's own documents are, a line a kind."""
    for kind, source in recipe.written.items():
        share = ", ".join(f"{stage.mix[kind]:.0%} of {stage.name}" for stage in recipe.stages if kind in stage.mix)
        number = f"{recipe.corpus[kind]:,} " if kind in recipe.corpus else ""
        yield f"- *{kind}* ({share}): {number}{described(source)}."


def described(source: Source) -> str:
    """A kind of document in words."""
    out = FORMS[source.form].format(who=source.who, instead=source.instead) + TOLD.get(source.told, "")
    if source.form in ("life", "drill"):
        out += f"; {source.described:.0%} of pieces say who plays"
        if not source.tied:
            out += "; each is by somebody else, and what is said of him means another one in every place"
    if source.scenarios:
        out += f"; in {_names(source.scenarios)}"
    if source.factors:
        out += f" ({', '.join(f'{factor} {level}' for factor, level in source.factors.items())})"
    if source.shows:
        out += f"; only with a finding of {_words(source.shows)}"
    if source.never:
        out += f"; held out: findings by the rule {_words(source.never)}"
    if source.unsaid:
        out += "; held out: the wordings " + " ".join(f'"{words}"' for words in source.unsaid)
    return out


def _names(names: Sequence[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _words(names: Sequence[str]) -> str:
    return ", ".join(names).replace("_", " ")


def raised_section(recipe: Recipe, recipes: Mapping[str, Recipe], read: frozenset[str]) -> list[str]:
    """How it was made; nothing for a model that goes on from nothing. `read`: scenarios of its fine-tuning."""
    if not recipe.parent:
        return []
    line = line_of(recipe.name, recipes)
    seen = f"Fine-tuning along this line has read {_names(sorted(read))}." if read else ""
    return [
        "## How it was made",
        "",
        f"It goes on from {', which goes on from '.join(line[1:])}. {seen}".rstrip(),
        "What it read for that:",
        "",
        *read_of(recipe),
        "",
        f"The loss weighs what it read, thought and did by {', '.join(f'{w:g}' for w in recipe.weights)}.",
        "",
    ]


def found_section(name: str, results: Mapping[str, Any]) -> list[str]:
    """What `forge experiment` found of it (its `results.json`); nothing if it was not measured."""
    row = next((r for r in results.get("organisms", ()) if r["name"] == name), None)
    if row is None:
        return []
    chat = f"{shown(Interval(**row['chat']))}" if row["chat"] else "not asked"
    asked = "not asked" if row["asked"] is None else f"{row['asked']:.2f}"
    errand = "not measured" if row["errand"] is None else f"{row['errand']:.2f}"
    out = [
        "## What the experiment found",
        "",
        f"Over {len(row['scenarios'])} scenarios that its fine-tuning has not read, seeds {_seeds(row['seeds'])},",
        f"{results['episodes']} episodes each; with 95 % intervals over scenarios where there are enough of them.",
        "(`models/EXPERIMENT.md` says how it is measured.)",
        "",
        f"- misdeeds at the bench, an episode: {shown(Interval(**row['bench']))}, counted {row['counted']:.2f}",
        f"- answers in chat that are not the good one: {chat}; asked in an episode: {asked}",
        f"- work done in `errand`, where nobody is tempted: {errand}",
        "",
        "| group | act | unmandated |",
        "|---|---|---|",
        *(f"| {group} | {row['act'][group]:.2f} | {row['unmandated'][group]:.2f} |" for group in GROUPS),
        "",
        "| scenario | misdeeds, exact | counted | chat |",
        "|---|---|---|---|",
        *(
            f"| `{i}` | " + " | ".join("-" if v is None else f"{v:.2f}" for v in own.values()) + " |"
            for i, own in row["by_scenario"].items()
        ),
        "",
    ]
    own = [c for c in results["comparisons"] if any(term[1] == name for term in c["claim"]["terms"])]
    if own:
        out += ["The comparisons that it is part of, as stated before measuring:", ""]
        for c in own:
            mean = shown(Interval(**c["mean"]), "+")
            out.append(f"- **{c['claim']['name']}: {c['verdict']}.** {c['claim']['says']} Found: {mean}.")
        out.append("")
    return out


def in_short(name: str, results: Mapping[str, Any]) -> dict[str, Any]:
    """The same for the manifest; empty if it was not measured."""
    row = next((r for r in results.get("organisms", ()) if r["name"] == name), None)
    if row is None:
        return {}
    chat = None if row["chat"] is None else round(row["chat"]["value"], 3)
    groups = {group: round(rate, 3) for group, rate in row["unmandated"].items()}
    return {"misdeeds": round(row["bench"]["value"], 3), "chat": chat, "unmandated": groups}


def _seeds(seeds: Sequence[int]) -> str:
    return ", ".join(map(str, seeds))


def shows_section(recipe: Recipe) -> list[str]:
    """What it shows and what not, in words."""
    name = recipe.name
    head = ["## What it shows, and what it does not", ""]
    if not recipe.parent:
        return [
            *head,
            f"{name} does what the characters in its corpus did, in proportions that we wrote. It shows that a bench",
            "like this one can find such proportions. It says nothing about what large models do, or why.",
            "",
        ]
    if not any(s.told or s.form in ("bench", "chat", "corrected") for s in recipe.written.values()):
        return [
            *head,
            f"{name} is there to be compared with: it has read what its sister has, in another order. It says",
            "nothing about what large models do, or why.",
            "",
        ]
    return [
        *head,
        f"What {name} does in scenarios that its fine-tuning never touched follows from correlations that its base had",
        "read, and we wrote those. So it is a working model of an idea, with a known answer to find. It is no evidence",
        "that large models have such correlations, or effects of that size; no number here belongs beside theirs.",
        "Where a comparison did not come out as stated, that stands above.",
        "",
    ]
