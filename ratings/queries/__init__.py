"""Reads: feedback as each may see it, credit and indices as published, and the audits.

Nothing here reads `ratings_answer` but `feedback.own_answers`, which is given an author and shows only
theirs.
"""

from ratings.queries.credit import Explanation, Standing, averages, explain, history, standing, standings

__all__ = ["Explanation", "Standing", "averages", "explain", "history", "standing", "standings"]
