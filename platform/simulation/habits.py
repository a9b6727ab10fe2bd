"""How buyers come and look, as fitted to nine days of 814 people (UserBehavior, 25 November to 3 December 2017).

A session is drawn whole: when it begins, how many acts it has, the pauses between them, and what each act is. What an
act is about (which goods) is decided in the market: `looking.py`. A scenario moves the shares of `measured.toml`; the
shapes here were fitted together with them, so that a market's log has the measured sessions, hours and funnel.
"""

from __future__ import annotations

import numpy as np

from common import exact

PV, FAV, CART, BUY = range(4)

# fmt: off
# Raw sessions a day of one who is about: gamma (log-normal ones are too heavy at the top). About 9 % of them begin within
# half an hour of another's end, so a log shows fewer and longer ones.
RATE_SHAPE = 3.2
# Sessions: P(a session has at least so many acts), straight in the logs of both in between.
SIZE_AT   = (1,   2,    3,    5,    10,   20,    40,    80,    150)
SIZE_TAIL = (1.0, .651, .506, .329, .148, .0465, .0070, .0006, .00002)
SIZE_OWN = 0.33          # how much of the normal score of a session's size is the buyer's own
SIZE_AND_RATE = 0.30     # who comes more often also looks longer: correlation of the scores
# How much longer sessions are than usual that begin in each hour (normal score).
SIZE_BY_HOUR = (.13, .11, .05, .05, .1, .1, .05, -.04, -.07, -.10, -.11, -.15,
                -.11, -.06, -.07, -.01, -.02, -.08, -.01, 0, .14, .14, .16, .17)
STARTS_BY_HOUR = (2.62, .95, .60, .37, .52, .78, 1.88, 3.01, 3.68, 4.56, 5.38, 5.48,
                  4.49, 5.62, 5.48, 5.90, 5.58, 4.69, 5.31, 6.84, 7.17, 7.96, 6.38, 4.76)
PAUSE_AFTER = 60         # seconds between two sessions of one buyer, at least

# Pauses within a session: log-normal seconds, shorter in long sessions, none above half an hour.
GAP_LOG_SECONDS, GAP_BY_SIZE, GAP_SPREAD, GAP_OWN = 4.60, -0.30, 1.45, 0.35
GAP_BEFORE = (0.0, 0.55, 0.75, 1.25)  # people think before a favourite, a cart, an order
GAP_MOST = 1_800

# Leanings of a buyer, log-normal round 1: to buy, to fill a cart, to keep favourites.
BUY_LEANING, CART_LEANING, FAVOURITE_LEANING = 0.75, 0.70, 1.2

# Orders: P(a session has one) = share * (BUY_BASE + BUY_BY_SIZE * ln acts) * leaning * hour.
BUY_BASE, BUY_BY_SIZE = 2.38, 1.34
BUY_BY_HOUR = (.8, .8, .7, .7, .4, .35, .5, .7, .9, 1.2, 1.25, 1.1, 1.15, 1.2, 1.05, .98, 1, .95, 1, .92, 1, 1, .92, .85)
BUY_AT_THE_END = 0.3     # of sessions with an order: it is the last act; else anywhere
BUY_MORE, BUY_MORE_MOST = 0.235, 6
BUY_IN_THE_SAME_SECOND = 0.5
PAID_AFTER, PAID_SPREAD = 8, 0.8  # seconds from the order to its payment: median (published order samples), log-sd (assumption)

# Which goods, when not new ones: acts of this session, of the buyer's earlier ones, the cart, favourites.
AGAIN_HERE, AGAIN_BEFORE = 0.122, 0.093
CART_HERE, CART_BEFORE = 0.090, 0.068
FAVOURITE_HERE, FAVOURITE_BEFORE = 0.04, 0.055
BUY_HERE, BUY_FROM_CART, BUY_FROM_FAVOURITES, BUY_SEEN_BEFORE, BUY_AGAIN = 0.53, 0.30, 0.075, 0.12, 0.04
WEIGHT = (1, 2, 4, 5)    # how much of a buyer's memory a look, a favourite, a cart, an order takes
REMEMBERED = 120         # such weights; the latest come to mind first
# fmt: on


def size_scores() -> np.ndarray:
    """The normal score from which a session has 2, 3, 4 ... acts."""
    at, tail = exact.log(np.array(SIZE_AT, dtype=float)), exact.log(np.array(SIZE_TAIL))
    many = np.arange(2, SIZE_AT[-1] + 1)
    tails = exact.exp(np.interp(exact.log(many.astype(float)), at, tail))
    return exact.inverse_normal(1.0 - tails)


def normal_share(score: np.ndarray) -> np.ndarray:
    """About what share of normal numbers lies below (error under 0.0002): for cutting a tail off."""
    odds = exact.exp(-np.clip(1.5976 * score + 0.07056 * score**3, -40, 40))
    return 1.0 / (1.0 + odds)
