"""The reference page of the levers, made from the code and the shipped files.

`PYTHONPATH=platform python -m regime.reference > docs/reference/regime.md` writes it; a test compares.
"""

from __future__ import annotations

import sys
from typing import Any

from regime.levers import levers, sections
from regime.rules import limits, plain
from regime.shipped import Setting, Shipped, names, shipped

TOP = """# The regime: every lever, what it is set to, and why

Made from `platform/regime`; do not edit. Code reads `regime.queries.at(moment).trade.ship_by_hours`;
REST reads them at `/api/regime/` and changes them with `POST /api/regime/changes/` from a stated moment on.
Money is in fen, rates in basis points (`bps`: 10,000 are the whole). Confidence is the published source's:
high, medium or low; an assumption is ours because nobody published the number.
"""


def page() -> str:
    """The whole page, Markdown."""
    default = shipped(names()[0])
    parts = [TOP, _regimes(), *(_section(default, section) for section in sections())]
    return "\n".join(parts)


def _regimes() -> str:
    lines = ["## The shipped regimes\n", "| name | title | levers of its own |", "|---|---|---|"]
    for name in names():
        regime = shipped(name)
        lines.append(f"| `{name}` | {regime.title}. {regime.summary} | {len(regime.own)} |")
    for name in names()[1:]:
        regime = shipped(name)
        lines += [
            f"\n### `{name}` differs from `{regime.base}` in\n",
            f"| lever | `{regime.base}` | `{name}` | source, era, confidence | why |",
            "|---|---|---|---|---|",
        ]
        base = shipped(regime.base or name)
        lines += [
            f"| `{path}` | {_shown(base.settings[path].value)} | {_shown(s.value)} | {_origin(s)} | {s.why} |"
            for path, s in regime.own.items()
        ]
    return "\n".join(lines) + "\n"


def _section(regime: Shipped, section: str) -> str:
    words = (sections()[section].__doc__ or "").split("\n")[0]
    lines = [
        f"## {section}\n",
        f"{words}\n",
        f"| lever | means | `{regime.name}` | unit | can be | source, era, confidence | why |",
        "|---|---|---|---|---|---|---|",
    ]
    for path, kind in levers().items():
        if path.startswith(f"{section}."):
            s = regime.settings[path]
            cells = (f"`{path}`", kind.means, _shown(s.value), s.unit, limits(kind), _origin(s), s.why)
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _origin(setting: Setting) -> str:
    return f"{setting.source}; {setting.era}; {setting.confidence}"


def _shown(value: Any) -> str:
    value = plain(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    if isinstance(value, dict):
        return ", ".join(f"{name} {_shown(cell)}" for name, cell in value.items())
    if isinstance(value, list):
        between = "<br>" if value and isinstance(value[0], dict) else "; "
        return between.join(_shown(item) for item in value)
    return str(value)


if __name__ == "__main__":
    sys.stdout.write(page())
