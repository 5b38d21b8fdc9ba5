"""Reading a YAML file into plain data with the line and column of every value.

Safe by construction: no tags, no aliases (so no YAML bombs), a size and a depth limit,
and duplicate keys are errors. Plain words are read as YAML 1.2 does: `true`, `false`, `null`
and numbers are values, all else (`no`, `on`, `12:30`, `2026-04-07`) is text.
"""

from __future__ import annotations

import contextlib
import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

MAX_BYTES = 512 * 1024
MAX_DEPTH = 40

Path_ = tuple[str | int, ...]


@dataclass(frozen=True)
class Problem:
    """One thing wrong with a file: where, what, and what to do about it."""

    file: str
    line: int
    column: int
    field: str
    says: str
    hint: str = ""
    level: str = "error"

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}:{self.column}" if self.line else self.file
        about = f" {self.field}:" if self.field else ""
        hint = f" ({self.hint})" if self.hint else ""
        return f"{where}:{about} {self.says}{hint}"


class ScenarioError(Exception):
    """A scenario (or another of our YAML files) cannot be used. `problems` says where and why."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(p) for p in problems))
        self.problems = problems

    @property
    def first(self) -> Problem:
        """The one to tell where there is room for one: a field that is missing may only be misspelt further down."""
        return next((p for p in self.problems if not p.says.endswith("is missing")), self.problems[0])


@dataclass(frozen=True)
class Source:
    """Parsed YAML: `data`, and `marks` from each value's path to its (line, column), both from 1."""

    file: str
    data: Any
    marks: dict[Path_, tuple[int, int]] = field(repr=False)

    def problem(self, path: Path_, says: str, hint: str = "", level: str = "error") -> Problem:
        """A problem at `path`, or at its nearest ancestor that stands in the file."""
        probe = path
        while probe and probe not in self.marks:
            probe = probe[:-1]
        line, column = self.marks.get(probe, (1, 1))
        return Problem(self.file, line, column, ".".join(str(p) for p in path), says, hint, level)


class _NoAliases:
    """Composes nodes without aliases."""

    def compose_node(self, parent: Any, index: Any) -> Any:
        if self.check_event(yaml.AliasEvent):  # type: ignore[attr-defined]
            mark = self.peek_event().start_mark  # type: ignore[attr-defined]
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed here", mark)
        return super().compose_node(parent, index)  # type: ignore[misc]


class _Plain(_NoAliases, yaml.SafeLoader):
    """Plain scalars get YAML 1.2's few types."""

    yaml_implicit_resolvers: dict[str, list[tuple[str, re.Pattern[str]]]] = {}  # noqa: RUF012


_TAG = "tag:yaml.org,2002:"
for _tag, _pattern, _first in (
    ("bool", r"^(?:true|True|false|False)$", "tTfF"),
    ("null", r"^(?:~|null|Null|)$", ["~", "n", "N", ""]),
    ("int", r"^[-+]?[0-9]+$", "-+0123456789"),
    ("float", r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?:\.[0-9]*)?[eE][-+]?[0-9]+)$", "-+.0123456789"),
):
    _Plain.add_implicit_resolver(_TAG + _tag, re.compile(_pattern), list(_first))


def _quick() -> type[Any] | None:
    """The same with libyaml's scanner, which is several times faster, where this PyYAML has it."""
    if not yaml.__with_libyaml__:
        return None
    from yaml.composer import Composer
    from yaml.cyaml import CParser  # type: ignore[attr-defined]
    from yaml.resolver import Resolver

    class Quick(_NoAliases, Composer, CParser, Resolver):
        yaml_implicit_resolvers = _Plain.yaml_implicit_resolvers

        def __init__(self, text: str) -> None:
            CParser.__init__(self, text)
            Composer.__init__(self)
            Resolver.__init__(self)

    return Quick


_QUICK = _quick()


def read(path: Path) -> Source:
    """Read and parse a YAML file. Raises ScenarioError with one problem."""
    name = str(path)
    try:
        if path.exists() and not path.is_file():
            raise ScenarioError([Problem(name, 0, 0, "", "is not a file")])
        size = path.stat().st_size
        if size > MAX_BYTES:
            raise ScenarioError(
                [Problem(name, 0, 0, "", f"the file has {size:,} bytes; at most {MAX_BYTES:,} are read")]
            )
        text = path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as e:
        raise ScenarioError([Problem(name, 0, 0, "", f"not UTF-8 text (byte {e.start})")]) from None
    except OSError as e:
        raise ScenarioError([Problem(name, 0, 0, "", f"cannot be read: {e.strerror or e}")]) from None
    except ValueError as e:  # a NUL in the path
        raise ScenarioError([Problem(repr(name), 0, 0, "", f"cannot be read: {e}")]) from None
    return parse(text, name)


def parse(text: str, name: str) -> Source:
    """Parse YAML text. Raises ScenarioError with one problem."""
    if _QUICK is not None:
        # What is wrong is said by the other one: libyaml has words of its own for it.
        with contextlib.suppress(yaml.YAMLError, RecursionError):
            return _parsed(_QUICK, text, name)
    return _parsed_or_told(text, name)


def _parsed(loader_of: type[Any], text: str, name: str) -> Source:
    loader = loader_of(text)
    try:
        node = loader.get_single_node()
        marks: dict[Path_, tuple[int, int]] = {}
        data = None if node is None else _build(node, (), marks, name)
    finally:
        loader.dispose()
    return Source(name, data, marks)


def _parsed_or_told(text: str, name: str) -> Source:
    try:
        return _parsed(_Plain, text, name)
    except yaml.MarkedYAMLError as e:
        mark = e.problem_mark or e.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (0, 0)
        says = f"not valid YAML: {e.problem or e.context}"
        raise ScenarioError([Problem(name, line, column, "", says, _unquoted(text, line))]) from None
    except yaml.YAMLError as e:
        first = str(e).splitlines()[0]
        raise ScenarioError([Problem(name, 0, 0, "", f"not valid YAML: {first}")]) from None
    except RecursionError:
        raise ScenarioError([Problem(name, 0, 0, "", f"nested deeper than {MAX_DEPTH} levels")]) from None


SLOT_OUTSIDE = re.compile(r"""(?:"[^"]*"|'[^']*')|(\{[a-z_]+(?:\.[a-z_]+)?\})""")
QUOTE_SLOTS = 'put a text with {…} in quotes: "… {here} …"'


def _unquoted(text: str, line: int) -> str:
    """What to do about a line (from 1) that YAML stumbles over where a slot stands outside quotes."""
    stumbled = text.splitlines()[line - 1 : line]
    return QUOTE_SLOTS if stumbled and any(m[1] for m in SLOT_OUTSIDE.finditer(stumbled[0])) else ""


def _build(node: yaml.Node, path: Path_, marks: dict[Path_, tuple[int, int]], name: str) -> Any:
    line, column = node.start_mark.line + 1, node.start_mark.column + 1
    marks.setdefault(path, (line, column))
    if len(path) > MAX_DEPTH:
        raise ScenarioError([Problem(name, line, column, "", f"nested deeper than {MAX_DEPTH} levels")])
    if not isinstance(node, yaml.ScalarNode) and node.tag not in (_TAG + "map", _TAG + "seq"):
        raise ScenarioError([Problem(name, line, column, "", "tags (!name) are not allowed here")])
    if isinstance(node, yaml.MappingNode):
        out: dict[str, Any] = {}
        for key_node, value_node in node.value:
            at = key_node.start_mark
            if not isinstance(key_node, yaml.ScalarNode):
                raise ScenarioError([Problem(name, at.line + 1, at.column + 1, "", "a key must be a word")])
            key = str(key_node.value)
            if key in out:
                field = ".".join(str(p) for p in (*path, key))
                raise ScenarioError([Problem(name, at.line + 1, at.column + 1, field, f'"{key}" stands here twice')])
            marks[(*path, key)] = (at.line + 1, at.column + 1)
            out[key] = _build(value_node, (*path, key), marks, name)
        return out
    if isinstance(node, yaml.SequenceNode):
        return [_build(item, (*path, i), marks, name) for i, item in enumerate(node.value)]
    try:
        return _scalar(node)
    except ValueError as e:
        field = ".".join(str(p) for p in path)
        raise ScenarioError([Problem(name, line, column, field, str(e))]) from None


def _scalar(node: yaml.Node) -> Any:
    """A scalar's value. Raises ValueError in words."""
    tag, text = str(node.tag).removeprefix(_TAG), str(node.value)
    match tag:
        case "str":
            if any("\ud800" <= c <= "\udfff" for c in text):
                raise ValueError("half of a surrogate pair is no text; write the character itself")
            return text
        case "null":
            return None
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int" | "float":
            if len(text) > 18:
                raise ValueError("the number is too long")
            try:
                number = int(text) if tag == "int" else float(text)
            except ValueError:
                raise ValueError(f'"{text}" is not a number') from None
            if not math.isfinite(number):
                raise ValueError("the number is not finite")
            return number
    raise ValueError("tags (!name) are not allowed here")
