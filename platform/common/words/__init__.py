"""The market's own vocabulary: titles, queries, names, comments, talk, properties and descriptions.

Every function takes (seed, what it is about, actors) and answers with one text an actor, drawn from
`common.random`: the same seed and actor give the same text in any batch. All lists are our own; they stand
in `sections/` (goods) and `phrases/` (everything else). No tables, no clock.
"""

from common.words.goods import picture_counts, prices, properties, richnesses
from common.words.names import brands, nicks, shop_names
from common.words.queries import queries, queries_about, query_pool
from common.words.source import categories_for, gbk_width
from common.words.talk import chat, comments, descriptions, explanations, follow_ups
from common.words.titles import TITLE_BYTES, titles

__all__ = [
    "TITLE_BYTES",
    "brands",
    "categories_for",
    "chat",
    "comments",
    "descriptions",
    "explanations",
    "follow_ups",
    "gbk_width",
    "nicks",
    "picture_counts",
    "prices",
    "properties",
    "queries",
    "queries_about",
    "query_pool",
    "richnesses",
    "shop_names",
    "titles",
]
