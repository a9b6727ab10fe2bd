"""Wangwang's archive takes new messages and nothing else; a deal page keeps its price, terms and buyer."""

from django.db import migrations

from worlds.sql import append_only

KEEP_DEALS = """
CREATE TRIGGER shops_deal_keeps_its_word
BEFORE DELETE OR UPDATE OF shop_id, buyer_id, postage_fen, terms, issued_at, expires_at ON shops_deal
FOR EACH ROW EXECUTE FUNCTION public.refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("shops", "0002_orders"), ("worlds", "0002_locks_and_guards")]
    operations = [
        migrations.RunSQL(sql, migrations.RunSQL.noop)
        for sql in (append_only("shops_message"), append_only("shops_dealline"), KEEP_DEALS)
    ]
