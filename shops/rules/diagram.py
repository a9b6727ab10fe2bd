"""The step tables as a page: `python -m shops.rules.diagram` prints docs/reference/states.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from common.transitions import Step
from shops.rules.deal import DEAL_STEPS
from shops.rules.order import ORDER_STEPS, TAOBAO_ORDER_STATUS
from shops.rules.refund import DISPUTE_STEPS, PHASE_TABLE, REFUND_STEPS, TAOBAO_REFUND_STATUS

PAGE = "docs/reference/states.md"
NOBODY: Mapping[str, str] = {}
TABLES: Sequence[tuple[str, str, str, Sequence[Step], Mapping[str, str]]] = (
    ("Deal page", "issued", "issue", DEAL_STEPS, NOBODY),
    ("Order", "placed", "place", ORDER_STEPS, TAOBAO_ORDER_STATUS),
    ("Refund", "asked", "ask", REFUND_STEPS, TAOBAO_REFUND_STATUS),
    ("Dispute", "evidence", "escalate", DISPUTE_STEPS, NOBODY),
)
HEAD = """# States

Made from the step tables in `shops/rules/` by `python -m shops.rules.diagram`; a test compares the two.
*time* is a deadline that came (see `DEADLINES` in `platform/jishi/wiring.py`), *market* what follows from
another act.
"""


def diagram(first: str, birth: str, steps: Sequence[Step]) -> str:
    """A Mermaid state diagram: an arrow for every (source, action)."""
    arrows = [f"    [*] --> {first}: {birth}"]
    ends = dict.fromkeys(step.target for step in steps)
    for step in steps:
        arrows += [f"    {source} --> {step.target}: {step.action} ({step.by})" for source in step.sources]
        for source in step.sources:
            ends.pop(source, None)
    arrows += [f"    {end} --> [*]" for end in ends]
    return "\n".join(["```mermaid", "stateDiagram-v2", *arrows, "```"])


def table(steps: Sequence[Step]) -> str:
    """The same as rows: action, from, to, by whom, what follows."""
    rows = [
        f"| {step.action} | {', '.join(step.sources)} | {step.target} | {step.by} | {step.then} |"
        for step in steps
    ]
    return "\n".join(["| action | from | to | by | then |", "|---|---|---|---|---|", *rows])


def names(taobao: Mapping[str, str]) -> str:
    """Our word for each state and Taobao's."""
    rows = [f"| {ours} | `{theirs}` |" for ours, theirs in taobao.items()]
    return "\n".join(["| state | Taobao |", "|---|---|", *rows])


def phases() -> str:
    """When a line's money is asked back, who pays it, and until when it may be asked."""
    rows = [
        f"| {phase.name} | {', '.join(phase.orders)} | {phase.pays} | {phase.until} |"
        for phase in PHASE_TABLE
    ]
    head = ["| phase | while the order is | pays | may be asked until |", "|---|---|---|---|"]
    return "\n".join([*head, *rows])


def page() -> str:
    """The whole page."""
    parts = [HEAD]
    for title, first, birth, steps, taobao in TABLES:
        parts += [f"## {title}\n", diagram(first, birth, steps) + "\n", table(steps) + "\n"]
        if taobao:
            parts.append(names(taobao) + "\n")
        if steps is REFUND_STEPS:
            parts.append(phases() + "\n")
    return "\n".join(parts)


if __name__ == "__main__":
    print(page(), end="")
