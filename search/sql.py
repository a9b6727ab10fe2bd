"""The sift by the default order, as one function that stands in the public schema and serves every market.

A function, so that its plan is made once a connection: planning the statement anew costs more than running it.
Numbers come as one array, because a driver takes longer over twenty parameters than the rest takes to run.
It reads the clock too, and says what keys stand for; whoever called it under other assumptions asks again.
`says` is what a listing must say; of those, what says it in its
title scores `titled` above its key, the others `elsewhere`.
"""

# Filters that bound a number: name, SQL over a descriptor `r`, and the bound that lets everything pass.
BOUNDS: tuple[tuple[str, str, int], ...] = (
    ("price_from_fen", "r.price_fen >= {}", 0),
    ("price_to_fen", "r.price_fen <= {}", 2**60),
    ("level_from", "r.level >= {}", 0),
    ("level_to", "r.level <= {}", 20),
    ("good_rate_from_bps", "coalesce(r.good_rate_bps, -1) >= {}", -1),
    ("sales_from", "r.sales >= {}", 0),
    ("visitors_from", "r.uv_daily >= {}", 0),
)
# Filters that are yes or no: each a bit; those asked for are compared at once, and not at all when none is.
BITS = (
    ("id_verified", "r.id_verified"),
    ("bank_verified", "r.bank_verified"),
    ("protection", "r.protection"),
    ("seven_day_return", "r.seven_day_return"),
    ("showcase", "r.showcase"),
    ("free_postage", "(r.postage_fen = 0)"),
    ("online", "(SELECT coalesce(s.online_until > now_at, false) FROM shops_shop s WHERE s.id = r.shop_id)"),
)
# What a result shows, in this order: of its document `d`, descriptor `r` and shop `s`.
SHOWN = """
    {id} AS listing, d.title, r.price_fen, r.postage_fen, r.category_id AS category, r.category_id / 10000 AS section,
    r.supply, r.delivery, r.shop_id AS shop, r.region, r.level, r.good_rate_bps,
    r.description AS description_hundredths, r.service AS service_hundredths, r.delivery_speed AS delivery_hundredths,
    r.sales, r.protection, r.seven_day_return, r.showcase, r.listed_at, {score} AS score
"""
OF_ITS_SHOP = "s.name AS shop_name, coalesce(s.online_until > {now}, false) AS online"
PASSES = " AND ".join(sql.format(f"asked_{name}") for name, sql, _ in BOUNDS)
PASSES_BITS = " AND ".join(
    f"(asked_bits & {1 << n} = 0 OR {sql} = (wanted_bits & {1 << n} <> 0))" for n, (_, sql) in enumerate(BITS)
)
NUMBERS = (
    "falling",
    "titled",
    "elsewhere",
    "shown",
    "passed",
    "asked_bits",
    "wanted_bits",
    *(f"asked_{name}" for name, _, _ in BOUNDS),
)
SIFT = f"""
CREATE OR REPLACE FUNCTION public.jishi_sift(says tsquery, says_in_title tsquery, numbers bigint[])
RETURNS TABLE (at timestamptz, uid uuid, regime_version bigint, digest varchar, part bigint, results bytea, more boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  now_at timestamptz;
  lift bigint;
  {" ".join(f"{name} bigint := numbers[{n}];" for n, name in enumerate(NUMBERS, 1))}
BEGIN
  SELECT c.now_at, c.uid, c.regime_version, f.digest, f.part INTO at, uid, regime_version, digest, part
    FROM worlds_clock c LEFT JOIN search_fold f ON true;
  now_at := at;
  lift := falling * part;
  SELECT array_to_json((array_agg(row_to_json(page.*)))[1:shown::int])::text::bytea, count(*) > shown INTO results, more
    FROM (SELECT p.*, {OF_ITS_SHOP.format(now="now_at")}
            FROM (SELECT {SHOWN.format(id="d.id", score="r.key + lift + CASE WHEN d.tokens @@ says_in_title THEN titled ELSE elsewhere END")}
                    FROM search_document d JOIN search_descriptor r ON r.id = d.id
                   WHERE d.tokens @@ says AND {PASSES} AND (asked_bits = 0 OR {PASSES_BITS})
                   ORDER BY score DESC, d.id LIMIT shown + 1 OFFSET passed) p
            JOIN shops_shop s ON s.id = p.shop ORDER BY p.score DESC, p.listing) page;
  RETURN NEXT;
END $$;
"""
