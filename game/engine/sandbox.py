"""A Jinja environment for templates that nobody here wrote: no escape, no endless loop, no huge text.

Jinja's immutable sandbox keeps a template from Python. On top of it come limits: every string and
list that an expression makes is measured before it is made, only harmless methods can be called,
and a trace function ends a render that runs past its deadline between any two lines. What is left
(one long operation inside C) is ended by `faulthandler`'s watchdog, which needs no interpreter
lock: it ends the process, and the client reports a dead worker. A GGUF has to be built for that.
"""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import time
from collections.abc import Iterable, Mapping
from datetime import datetime
from pathlib import Path
from types import BuiltinMethodType, FrameType
from typing import IO, Any

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.exceptions import SecurityError
from jinja2.ext import Extension, loopcontrols
from jinja2.parser import Parser
from jinja2.runtime import Undefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

MAX_TEXT = 2_000_000
"""The most characters of one string, and of a whole rendered prompt."""
MAX_ITEMS = 50_000
MAX_SOURCE = 200_000
DEADLINE = 3.0
"""Seconds that one render may take; usual ones take a millisecond."""
HARD_DEADLINE = 30.0
"""Seconds by the clock, for what never comes back from C: on a busy machine `DEADLINE` takes several times as long."""

TODAY = datetime(2026, 4, 7, 12, 0)
"""The date that templates are told. It never moves, or the same seed would give another prompt tomorrow."""

_METHODS = {
    str: {"startswith", "endswith", "strip", "lstrip", "rstrip", "split", "rsplit", "splitlines", "lower",
          "upper", "title", "capitalize", "swapcase", "casefold", "find", "rfind", "index", "rindex",
          "count", "replace", "join", "partition", "rpartition", "removeprefix", "removesuffix",
          "isdigit", "isalpha", "isalnum", "isspace", "isnumeric", "isdecimal", "islower", "isupper",
          "istitle"},
    dict: {"get", "items", "keys", "values"},
    list: {"index", "count"},
    tuple: {"index", "count"},
}  # fmt: skip
_FILTERS = {
    "abs", "attr", "capitalize", "count", "d", "default", "dictsort", "e", "escape", "first", "float",
    "groupby", "int", "items", "join", "last", "length", "list", "lower", "map", "max", "min", "reject",
    "rejectattr", "replace", "reverse", "round", "safe", "select", "selectattr", "sort", "string",
    "sum", "title", "trim", "unique", "upper", "tojson", "indent",
}  # fmt: skip


class TemplateFailed(Exception):
    """The template raised, or went over a limit. The text is one line for a person."""


def _too_much() -> SecurityError:
    return SecurityError(f"it makes a text or a list of more than {MAX_TEXT:,} characters")


def _measure(value: Any, budget: int = MAX_TEXT) -> int:
    """Characters that `value` takes as text, about. Raises `SecurityError` over the budget.

    Counts a list once for each place that holds it, as printing would.
    """
    if isinstance(value, str):
        used = len(value)
    elif isinstance(value, int):
        used = value.bit_length() // 3 + 1
    elif isinstance(value, Mapping):
        used = 2
        for k, v in value.items():
            used += _measure(k, budget - used) + _measure(v, budget - used) + 4
    elif isinstance(value, (list, tuple, set)):
        used = 2
        for v in value:
            used += _measure(v, budget - used) + 2
            if used > budget:
                raise _too_much()
    else:
        used = 32
    if used > budget:
        raise _too_much()
    return used


def _replace(text: str, old: str, new: str, count: int = -1) -> str:
    text, old, new = str(text), str(old), str(new)
    times = text.count(old) if count is None or count < 0 else min(count, text.count(old))
    if len(text) + times * len(new) > MAX_TEXT:
        raise _too_much()
    return text.replace(old, new, -1 if count is None else count)


def _join(joint: str, parts: Iterable[Any]) -> str:
    texts, used = [], 0
    for part in parts:
        used += _measure(part) + len(joint)
        if used > MAX_TEXT:
            raise _too_much()
        texts.append(str(part))
    return joint.join(texts)


def _join_filter(value: Iterable[Any], d: str = "", attribute: str | None = None) -> str:
    if attribute is not None:
        value = [v.get(attribute, "") if isinstance(v, Mapping) else "" for v in value]
    return _join(str(d), value)


def _indent(s: str, width: int | str = 4, first: bool = False, blank: bool = False) -> str:
    pad = width if isinstance(width, str) else " " * min(int(width), 64)
    lines = str(s).split("\n")
    if len(s) + len(lines) * len(pad) > MAX_TEXT:
        raise _too_much()
    out = [pad + line if (i or first) and (line or blank) else line for i, line in enumerate(lines)]
    return "\n".join(out)


def _tojson(
    x: Any,
    ensure_ascii: bool = False,
    indent: int | None = None,
    separators: tuple[str, str] | None = None,
    sort_keys: bool = False,
) -> str:
    _measure(x, MAX_TEXT // 8)
    return json.dumps(
        x,
        ensure_ascii=ensure_ascii,
        indent=None if indent is None else min(int(indent), 16),
        separators=separators,
        sort_keys=sort_keys,
    )


def _concat(parts: Iterable[str]) -> str:
    """What Jinja joins captured blocks and macros with."""
    out, used = [], 0
    for part in parts:
        used += len(part)
        if used > MAX_TEXT:
            raise _too_much()
        out.append(part)
    return "".join(out)


class _Generator(CodeGenerator):
    """Compiles `a ~ b` to a call that measures, where Jinja would join without asking."""

    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:
        self.write("environment.join_measured((")
        for part in node.nodes:
            self.visit(part, frame)
            self.write(", ")
        self.write("))")


class _GenerationTag(Extension):
    """`{% generation %}…{% endgeneration %}`: marks what a model wrote, for trainers. Here: its body."""

    tags: set[str] = {"generation"}  # noqa: RUF012 - Jinja declares it so

    def parse(self, parser: Parser) -> list[nodes.Node]:
        next(parser.stream)
        return list(parser.parse_statements(("name:endgeneration",), drop_needle=True))


class Environment(ImmutableSandboxedEnvironment):
    """The sandbox with its limits. Renders as the `transformers` library sets Jinja up."""

    code_generator_class = _Generator
    concat = staticmethod(_concat)

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[_GenerationTag, loopcontrols])
        self.intercepted_binops = frozenset({"+", "*", "**", "%", "//", "/", "-"})
        self.filters = {k: v for k, v in self.filters.items() if k in _FILTERS}
        self.filters |= {"tojson": _tojson, "replace": _replace, "join": _join_filter, "indent": _indent}
        self.filters["string"] = lambda x: str(x) if _measure(x) >= 0 else ""
        self.globals.pop("lipsum", None)
        self.globals.pop("cycler", None)
        self.globals["raise_exception"] = _raise_exception
        self.globals["strftime_now"] = TODAY.strftime
        self.finalize = _finalize

    def join_measured(self, parts: Iterable[Any]) -> str:
        return _join("", parts)

    def is_safe_attribute(self, obj: Any, attr: str, value: Any) -> bool:
        for kind, names in _METHODS.items():
            if isinstance(obj, kind) and callable(value):
                return attr in names
        return super().is_safe_attribute(obj, attr, value)

    def wrap_str_format(self, value: Any) -> Any:
        # Jinja would hand out a formatter of its own here; a width in it is a text of any length.
        if isinstance(value, BuiltinMethodType) and value.__name__ in ("format", "format_map"):
            raise SecurityError("it formats a text")
        return super().wrap_str_format(value)

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        sized = (str, list, tuple)
        if operator == "+" and isinstance(left, sized) and isinstance(right, sized):
            if len(left) + len(right) > (MAX_TEXT if isinstance(left, str) else MAX_ITEMS):
                raise _too_much()
        elif operator == "*" and (isinstance(left, sized) or isinstance(right, sized)):
            times = left if isinstance(left, int) else right
            thing = right if isinstance(left, int) else left
            if not isinstance(times, int) or not isinstance(thing, sized):
                raise SecurityError("it multiplies a text by something that is no number")
            if times * len(thing) > (MAX_TEXT if isinstance(thing, str) else MAX_ITEMS):
                raise _too_much()
        elif operator == "%" and isinstance(left, str):
            raise SecurityError("it formats a text with %")
        elif operator == "**" and not (isinstance(right, (int, float)) and abs(right) <= 64):
            raise SecurityError("it raises a number to a huge power")
        if any(isinstance(x, int) and x.bit_length() > 4096 for x in (left, right)):
            raise SecurityError("it computes with huge numbers")
        return super().call_binop(context, operator, left, right)

    def call(__self, __context: Any, __obj: Any, *args: Any, **kwargs: Any) -> Any:
        if isinstance(__obj, BuiltinMethodType) and isinstance(__obj.__self__, str):
            if __obj.__name__ == "replace":
                return _replace(__obj.__self__, *args, **kwargs)
            if __obj.__name__ == "join":
                return _join(__obj.__self__, *args)
        return super().call(__context, __obj, *args, **kwargs)


def _raise_exception(message: str) -> None:
    raise jinja2.TemplateError(str(message)[:300])


def _finalize(value: Any) -> Any:
    if not isinstance(value, (str, Undefined)):
        _measure(value)
    return value


class _Late(Exception):
    pass


class Template:
    """A compiled template. Raises `TemplateFailed` where its source can't be compiled."""

    def __init__(self, source: str) -> None:
        if len(source) > MAX_SOURCE:
            raise TemplateFailed(f"it is {len(source):,} characters long")
        try:
            self._template = _Limits().run(lambda: Environment().from_string(source))
        except TemplateFailed:
            raise
        except Exception as e:
            raise TemplateFailed(f"it can't be compiled: {_line(e)}") from None

    def render(self, **values: Any) -> str:
        """The rendered text. Raises `TemplateFailed` where the template raises or breaks a limit."""
        try:
            text: str = _Limits().run(lambda: self._template.render(**values))
        except TemplateFailed:
            raise
        except Exception as e:
            raise TemplateFailed(_line(e)) from None
        return text


def _line(e: Exception) -> str:
    said = " ".join(str(e).split())[:200]
    return said or type(e).__name__


_null: IO[str] | None = None


class _Limits:
    """Runs a function under the deadline (a trace) and the watchdog (which ends the process)."""

    def run(self, do: Any) -> Any:
        global _null
        if _null is None:
            _null = Path(os.devnull).open("w")  # noqa: SIM115 - lives as long as the process
        # The thread's own time: on a busy machine a good template waits longer than a bad one runs.
        until = time.thread_time() + DEADLINE

        def trace(frame: FrameType, event: str, arg: Any) -> Any:
            if time.thread_time() > until:
                raise _Late
            return trace

        before = sys.gettrace()
        # The process's own end is the one thing that stops C code which never lets go of the lock.
        faulthandler.dump_traceback_later(HARD_DEADLINE, exit=True, file=_null)
        sys.settrace(trace)
        try:
            return do()
        except _Late:
            raise TemplateFailed(f"it did not end within {DEADLINE:g} seconds") from None
        except (RecursionError, MemoryError) as e:
            raise TemplateFailed(f"it never ends ({type(e).__name__})") from None
        finally:
            sys.settrace(before)
            faulthandler.cancel_dump_traceback_later()
