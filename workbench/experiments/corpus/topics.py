"""What each conversation of a large corpus is about: one combination of thing, fault, place and person, never repeated.

A topic follows from its number alone, so that any conversation can be written again without those before it.
"""

from __future__ import annotations

import random
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from workbench.experiments.corpus.script_format import Section, read_sections

_WORDS = files("workbench.experiments.corpus") / "words"
_MIX = 2_654_435_761
_SYLLABLE_MIX = 7919


@dataclass(frozen=True, slots=True)
class Topic:
    """The subject of one conversation. `*_other` says the same in other words; `slots` fills sentence patterns."""

    number: int
    thing: str
    thing_other: str
    fault: str
    fault_other: str
    place: str
    person: str
    name: str
    code: str
    file: str
    slug: str
    value: str
    unit: str
    slots: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class _Domain:
    things: tuple[tuple[str, str], ...]
    faults: tuple[tuple[str, str], ...]
    parts: tuple[str, ...]
    fixes: tuple[str, ...]
    tools: tuple[str, ...]
    units: tuple[str, ...]


def word_sections(file: str) -> tuple[Section, ...]:
    """The sections of one of the word lists that come with the package."""
    return tuple(read_sections((_WORDS / file).read_text(encoding="utf-8")))


@cache
def patterns() -> Mapping[str, tuple[str, ...]]:
    """Sentence patterns and word lists by name."""
    return {section.heading: tuple(filter(None, section.body)) for section in word_sections("phrases.txt")}


@cache
def _listed(name: str) -> tuple[str, ...]:
    return tuple(", ".join(patterns()[name]).split(", "))


@cache
def _domains() -> tuple[_Domain, ...]:
    return tuple(_domain(section) for section in word_sections("domains.txt"))


def _domain(section: Section) -> _Domain:
    def pairs(name: str) -> tuple[tuple[str, str], ...]:
        cut = (item.partition(" ~ ") for item in section.header[name].split(", "))
        return tuple((one, other) for one, _, other in cut)

    lists = (tuple(section.header[name].split(", ")) for name in ("parts", "fixes", "tools", "units"))
    return _Domain(pairs("things"), pairs("faults"), *lists)


def topic(number: int, *, seed: int) -> Topic:
    """The topic of conversation `number`; different for every number below five million."""
    places, people = _listed("place"), _listed("person")
    domains = _domains()
    counts = (len(domains), len(domains[0].things), len(domains[0].faults), len(places), len(people))
    total = 1
    for count in counts:
        total *= count
    rest = (number * _MIX + seed * 104_729) % total
    chosen: list[int] = []
    for count in counts:
        rest, digit = divmod(rest, count)
        chosen.append(digit)
    domain = domains[chosen[0]]
    thing, fault = domain.things[chosen[1]], domain.faults[chosen[2]]
    return _topic(number, domain, thing, fault, place=places[chosen[3]], person=people[chosen[4]], seed=seed)


def _topic(
    number: int, domain: _Domain, thing: tuple[str, str], fault: tuple[str, str], *, place: str, person: str, seed: int
) -> Topic:
    draw = random.Random(seed * 1_000_003 + number)
    syllables = _listed("syllable")
    first = (number * _SYLLABLE_MIX + seed) % len(syllables) ** 3
    spelled = [syllables[first // len(syllables) ** power % len(syllables)] for power in range(3)]
    name = f"{''.join(spelled).capitalize()} {100 + number * 37 % 900}"
    code = f"{spelled[0].upper()}-{draw.randrange(10_000):04d}"
    slug = thing[0].replace(" ", "_").replace("-", "_").lower()
    file = f"{slug}_{place.lower()}_{draw.randrange(1, 366):03d}.{draw.choice(('log', 'csv', 'txt', 'yaml'))}"
    unit = draw.choice(domain.units)
    value = f"{draw.randrange(10, 9000) / 10:g}"
    parts = tuple(draw.sample(domain.parts, 5))
    others = (draw.choice(people) for people in [_listed("person")] * 2)
    slots = {
        "thing": (thing[0],),
        "fault": (fault[0],),
        "place": (place,),
        "person": (person, person, *others),
        "name": (name,),
        "code": (code,),
        "file": (file,),
        "part": parts,
        "Part": tuple(part.capitalize() for part in parts),
        "fix": tuple(draw.sample(domain.fixes, 5)),
        "tool": tuple(draw.sample(domain.tools, 3)),
        "unit": (unit, *domain.units),
        "adjective": _listed("adjective"),
        "value": (value,),
    }
    return Topic(number, *thing, *fault, place, person, name, code, file, slug, value, unit, slots)
