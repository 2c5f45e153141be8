"""Conventions of the house about its own files: what is committed, how long, in which words."""

from __future__ import annotations

import ast
import re
import subprocess
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
LONGEST_MODULE = 300
LONGEST_LINE = 1500

# Written so that this file is not one of its own findings.
ELSEWHERE = re.compile(
    r"index[-_]url"
    r"|/simpl[e]/"
    r"|pythonhosted\.or[g]"
    r"|(?<![\w.$/{}<-])/(?:home|Users)/[a-z]\w*/"
    r"|(?<![\w.$/{}<-])/(?:root|work|opt)/\w"
)
UNFINISHED = re.compile(r"\b(?:TO[D]O|FIXM[E]|X[X]X|NotImplemented[E]rror)\b")

# French words whose code name the glossary gives (docs keep them, identifiers do not).
GLOSSARY = {
    "adresse": "address",
    "alerte": "alert",
    "beneficiaire": "beneficiary",
    "bilan": "review",
    "dispositif": "programme",
    "echeance": "deadline",
    "ecole": "school",
    "eleve": "pupil",
    "enfant": "child",
    "etape": "stage",
    "famille": "family",
    "frein": "barrier",
    "naissance": "birth",
    "objectif": "objective",
    "parcours": "journey",
    "prenom": "first_name",
    "quartier": "neighbourhood",
    "reperage": "spotting",
    "rupture": "break",
    "sortie": "exit",
    "utilisateur": "user",
}

# Each reads the clock; only coordination/clock.py may.
CLOCK_READS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
CLOCK_READS |= {("time", "time"), ("time", "time_ns"), ("func", "now"), ("func", "current_timestamp")}


@cache
def committed() -> tuple[Path, ...]:
    """Files git keeps or would keep; in a copy without git, all but what tools leave behind."""
    command = ["git", "-C", str(ROOT), "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    if (ROOT / ".git").exists():
        names = subprocess.run(command, capture_output=True, check=True, text=True).stdout.split("\0")
        files = [ROOT / name for name in names if name]
    else:
        left = {"instance", "build", "__pycache__"}
        files = [
            path
            for path in ROOT.rglob("*")
            if not any(
                part in left or (part.startswith(".") and part != ".ci")
                for part in path.relative_to(ROOT).parts
            )
        ]
    return tuple(sorted(path for path in files if path.is_file()))


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def sources(*folders: str, suffix: str = ".py") -> Iterator[Path]:
    for path in committed():
        if path.suffix == suffix and path.relative_to(ROOT).parts[0] in folders:
            yield path


@cache
def text(path: Path) -> str:
    return path.read_text("utf-8")


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(text(path), filename=str(path))


def findings(pattern: re.Pattern[str], paths: Iterator[Path] | tuple[Path, ...]) -> list[str]:
    return [
        f"{name(path)}:{number}: {line.strip()[:120]}"
        for path in paths
        for number, line in enumerate(text(path).splitlines(), 1)
        if pattern.search(line)
    ]


def test_every_committed_file_is_text_written_by_hand() -> None:
    """No binary, no minified or bundled asset: third-party files come from their package."""
    faults = []
    for path in committed():
        content = path.read_bytes()
        if b"\0" in content:
            faults.append(f"{name(path)}: binary")
        elif re.search(r"\.min\.|\.bundle\.|\.map$", path.name):
            faults.append(f"{name(path)}: built elsewhere")
        elif max((len(line) for line in content.splitlines()), default=0) > LONGEST_LINE:
            faults.append(f"{name(path)}: a line over {LONGEST_LINE} characters")
    assert faults == []


def test_no_address_of_an_index_and_no_path_of_a_machine() -> None:
    assert findings(ELSEWHERE, committed()) == []


def test_nothing_is_left_for_later() -> None:
    assert findings(UNFINISHED, sources("coordination", "config", "migrations", "bench", "tests")) == []


@pytest.mark.parametrize("suffix", [".py", ".html", ".js", ".css", ".sql"])
def test_modules_stay_short(suffix: str) -> None:
    """Past 300 lines a feature splits by noun (`commands/contacts.py`)."""
    lengths = {name(path): len(text(path).splitlines()) for path in sources("coordination", suffix=suffix)}
    assert {path: lines for path, lines in lengths.items() if lines > LONGEST_MODULE} == {}


def identifiers(module: ast.Module) -> Iterator[tuple[int, str]]:
    """Names that the module gives: functions, classes, arguments, variables, attributes of classes."""
    for node in ast.walk(module):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield node.lineno, node.name
        elif isinstance(node, ast.arg):
            yield node.lineno, node.arg
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.lineno, node.id


def words(identifier: str) -> set[str]:
    """`NextEcheance` and `next_echeances` -> {"next", "echeance"}."""
    parts = re.findall(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])", identifier)
    return {form for part in parts for form in (part.lower(), part.lower().removesuffix("s"))}


def test_identifiers_are_english_and_follow_the_glossary() -> None:
    """Constants in capitals are spared: members of enumerations bear the codes of `reference.json`."""
    faults = []
    for path in sources("coordination", "config", "migrations", "bench", "tests"):
        for line, identifier in identifiers(tree(path)):
            french = set() if identifier.isupper() else words(identifier) & GLOSSARY.keys()
            if french or not identifier.isascii():
                faults.append(f"{name(path)}:{line}: {identifier}, say {[GLOSSARY[word] for word in french]}")
    assert faults == []


def test_only_the_clock_reads_the_clock() -> None:
    faults = []
    for path in sources("coordination", "config"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and name(path) != "coordination/clock.py":
                owner = (
                    node.value.attr
                    if isinstance(node.value, ast.Attribute)
                    else getattr(node.value, "id", "")
                )
                if (owner, node.attr) in CLOCK_READS:
                    faults.append(f"{name(path)}:{node.lineno}: {owner}.{node.attr}")
    assert faults == []


def test_every_dependency_is_locked_with_its_hashes() -> None:
    project = tomllib.loads(text(ROOT / "pyproject.toml"))
    wanted = [*project["build-system"]["requires"], *project["project"]["dependencies"]]
    wanted += [package for group in project["dependency-groups"].values() for package in group]
    entries = re.split(r"^(?=[a-z0-9])", text(ROOT / "requirements.lock"), flags=re.MULTILINE)
    locked = {re.split(r"==", entry)[0]: entry for entry in entries if entry.strip()}
    assert {re.split(r"[\[<>=!~ ;]", package)[0] for package in wanted} - locked.keys() == set()
    assert [package for package, entry in locked.items() if "--hash=sha256:" not in entry] == []


def test_help_lists_only_targets_that_work() -> None:
    """Every module of ours that the Makefile runs stands in the repository, and so does what `soak` picks."""
    modules = ["coordination.cli", *re.findall(r"(?:-m|--app) (bench[\w.]*|wsgi)", text(ROOT / "Makefile"))]
    stems = [ROOT.joinpath(*module.split(".")) for module in modules]
    missing = [
        stem for stem in stems if not (stem.with_suffix(".py").exists() or (stem / "__main__.py").exists())
    ]
    assert [name(stem) for stem in missing] == []
    assert findings(re.compile(r"mark\.[s]oak\b"), sources("tests")) != []


def test_decisions_are_numbered_once_and_short() -> None:
    decisions = sorted((ROOT / "docs" / "adr").glob("*.md"))
    numbers = [re.match(r"(\d{4})-[a-z0-9-]+\.md$", path.name) for path in decisions]
    assert all(numbers)
    assert len({match.group(1) for match in numbers if match}) == len(decisions)
    assert [path.name for path in decisions if len(text(path).splitlines()) > 40] == []
