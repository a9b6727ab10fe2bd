"""Functions that stand once, in the public schema, and serve every market."""

LOCKS = """
CREATE OR REPLACE FUNCTION public.jishi_clock()
RETURNS TABLE (now_at timestamptz, uid uuid, regime_version bigint, seed bigint) LANGUAGE plpgsql AS $$
BEGIN
  RETURN QUERY SELECT c.now_at, c.uid, c.regime_version, c.seed FROM worlds_clock c;
END $$;
CREATE OR REPLACE FUNCTION public.jishi_few(few boolean) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF few THEN  -- a plan that is kept is made while tables are small, so it is told to ask indexes, for when they are not
    PERFORM set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true),
            set_config('enable_hashjoin', 'off', true), set_config('enable_mergejoin', 'off', true);
  END IF;
END $$;
CREATE OR REPLACE FUNCTION public.jishi_pen(few boolean)
RETURNS TABLE (now_at timestamptz, uid uuid, regime_version bigint, seed bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.jishi_few(few);
  PERFORM pg_advisory_xact_lock_shared(7001, hashtext(current_schema()));
  PERFORM pg_advisory_xact_lock(7002, hashtext(current_schema()));
  RETURN QUERY SELECT c.now_at, c.uid, c.regime_version, c.seed FROM worlds_clock c;
END $$;
CREATE OR REPLACE FUNCTION public.jishi_gate(few boolean)
RETURNS TABLE (now_at timestamptz, uid uuid, regime_version bigint, seed bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM public.jishi_few(few);
  PERFORM pg_advisory_xact_lock_shared(7001, hashtext(current_schema()));
  RETURN QUERY SELECT c.now_at, c.uid, c.regime_version, c.seed FROM worlds_clock c;
END $$;
CREATE OR REPLACE FUNCTION public.jishi_step()
RETURNS TABLE (now_at timestamptz, uid uuid, regime_version bigint, seed bigint) LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(7001, hashtext(current_schema()));
  RETURN QUERY SELECT c.now_at, c.uid, c.regime_version, c.seed FROM worlds_clock c;
END $$;
"""

# attached by CREATE TRIGGER … EXECUTE FUNCTION public.refuse_change() to every append-only table
REFUSE_CHANGE = """
CREATE OR REPLACE FUNCTION public.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% is append-only', TG_TABLE_NAME
    USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_is_append_only';
END $$;
"""


def append_only(table: str) -> str:
    """SQL that lets a market's table be inserted into and nothing else."""
    return (
        f"CREATE TRIGGER {table}_is_append_only BEFORE UPDATE OR DELETE ON {table} "
        "FOR EACH ROW EXECUTE FUNCTION public.refuse_change();"
    )
