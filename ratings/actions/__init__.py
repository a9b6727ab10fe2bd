"""The verbs of feedback, by noun: windows, answers, reveals, amends, rulings."""

from ratings.actions.amends import Edit, Remarked, complain, edit, explain, follow_up
from ratings.actions.answers import Leave, leave
from ratings.actions.reveals import reveal
from ratings.actions.rulings import Ruling, restore, rule, strike
from ratings.actions.windows import close, open_windows

__all__ = [
    "Edit",
    "Leave",
    "Remarked",
    "Ruling",
    "close",
    "complain",
    "edit",
    "explain",
    "follow_up",
    "leave",
    "open_windows",
    "restore",
    "reveal",
    "rule",
    "strike",
]
