"""The sift by the default order, as one function that stands in the public schema and serves every market.

A function, so that its plan is made once a connection: planning the statement anew costs more than running it.
It reads the clock too, and says what keys stand for; whoever called it under other assumptions asks again.
Filters that were not asked for are null. `says` is what a listing must say; of those, what says it in its
title scores `titled` above its key, the others `elsewhere`.
"""

# parameter       type          SQL over a descriptor `r`
ASKED = (
    ("price_from_fen", "bigint", "r.price_fen >= {}"),
    ("price_to_fen", "bigint", "r.price_fen <= {}"),
    ("level_from", "int", "r.level >= {}"),
    ("level_to", "int", "r.level <= {}"),
    ("good_rate_from_bps", "int", "r.good_rate_bps >= {}"),
    ("sales_from", "bigint", "r.sales >= {}"),
    ("visitors_from", "bigint", "r.uv_daily >= {}"),
    ("id_verified", "boolean", "r.id_verified = {}"),
    ("bank_verified", "boolean", "r.bank_verified = {}"),
    ("protection", "boolean", "r.protection = {}"),
    ("seven_day_return", "boolean", "r.seven_day_return = {}"),
    ("showcase", "boolean", "r.showcase = {}"),
    ("free_postage", "boolean", "(r.postage_fen = 0) = {}"),
    (
        "online",
        "boolean",
        "(SELECT coalesce(s.online_until > now_at, false) FROM shops_shop s WHERE s.id = r.shop_id) = {}",
    ),
)
# What a result shows, in this order: of its document `d`, descriptor `r` and shop `s`.
SHOWN = """
    {id} AS listing, d.title, r.price_fen, r.postage_fen, r.category_id AS category, r.category_id / 10000 AS section,
    r.supply, r.delivery, r.shop_id AS shop, r.region, r.level, r.good_rate_bps,
    r.description AS description_hundredths, r.service AS service_hundredths, r.delivery_speed AS delivery_hundredths,
    r.sales, r.protection, r.seven_day_return, r.showcase, r.listed_at, {score} AS score
"""
OF_ITS_SHOP = "s.name AS shop_name, coalesce(s.online_until > {now}, false) AS online"
PASSES = " AND ".join(f"(asked_{name} IS NULL OR {sql.format('asked_' + name)})" for name, _, sql in ASKED)
SIFT = f"""
CREATE OR REPLACE FUNCTION public.jishi_sift(
    says tsquery, says_in_title tsquery, falling bigint, titled bigint, elsewhere bigint, shown int, passed int,
    {", ".join(f"asked_{name} {kind}" for name, kind, _ in ASKED)}
) RETURNS TABLE (at timestamptz, uid uuid, regime_version bigint, digest varchar, part bigint, results bytea, more boolean)
LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
DECLARE
  now_at timestamptz;
  lift bigint;
BEGIN
  SELECT c.now_at, c.uid, c.regime_version, f.digest, f.part INTO at, uid, regime_version, digest, part
    FROM worlds_clock c LEFT JOIN search_fold f ON true;
  now_at := at;
  lift := falling * part;
  SELECT array_to_json((array_agg(row_to_json(page.*)))[1:shown])::text::bytea, count(*) > shown INTO results, more
    FROM (SELECT p.*, {OF_ITS_SHOP.format(now="now_at")}
            FROM (SELECT {SHOWN.format(id="d.id", score="r.key + lift + CASE WHEN d.tokens @@ says_in_title THEN titled ELSE elsewhere END")}
                    FROM search_document d JOIN search_descriptor r ON r.id = d.id
                   WHERE d.tokens @@ says AND {PASSES}
                   ORDER BY score DESC, d.id LIMIT shown + 1 OFFSET passed) p
            JOIN shops_shop s ON s.id = p.shop ORDER BY p.score DESC, p.listing) page;
  RETURN NEXT;
END $$;
"""
