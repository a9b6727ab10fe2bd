"""Transfers are inserted and nothing else; an account's totals only grow, and it keeps its name."""

from django.db import migrations

from worlds.sql import append_only

ONLY_GROWS = """
CREATE TRIGGER account_totals_only_grow BEFORE UPDATE ON payments_account FOR EACH ROW
  WHEN (NEW.given_fen < OLD.given_fen OR NEW.received_fen < OLD.received_fen
        OR NEW.code <> OLD.code OR NEW.kind <> OLD.kind OR NEW.id <> OLD.id)
  EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER accounts_are_not_removed BEFORE DELETE ON payments_account FOR EACH ROW
  EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER transfers_are_not_emptied BEFORE TRUNCATE ON payments_transfer FOR EACH STATEMENT
  EXECUTE FUNCTION public.refuse_change();
CREATE TRIGGER accounts_are_not_emptied BEFORE TRUNCATE ON payments_account FOR EACH STATEMENT
  EXECUTE FUNCTION public.refuse_change();
"""
GROWS_NO_MORE = """
DROP TRIGGER account_totals_only_grow ON payments_account;
DROP TRIGGER accounts_are_not_removed ON payments_account;
DROP TRIGGER transfers_are_not_emptied ON payments_transfer;
DROP TRIGGER accounts_are_not_emptied ON payments_account;
"""


class Migration(migrations.Migration):
    dependencies = [("payments", "0001_initial"), ("worlds", "0002_locks_and_guards")]

    operations = [
        migrations.RunSQL(
            append_only("payments_transfer"),
            "DROP TRIGGER payments_transfer_is_append_only ON payments_transfer",
        ),
        migrations.RunSQL(ONLY_GROWS, GROWS_NO_MORE),
    ]
