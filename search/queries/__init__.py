"""Reads of search: finding, counting, suggesting, explaining."""

from search.queries.explain import explain_rank

__all__ = ["explain_rank"]
