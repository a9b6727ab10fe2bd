"""Money can be asked back after the trade's success; a seller who lacks it owes it."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('members', '0002_sealed_accounts_are_found_at_once'),
        ('shops', '0003_what_was_said_stays_said'),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name='order',
            name='a_finished_order_paid_its_seller',
        ),
        migrations.RemoveConstraint(
            model_name='order',
            name='refunds_are_open_only_while_in_escrow',
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_status_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='refund_phase_is_known',
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='only_what_was_sent_can_be_sent_back',
        ),
        migrations.RemoveConstraint(
            model_name='refund',
            name='one_open_refund_per_line',
        ),
        migrations.AddIndex(
            model_name='refund',
            index=models.Index(condition=models.Q(('status', 'owed')), fields=['id'], name='refunds_owed'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('finished_at__isnull', False), ('status', 'finished')), models.Q(models.Q(('status', 'finished'), _negated=True), ('finished_at__isnull', True)), _connector='OR'), name='a_finished_order_says_when'),
        ),
        migrations.AddConstraint(
            model_name='order',
            constraint=models.CheckConstraint(condition=models.Q(('open_refunds', 0), models.Q(('open_refunds__gt', 0), ('status__in', ('paid', 'shipped_part', 'shipped', 'finished'))), _connector='OR'), name='refunds_are_open_only_of_what_was_paid'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('status__in', ('asked', 'refused', 'disputed', 'succeeded', 'returning', 'returned', 'owed', 'closed'))), name='refund_status_is_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('phase__in', ('unshipped', 'shipped', 'finished'))), name='refund_phase_is_known'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(('phase__in', ('shipped', 'finished')), ('kind', 'refund_only'), _connector='OR'), name='only_what_was_sent_can_be_sent_back'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('status', 'owed'), _negated=True), ('phase', 'finished'), _connector='OR'), name='a_seller_owes_only_what_escrow_has_released'),
        ),
        migrations.AddConstraint(
            model_name='refund',
            constraint=models.UniqueConstraint(condition=models.Q(('status__in', ('asked', 'returning', 'returned', 'refused', 'disputed', 'owed'))), fields=('line',), name='one_open_refund_per_line'),
        ),
    ]
