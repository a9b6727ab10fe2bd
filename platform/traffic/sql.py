"""What the database does for traffic: one view in one call, and books that are only added to.

`public.jishi_view` stands once, in the public schema, and serves every market, as the functions of worlds do:
it works on the tables that the connection's search_path points at.
"""

from __future__ import annotations

from common.sections import all_sections
from traffic.rules import LISTING_PAGE, NEEDS_SECTION, NEEDS_SHOP, PAID

SECTION_PAGE = "a_section_page_names_its_section"


def _codes(codes: tuple[int, ...]) -> str:
    return ", ".join(str(code) for code in codes)


def _refuse(when: str, name: str) -> str:
    raised = f"RAISE EXCEPTION '{name}' USING ERRCODE = 'check_violation', CONSTRAINT = '{name}'"
    return f"IF {when} THEN {raised}; END IF;"


# The gate, shared: never beside a step of the clock, which is read once the gate is won. Returns the moment.
VIEW = f"""
CREATE OR REPLACE FUNCTION public.jishi_view(
  cookie bigint, member bigint, page_code int2, source_code int2, of_shop bigint, of_listing bigint,
  of_section int, stay int, moment timestamptz) RETURNS timestamptz LANGUAGE plpgsql AS $$
DECLARE
  clock timestamptz;
BEGIN
  PERFORM pg_advisory_xact_lock_shared(7001, hashtext(current_schema()));
  SELECT c.now_at INTO clock FROM worlds_clock c;
  moment := coalesce(moment, clock);
  {_refuse("moment > clock OR moment::date <> clock::date", "a_view_is_of_the_open_day")}
  {_refuse(f"source_code IN ({_codes(PAID)})", "paid_views_carry_their_charge")}
  {_refuse(f"(page_code = {LISTING_PAGE}) <> (of_listing IS NOT NULL)", "a_listing_page_names_its_listing")}
  {_refuse(f"page_code IN ({_codes(NEEDS_SHOP)}) AND of_shop IS NULL", "a_shop_page_names_its_shop")}
  {_refuse(f"page_code IN ({_codes(NEEDS_SECTION)}) AND of_section IS NULL", SECTION_PAGE)}
  {_refuse(f"of_section NOT BETWEEN 1 AND {len(all_sections())}", "a_view_is_in_a_known_section")}
  IF of_listing IS NOT NULL THEN
    SELECT l.shop_id, l.section_id INTO of_shop, of_section FROM shops_listing l WHERE l.id = of_listing;
    {_refuse("NOT FOUND", "a_viewed_listing_exists")}
  ELSIF of_shop IS NOT NULL THEN
    SELECT s.section_id INTO of_section FROM shops_shop s WHERE s.id = of_shop;
    {_refuse("NOT FOUND", "a_viewed_shop_exists")}
  END IF;
  IF member IS NOT NULL THEN
    PERFORM 1 FROM members_member m WHERE m.id = member;
    {_refuse("NOT FOUND", "a_viewing_member_exists")}
  END IF;
  INSERT INTO traffic_pageview
         (at, visitor, member_id, page, source, shop_id, listing_id, section_id, stay_seconds)
  VALUES (moment, cookie, member, page_code, source_code, of_shop, of_listing, of_section, stay);
  RETURN moment;
END $$;
"""


def only_added_to(table: str) -> str:
    """SQL that lets a table be inserted into and nothing else; it costs an insert nothing."""
    return (
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        "FOR EACH STATEMENT EXECUTE FUNCTION public.refuse_change();"
    )
