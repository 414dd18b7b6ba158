"""Which documents match: words, phrases, beginnings and filters as queries of tantivy."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import log
from typing import Any

import tantivy

from workbench.index.lexical.days import Days, Span
from workbench.index.lexical.documents import TIME, WORDS, analyzer, untagged
from workbench.index.lexical.stems import stem, stems
from workbench.model import Words
from workbench.text.identifiers import identifiers, opening
from workbench.text.terms import indexed, normalised, phrases

_MOST_TERMS = 64  # of a query: the rarest. A pasted page has a thousand, of which the rest would find nothing more
# A word in more than a fifth of the messages is left out if three rarer ones remain: it says next to nothing, and costs
# as much as all the others (0.73 against 0.32 ms on 250,000 long messages). On the labelled sets that took .006 off
# recall@10 and .009 off nDCG@10 of BM25 alone at most. Where messages are few it would gain nothing and is not done.
_COMMON, _COMMON_COUNT, _KEPT = 0.2, 20_000, 3
_MOST_ENDINGS = 64  # words that a beginning stands for: the most frequent
_MOST_EXCLUDED_ENDINGS = 1_000
_SHORTEST_STEM = 3
_ANY_TERM = ("zo", "wo", "a", "")  # beginnings of terms; few terms begin so, which makes the first ones quicker to ask
_NAME_WEIGHT = 3.0  # of a name among other words
# What looks like the message of an error is looked for as it stands too. That costs time (no message can be skipped any
# more), so it is not done for all queries.
_ERROR = re.compile(r"\w(?:Error|Exception|Warning)\b|(?i:\b(?:error|fatal|panic|exception|warning)\b.{0,20}:)")
# BM25 with tantivy's k1 = 1.2, b = 0.75 gives at most 2.2 times the idf for a word however often it stands there, and
# 0.6 times for one that stands once in a message of 2.6 times the mean length.
_MOST_TF, _LONG_TF = 2.2, 0.6
_Clause = tuple[tantivy.Occur, tantivy.Query]


@dataclass(frozen=True, slots=True)
class Clauses:
    """Filters as the index knows them. Of each tuple in `wanted` one tag must be there, none of `unwanted` may be.

    `spans` are times in microseconds from (inclusive) to (exclusive), None for open; of each tuple in it one must hold
    the message's time, none of `unwanted_spans` may. Where not `exact`, some messages pass that the filters do not let
    pass: these are known by the mask only.
    """

    wanted: tuple[tuple[str, ...], ...] = ()
    unwanted: tuple[str, ...] = ()
    spans: tuple[tuple[Span, ...], ...] = ()
    unwanted_spans: tuple[Span, ...] = ()
    exact: bool = True


class Matcher:
    """Makes queries for one open index."""

    def __init__(self, schema: tantivy.Schema, searcher: tantivy.Searcher) -> None:
        self._schema = schema
        self._searcher = searcher
        self._analyzer = analyzer(stemmed=True)
        self._folded = analyzer(stemmed=False)
        self.stem, self.stems = stem, stems
        self._days = Days(day for day, _ in searcher.terms_with_prefix("day", ""))

    def any_word(self, words: Words, *, scored: bool = True) -> tantivy.Query | None:
        """Messages with any of the words, names or beginnings. None: there is none such word in the index."""
        weights = self.weights(words.text)
        terms = self._worth_it(weights)
        option = "freq" if scored else "basic"
        clauses = [_weighted(self._term(term, option), weights[term]) for term in terms]
        clauses += [
            tantivy.Query.disjunction_max_query([self._term(term, option) for term in endings])
            for prefix in words.prefixes
            if (endings := self.endings(prefix, _MOST_ENDINGS))
        ]
        if clauses and is_error(words.text) and (whole := self._phrase(words.text)):
            clauses.append(whole)
        return _any(clauses)

    def postings(self, words: Words) -> int:
        """How many postings of its words a search for `words` would read if it skipped none."""
        return sum(self.frequency(term) for term in self._worth_it(self.stems(words.text)))

    def weights(self, text: str, idf: Callable[[str], float] | None = None) -> dict[str, float]:
        """The terms that a text asks for, whether there are any such or not, and how much each counts.

        `idf` is the inverse document frequency of a term, by default that in the index.
        """
        stems = self.stems(text)
        return dict.fromkeys(stems, 1.0) | self._names(text, stems, idf or self._idf)

    def passed_over(self, terms: Iterable[str]) -> set[str]:
        """Those of `terms` that are in the index, but not worth looking for."""
        return {term for term in terms if self.frequency(term)} - set(self._worth_it(terms))

    def _worth_it(self, terms: Iterable[str]) -> list[str]:
        """The terms to look for, the rarest first: those that are there, without what is in too many messages."""
        known = sorted((count, term) for term in terms if (count := self.frequency(term)))
        common = max(_COMMON_COUNT, _COMMON * self._searcher.num_docs)
        return [term for place, (count, term) in enumerate(known) if place < _KEPT or count <= common][:_MOST_TERMS]

    def _names(self, text: str, stems: Sequence[str], idf: Callable[[str], float]) -> dict[str, float]:
        """The names in a query, with weights.

        Where nothing but names is asked for, a long message with one outranks a short one with all of its parts.
        """
        names = identifiers(normalised(text))
        if not names or not all(identifiers(word) for word in text.split()):
            return dict.fromkeys(names, _NAME_WEIGHT)
        parts = _MOST_TF * sum(idf(stem) for stem in stems)
        return {name: max(_NAME_WEIGHT, parts / (_LONG_TF * idf(name))) for name in names}

    def _idf(self, term: str) -> float:
        """BM25's inverse document frequency, as tantivy has it."""
        count = self.frequency(term)
        return log(1 + (self._searcher.num_docs - count + 0.5) / (count + 0.5))

    def required(self, words: Words) -> list[tantivy.Query]:
        """One query for each phrase that must be there."""
        return [query for phrase in words.phrases if (query := self._phrase(phrase))]

    def excluded(self, words: Words) -> list[tantivy.Query]:
        """Queries none of which may match."""
        unwanted = [query for phrase in words.excluded if (query := self._phrase(phrase))]
        endings = {term for one in words.excluded_prefixes for term in self.endings(one, _MOST_EXCLUDED_ENDINGS)}
        return [*unwanted, *([tantivy.Query.term_set_query(self._schema, WORDS, sorted(endings))] if endings else [])]

    def filters(self, clauses: Clauses, *, exact: bool) -> list[_Clause]:
        """Clauses that let through what `clauses` does; where not `exact`, times only to the day, which is faster."""
        found = [(tantivy.Occur.Must, self._any_tag(tags)) for tags in clauses.wanted]
        found += [(tantivy.Occur.MustNot, self._any_tag([one])) for one in clauses.unwanted]
        for spans in clauses.spans:
            if exact:
                ways = _any([self._between(span) for span in spans]) or _nothing()
            else:
                ways = self._any_tag(dict.fromkeys(one for span in spans for one in self._days.touched(span)))
            found.append((tantivy.Occur.Must, ways))
        if exact:
            found += [(tantivy.Occur.MustNot, self._between(span)) for span in clauses.unwanted_spans]
        return [(occur, tantivy.Query.const_score_query(query, 0.0)) for occur, query in found]

    def endings(self, prefix: str, most: int) -> list[str]:
        """The terms that words beginning with `prefix` are kept as, the most frequent first, at most `most`.

        Since words are kept as stems, `universit*` stands for "univers": where nothing begins so, the longest stem that
        the prefix itself begins with is taken.
        """
        beginning, *shorter = self.beginnings(prefix) or [""]
        if not beginning:
            return []
        found = [term for term, _ in self._searcher.terms_with_prefix(WORDS, beginning, limit=most)]
        if not found:
            found = [next((term for term in shorter if self.frequency(term)), "")]
        return [term for term in found if term]

    def frequency(self, term: str) -> int:
        """In how many messages a term stands."""
        return int(self._searcher.doc_freq(WORDS, term))

    def _term(self, term: str, option: str) -> tantivy.Query:
        return tantivy.Query.term_query(self._schema, WORDS, term, index_option=option)

    def _phrase(self, phrase: str) -> tantivy.Query | None:
        """The words of a phrase as they stand; each run of one script by itself. None: there is no word in it."""
        queries = [
            tantivy.Query.phrase_query(self._schema, WORDS, list(run)) if len(run) > 1 else self._term(run[0], "basic")
            for run in self.runs(phrase)
        ]
        return tantivy.Query.boolean_query([(tantivy.Occur.Must, one) for one in queries]) if queries else None

    def runs(self, phrase: str) -> list[list[str]]:
        """The terms of a phrase: those of each list stand one behind another, the lists anywhere."""
        names = identifiers(normalised(phrase))
        runs = [self._analyzer.analyze(run)[:_MOST_TERMS] for run in phrases(phrase)]
        if len(names) == 1 and sum(map(len, runs)) < 2:  # C++ and #1234 have but one part, and it says little
            return [[names[0]]]
        return [run for run in runs if run]

    def taken_in(self, text: str) -> list[list[str]]:
        """The terms of a text as the index takes them in, in order: of the text, and after a gap of its names."""
        return [self._analyzer.analyze(part) for part in indexed(text)]

    def beginnings(self, prefix: str) -> list[str]:
        """What the terms may begin with that words beginning with `prefix` are kept as, the best first.

        Of these the first counts that there is. A name has but one.
        """
        beginning = normalised(prefix)
        parts = self._folded.analyze(beginning)
        if not parts:
            return []
        if len(parts) > 1 or not beginning.isalnum():
            return [opening(beginning)]
        [word] = parts  # in small letters and without accents, as words are kept
        return [word, *(word[:length] for length in range(len(word) - 1, _SHORTEST_STEM - 1, -1))]

    def mean_length(self) -> float:
        """Terms in a document, on average, as BM25 counts them; 0 where there is no document.

        tantivy tells it only when it explains a score.
        """
        for beginning in _ANY_TERM:
            for term, _ in self._searcher.terms_with_prefix(WORDS, beginning, limit=1):
                query = self._term(term, "freq")
                [(_, address)] = self._searcher.search(query, 1, count=False).hits
                return _mean_length(json.loads(query.explain(self._searcher, address).to_json()))
        return 0.0

    @property
    def documents(self) -> int:
        """How many documents there are."""
        return int(self._searcher.num_docs)

    def _any_tag(self, tags: Iterable[str]) -> tantivy.Query:
        return _any([tantivy.Query.term_query(self._schema, *untagged(one), "basic") for one in tags]) or _nothing()

    def _between(self, span: Span) -> tantivy.Query:
        start, end = span
        return tantivy.Query.range_query(
            self._schema, TIME, tantivy.FieldType.Integer, lower_bound=start, upper_bound=end, include_upper=end is None
        )


def is_error(text: str) -> bool:
    """Whether a query looks like the message of an error."""
    return _ERROR.search(text) is not None


def _mean_length(explained: Mapping[str, Any]) -> float:
    """The figure called avgdl in the explanation of a score."""
    if explained["description"].startswith("avgdl"):
        return float(explained["value"])
    return max((_mean_length(one) for one in explained.get("details", ())), default=0.0)


def _any(queries: Sequence[tantivy.Query]) -> tantivy.Query | None:
    if len(queries) < 2:
        return queries[0] if queries else None
    return tantivy.Query.boolean_query([(tantivy.Occur.Should, one) for one in queries])


def _weighted(query: tantivy.Query, weight: float) -> tantivy.Query:
    return query if weight == 1.0 else tantivy.Query.boost_query(query, weight)


def _nothing() -> tantivy.Query:
    return tantivy.Query.empty_query()
