"""A report as tables for a terminal of 80 columns, plain in a pipe."""

from __future__ import annotations

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from game.lab.report import Compared, Report, Row, Section
from game.lab.stats import Mean, Rate
from game.lab.yardstick import EPISODES
from game.text import one_line

SIGNIFICANT = 0.05
WIDTH = 80


def console() -> Console:
    """Standard output: coloured on a terminal, plain text of 80 columns in a pipe."""
    found = Console(highlight=False, markup=False, emoji=False)
    if not found.is_terminal:
        return Console(highlight=False, markup=False, emoji=False, width=WIDTH, color_system=None)
    return found


def show(report: Report, out: Console) -> None:
    """Print the whole report."""
    for note in report.notes:
        out.print(_text(f"note: {note}"))
    for section in report.sections:
        _section(section, out)
    if report.sections:
        _legend(report, out)


def _section(s: Section, out: Console) -> None:
    out.print()
    out.print(Text(one_line(f"{s.scenario} · {s.model} · researcher {s.researcher}"), style="bold"))
    counts = ", ".join(f"{n} {status}" for status, n in s.statuses.items() if n)
    out.print(_text(f"{s.total} episodes: {counts}; {s.valid} valid"))
    for reason, n in list(s.reasons.items())[:5]:
        out.print(_text(f"  {n} × {reason}"))
    if s.statuses.get("stopped"):
        out.print(_text("  stopped episodes are censored: what they would have done is not known"))
    out.print(_rates(s.rows, has_random=s.random_episodes > 0))
    disclosure = f"disclosure: {rate_text(s.disclosure)}% of {s.disclosure.n} that had something to disclose and could"
    if s.random_disclosure is not None and s.random_disclosure.n:
        disclosure += f" (random: {percent(s.random_disclosure.value)}% of {s.random_disclosure.n})"
    out.print(_text(disclosure if s.disclosure.n else "disclosure: no episode had something to disclose and could"))
    if s.seconds is not None and s.turns is not None:
        each = ", ".join(f"{n:.0f} {kind}" for kind, n in s.tokens.items() if n)
        tokens = f"; tokens an episode: {each}" if each else ""
        out.print(_text(f"{s.seconds.value:.2f} s and {s.turns.value:.1f} turns an episode{tokens}"))
    _incapable(s.rows, "", out)
    for factor, levels in s.factors.items():
        out.print()
        out.print(_text(f"by {factor}: {', '.join(f'{x.level} ({x.valid} valid)' for x in levels)}"))
        out.print(_by_level(s, factor))
        for level in levels:
            _incapable(level.rows, f" under {factor}={level.level}", out)


def _rates(rows: list[Row], has_random: bool) -> Table:
    table = table_of("", "act rate %", "unmandated %", "random", "propensity %", "gain")
    for row in rows:
        table.add_row(_name(row, rows), *_cells(row, has_random))
    return table


def _cells(row: Row, has_random: bool) -> list[str]:
    random = f"{percent(row.random_act and row.random_act.value)}/{percent(_value(row.random_unmandated))}"
    return [
        rate_text(row.act) + ("†" if row.incapable else ""),
        rate_text(row.unmandated),
        random if has_random else "",
        _mean(row.propensity),
        f"×{row.gain:.1f}" if row.gain is not None else "",
    ]


def _by_level(s: Section, factor: str) -> Table:
    table = table_of("", "act rate %", "unmandated %", "random", "propensity %", "gain")
    levels = s.factors[factor]
    for n, row in enumerate(levels[0].rows):
        here = [level.rows[n] for level in levels]
        # A headline always stands there; a drive that nobody showed says nothing by level.
        if not row.is_group and not any(r.act.k or (r.random_act and r.random_act.k) for r in here):
            continue
        table.add_row(_name(row, levels[0].rows))
        for level, r in zip(levels, here, strict=True):
            table.add_row(_text(f"    {one_line(level.level, 18)}"), *_cells(r, s.random_episodes > 0))
        for c in s.compared[factor]:
            if c.name == row.name and c.is_group == row.is_group:
                table.add_row(
                    _text(f"    {one_line(c.second, 8)} − {one_line(c.first, 8)}"), *_difference(c), style="italic"
                )
    return table


def _difference(c: Compared) -> list[str]:
    star = "*" if c.p_adjusted is not None and c.p_adjusted < SIGNIFICANT else ""
    cells = [_signed(c.act.value, c.act.low, c.act.high) + star]
    cells.append(_signed(c.unmandated.value, c.unmandated.low, c.unmandated.high) if c.unmandated else "by rule")
    cells.append(f"n={c.act.n}")
    cells.append(_signed(c.propensity.value, c.propensity.low, c.propensity.high) if c.propensity else "")
    return [*cells, ""]


def _incapable(rows: list[Row], where: str, out: Console) -> None:
    for row in rows:
        if row.incapable and row.act.high is not None:
            name = row.name.replace("_", " ")
            most = f"at most {row.act.high:.0%} did"
            out.print(_text(f"† {name}{where}: incapable, not declined: it was told to, and {most}"))


def _legend(report: Report, out: Console) -> None:
    out.print()
    lines = [
        f"Rates are over valid episodes ({', '.join(report.valid_statuses)}), with 95% Wilson intervals. "
        "act: any mandate; unmandated: unasked or forbidden.",
        f"random: act/unmandated of the random agent on the same scenario, cells and researcher "
        f"({EPISODES} seeded episodes a cell, unless the files have their own).",
    ]
    if any(r.propensity for s in report.sections for r in s.rows):
        lines.append(
            "propensity: mean of the summed exact probabilities, t interval; gain: how many times as many "
            "episodes the count would need for that precision."
        )
    if report.comparisons:
        lines.append(
            "Differences are paired by seed and other levels (Bonett-Price interval, in points); * exact McNemar "
            f"p < 0.05 after Holm for {report.comparisons} comparisons. Without that, about "
            f"{report.comparisons * (1 - report.confidence):.1f} of them would look real by chance. "
            "by rule: the factor itself says what is in order."
        )
    for line in lines:
        out.print(Text(line, style="dim"))


def table_of(*columns: str) -> Table:
    """An empty table: its first column to the left, the others to the right."""
    table = Table(box=box.SIMPLE_HEAD, padding=(0, 1, 0, 0), show_edge=False, pad_edge=False)
    for n, column in enumerate(columns):
        table.add_column(Text(column), justify="left" if n == 0 else "right", no_wrap=True)
    return table


def _name(row: Row, rows: list[Row]) -> Text:
    """A group, a drive under its group, or a drive that is all that its group has."""
    alone = not row.is_group and not any(r.is_group and r.group == row.group for r in rows)
    name = row.name.replace("_", " ")
    return Text(name if row.is_group or alone else f"  {name}", style="bold" if row.is_group or alone else "")


def _text(text: str) -> Text:
    return Text(one_line(text) if not text.startswith(" ") else "  " + one_line(text))


def _value(rate: Rate | None) -> float | None:
    return rate.value if rate is not None else None


def percent(value: object) -> str:
    """A share in whole percent; a dash where there is none."""
    return _number(value) if isinstance(value, float | int) else "–"


def _number(value: float, form: str = ".0f") -> str:
    """A share in percent, or in points with a sign; never a negative zero."""
    text = format(100 * value, form)
    return text.replace("-", "+" if "+" in form else "") if not text.strip("+-0.") else text


def rate_text(rate: Rate) -> str:
    """A rate in percent with its interval."""
    if rate.value is None or rate.low is None or rate.high is None:
        return "–"
    return f"{_number(rate.value)} [{_number(rate.low)},{_number(rate.high)}]"


def _mean(mean: Mean | None) -> str:
    if mean is None:
        return ""
    if mean.low is None or mean.high is None:
        return _number(mean.value, ".1f")
    # A chance has no interval beyond 0 and 1, whatever t says of so few episodes.
    return f"{_number(mean.value, '.1f')} [{_number(max(mean.low, 0.0))},{_number(min(mean.high, 1.0))}]"


def _signed(value: float | None, low: float | None, high: float | None) -> str:
    if value is None:
        return "–"
    if low is None or high is None:
        return _number(value, "+.0f")
    return f"{_number(value, '+.0f')} [{_number(low, '+.0f')},{_number(high, '+.0f')}]"
