"""Scenarios: TOML a teacher can read and write, read strictly into frozen shapes.

`scenario(name)` for those that come with Jishi, `find(name_or_path)` for a teacher's own file as well.
"""

from .reading import changed, document, find, from_document, names, read, read_file, scenario
from .seasons import about, factors
from .shapes import Ads, Behaviour, Change, Crowd, Row, Scenario, Season, Village

__all__ = [
    "Ads", "Behaviour", "Change", "Crowd", "Row", "Scenario", "Season", "Village",
    "about", "changed", "document", "factors", "find", "from_document", "names", "read", "read_file", "scenario",
]  # fmt: skip
