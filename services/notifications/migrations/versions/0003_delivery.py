"""Several ways out, their receipts, whom to tell, templates, announcements, webhooks."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

STATES = (
    *("queued", "claimed", "handing_over", "accepted", "delivered", "read", "bounced", "failed"),
    *("expired", "suppressed", "unknown"),
)
OUTCOMES = ("accepted", "retryable", "permanent", "lost", "unknown")


def _only(table: str, column: str, values: tuple[str, ...]) -> None:
    name = op.f(f"ck_{table}_{column}")
    op.drop_constraint(name, table)
    listed = ", ".join(f"'{value}'" for value in values)
    op.create_check_constraint(name, table, f"{column} IN ({listed})")


def upgrade() -> None:
    op.create_table('announcement',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('state', sa.Text(), server_default=sa.text("'draft'"), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('body', sa.Text(), nullable=False),
    sa.Column('subject_en', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('body_en', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('audience', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('channels', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column("version", sa.Integer(), server_default=sa.text("1"), nullable=False),
    sa.Column('cursor', sa.Text(), server_default=sa.text("''"), nullable=True),
    sa.Column('written', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('recipients', sa.Integer(), nullable=True),
    sa.Column('estimate', sa.Numeric(precision=12, scale=2), nullable=True),
    sa.Column('expires_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('history', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'[]'"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('started_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'writing', 'sending', 'paused', 'done', 'cancelled')", name=op.f('ck_announcement_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_announcement'))
    )
    op.create_index('ix_announcement_region_code', 'announcement', ['region_code', 'id'], unique=False)
    op.create_index('ix_announcement_state', 'announcement', ['state'], unique=False, postgresql_where=sa.text("state IN ('writing', 'sending')"))
    op.create_table('attendance',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('registration_id', sa.Uuid(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('session_id', sa.Uuid(), nullable=True),
    sa.Column('present', sa.Boolean(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_attendance')),
    sa.UniqueConstraint('registration_id', 'day', 'session_id', name=op.f('uq_attendance_registration_id_day_session_id'), postgresql_nulls_not_distinct=True)
    )
    op.create_table('meeting',
    sa.Column('slug', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('province_code', sa.Text(), nullable=False),
    sa.Column('title', sa.Text(), nullable=False),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('starts_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('ends_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('facts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('cancelled', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.PrimaryKeyConstraint('slug', name=op.f('pk_meeting'))
    )
    op.create_index('ix_meeting_starts_at', 'meeting', ['starts_at'], unique=False)
    op.create_table('official',
    sa.Column('account_id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_official'))
    )
    op.create_index('ix_official_region_code', 'official', ['region_code', 'role'], unique=False)
    op.create_table('participant',
    sa.Column('registration_id', sa.Uuid(), nullable=False),
    sa.Column('meeting_slug', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('status', sa.Text(), nullable=False),
    sa.Column('since', sa.DateTime(timezone=True), nullable=False),
    sa.Column('code', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('email', sa.Text(), nullable=True),
    sa.Column('phone', sa.Text(), nullable=True),
    sa.Column('language', sa.Text(), nullable=False),
    sa.Column('participant_type', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('library_name', sa.Text(), nullable=False),
    sa.Column('own_link', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('registration_id', name=op.f('pk_participant'))
    )
    op.create_index('ix_participant_meeting', 'participant', ['meeting_slug', 'status'], unique=False)
    op.create_index('ix_participant_region_code', 'participant', ['region_code'], unique=False)
    op.create_table('preference',
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('class', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("class IN ('reminder', 'bulk', 'digest')", name=op.f('ck_preference_class')),
    sa.CheckConstraint('address = lower(address)', name=op.f('ck_preference_address')),
    sa.PrimaryKeyConstraint('address', 'class', name=op.f('pk_preference'))
    )
    op.create_table('provider_state',
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('failures', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('openings', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('open_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('probed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_ok_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_failed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('last_error', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_provider_state'))
    )
    op.create_table('silent_library',
    sa.Column('library_id', sa.Uuid(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('heard_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('library_id', 'month', name=op.f('pk_silent_library'))
    )
    op.create_index('ix_silent_library_untold', 'silent_library', ['region_code'], unique=False, postgresql_where=sa.text('told_at IS NULL'))
    op.create_table('receipt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('provider', sa.Text(), nullable=False),
    sa.Column('digest', sa.Text(), nullable=False),
    sa.Column('message_id', sa.Uuid(), nullable=True),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('raw', sa.Text(), nullable=True),
    sa.Column('happened_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('received_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_receipt')),
    sa.UniqueConstraint('provider', 'digest', name=op.f('uq_receipt_provider_digest'))
    )
    op.create_index('ix_receipt_message_id', 'receipt', ['message_id'], unique=False)
    op.create_index('ix_receipt_raw', 'receipt', ['received_at'], unique=False, postgresql_where=sa.text('raw IS NOT NULL'))
    op.create_table('message_action',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('message_id', sa.Uuid(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('subject', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('other_id', sa.Uuid(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("action IN ('cancelled', 'retried', 'replayed')", name=op.f('ck_message_action_action')),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_message_action_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_action'))
    )
    op.create_index('ix_message_action_message_id', 'message_action', ['message_id'], unique=False)
    op.create_index('ix_message_action_other_id', 'message_action', ['other_id'], unique=False, postgresql_where=sa.text('other_id IS NOT NULL'))
    op.create_index('ix_attempt_ended_at', 'attempt', ['ended_at'], unique=False, postgresql_using='brin')
    op.drop_index('ix_attempt_message_id', table_name='attempt')
    # A late answer may have been written beside what a lease's end had said of the same attempt.
    op.execute("""
        DELETE FROM attempt USING attempt AS earlier
        WHERE attempt.message_id = earlier.message_id AND attempt.number = earlier.number
          AND attempt.outcome = earlier.outcome AND attempt.id > earlier.id""")
    op.create_index('ix_attempt_message_id', 'attempt', ['message_id', 'number', 'outcome'], unique=True)
    op.create_table('rule_setting',
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('enabled', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('channels', postgresql.JSONB(astext_type=sa.Text()), nullable=True),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('rule', name=op.f('pk_rule_setting'))
    )
    op.create_table('schedule_run',
    sa.Column('rule', sa.Text(), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('due_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('cursor', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('messages', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('late', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('done_at', sa.DateTime(timezone=True), nullable=True),
    sa.PrimaryKeyConstraint('rule', 'about', 'due_at', name=op.f('pk_schedule_run'))
    )
    op.create_table('suppression',
    sa.Column('channel', sa.Text(), nullable=False),
    sa.Column('address', sa.Text(), nullable=False),
    sa.Column('reason', sa.Text(), nullable=False),
    sa.Column('detail', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("reason IN ('bounce', 'complaint', 'manual')", name=op.f('ck_suppression_reason')),
    sa.CheckConstraint('address = lower(address)', name=op.f('ck_suppression_address')),
    sa.PrimaryKeyConstraint("channel", "address", "region_code", name=op.f("pk_suppression"))
    )
    op.create_table('template_version',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('template', sa.Text(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('state', sa.Text(), nullable=False),
    sa.Column('parts', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('restored_from', sa.Integer(), nullable=True),
    sa.Column('author', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('published_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('published_by', sa.Text(), nullable=True),
    sa.Column('retired_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('retired_by', sa.Text(), nullable=True),
    sa.CheckConstraint("state IN ('draft', 'published', 'retired')", name=op.f('ck_template_version_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_template_version')),
    sa.UniqueConstraint('template', 'number', name=op.f('uq_template_version_template_number'))
    )
    op.create_index('uq_template_version_draft', 'template_version', ['template'], unique=True, postgresql_where=sa.text("state = 'draft'"))
    op.create_index('uq_template_version_published', 'template_version', ['template'], unique=True, postgresql_where=sa.text("state = 'published'"))
    op.create_table('webhook_endpoint',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('url', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('types', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('secret', sa.Text(), nullable=False),
    sa.Column('former_secret', sa.Text(), nullable=True),
    sa.Column('secret_changed_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('failing_since', sa.DateTime(timezone=True), nullable=True),
    sa.Column('slow', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('disabled_reason', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('created_by', sa.Text(), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_endpoint'))
    )
    op.create_index('ix_webhook_endpoint_region_code', 'webhook_endpoint', ['region_code'], unique=False)
    op.create_table('webhook_delivery',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('endpoint_id', sa.Uuid(), nullable=False),
    sa.Column('event_id', sa.Uuid(), nullable=False),
    sa.Column('type', sa.Text(), nullable=False),
    sa.Column('about', sa.Text(), nullable=False),
    sa.Column('payload', postgresql.JSON(astext_type=sa.Text()), nullable=True),
    sa.Column('state', sa.Text(), server_default=sa.text("'queued'"), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('next_attempt_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint("state IN ('queued', 'delivered', 'failed', 'cancelled')", name=op.f('ck_webhook_delivery_state')),
    sa.ForeignKeyConstraint(['endpoint_id'], ['webhook_endpoint.id'], name=op.f('fk_webhook_delivery_endpoint_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_delivery')),
    sa.UniqueConstraint('endpoint_id', 'event_id', name=op.f('uq_webhook_delivery_endpoint_id_event_id'))
    )
    op.create_index('ix_webhook_delivery_created_at', 'webhook_delivery', ['created_at'], unique=False, postgresql_using='brin')
    op.create_index('ix_webhook_delivery_about', 'webhook_delivery', ['about'], unique=False)
    op.create_index('ix_webhook_delivery_due', 'webhook_delivery', ['endpoint_id', 'next_attempt_at'], unique=False, postgresql_where=sa.text("state = 'queued'"))
    op.create_index('ix_webhook_delivery_endpoint_id', 'webhook_delivery', ['endpoint_id', 'id'], unique=False)
    op.create_index('ix_webhook_delivery_lease', 'webhook_delivery', ['lease_until'], unique=False, postgresql_where=sa.text('lease_until IS NOT NULL'))
    op.create_table('webhook_attempt',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('delivery_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('status', sa.Integer(), nullable=True),
    sa.Column('detail', sa.Text(), nullable=False),
    sa.Column('milliseconds', sa.Integer(), nullable=False),
    sa.Column('ended_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['delivery_id'], ['webhook_delivery.id'], name=op.f('fk_webhook_attempt_delivery_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_webhook_attempt'))
    )
    op.create_index('ix_webhook_attempt_delivery_id', 'webhook_attempt', ['delivery_id', 'number'], unique=False)
    op.add_column('message', sa.Column('person', sa.Text(), nullable=True))
    op.add_column('message', sa.Column('meeting_slug', sa.Text(), nullable=True))
    op.add_column('message', sa.Column('announcement_id', sa.Uuid(), nullable=True))
    op.add_column('message', sa.Column('fallback_of', sa.Uuid(), nullable=True))
    op.add_column('message', sa.Column('zone', sa.Text(), nullable=True))
    op.add_column('message', sa.Column('template_version', sa.Integer(), nullable=True))
    op.add_column('message', sa.Column('parameters', postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column('message', sa.Column('attachments', postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column('message', sa.Column('fallbacks', postgresql.JSONB(astext_type=sa.Text()), nullable=True))
    op.add_column('message', sa.Column('unsubscribe', sa.Text(), nullable=True))
    op.add_column('message', sa.Column('parts', sa.Integer(), nullable=True))
    op.add_column('message', sa.Column('refusals', sa.Integer(), server_default=sa.text('0'), nullable=False))
    op.add_column('message', sa.Column('cost', sa.Numeric(precision=12, scale=2), nullable=True))
    op.add_column('message', sa.Column('state_reason', sa.Text(), server_default=sa.text("''"), nullable=False))
    op.add_column('message', sa.Column('delivered_at', sa.DateTime(timezone=True), nullable=True))
    op.add_column('message', sa.Column('settle_until', sa.DateTime(timezone=True), nullable=True))
    op.create_index('ix_message_announcement', 'message', ['announcement_id', 'state'], unique=False, postgresql_where=sa.text('announcement_id IS NOT NULL'))
    op.create_index('ix_message_created_at', 'message', ['created_at'], unique=False, postgresql_using='brin')
    op.create_index('ix_message_meeting_slug', 'message', ['meeting_slug', 'class'], unique=False)
    op.create_index('ix_message_person', 'message', [sa.literal_column("""to_tsvector('simple'::regconfig, translate(person, '.,/-''@_', '       '))""")], unique=False, postgresql_using='gin')
    op.drop_index('ix_message_contents', table_name='message')
    op.create_index('ix_message_region_code', 'message', ['region_code', 'id'], unique=False, postgresql_ops={'region_code': 'text_pattern_ops'})
    op.create_index('ix_message_named', 'message', ['created_at'], unique=False, postgresql_where=sa.text("left(recipient, 1) NOT IN ('', '…')"))
    op.create_index('ix_message_answer', 'message', ['expires_at'], unique=False, postgresql_where=sa.text("rule = 'data-request-answered' AND recipient <> ''"))
    op.create_index('ix_message_trouble', 'message', ['state', 'id'], unique=False, postgresql_where=sa.text("state IN ('failed', 'expired', 'bounced', 'suppressed', 'cancelled', 'unknown')"))
    op.create_index('ix_message_fallback_of', 'message', ['fallback_of'], unique=False, postgresql_where=sa.text('fallback_of IS NOT NULL'))
    op.create_index('ix_message_settle', 'message', ['settle_until'], unique=False, postgresql_where=sa.text('settle_until IS NOT NULL'))
    op.create_foreign_key(op.f('fk_message_announcement_id'), 'message', 'announcement', ['announcement_id'], ['id'])
    op.create_check_constraint(
        op.f("ck_message_settle"), "message", "settle_until IS NULL OR state = 'unknown'"
    )
    _only("message", "channel", ("email", "whatsapp", "sms"))
    _only("message", "state", (*STATES, "cancelled"))
    _only("attempt", "outcome", (*OUTCOMES, "throttled"))


def downgrade() -> None:
    op.drop_table("message_action")
    op.execute("DELETE FROM attempt WHERE outcome = 'throttled'")
    op.execute("UPDATE message SET next_attempt_at = now() WHERE next_attempt_at = 'infinity'")
    op.execute("UPDATE message SET state = 'suppressed' WHERE state = 'cancelled'")
    op.execute("DELETE FROM attempt USING message WHERE message_id = message.id AND channel = 'whatsapp'")
    op.execute("DELETE FROM message WHERE channel = 'whatsapp'")
    _only("attempt", "outcome", OUTCOMES)
    _only("message", "state", STATES)
    _only("message", "channel", ("email", "sms"))
    op.drop_constraint(op.f("ck_message_settle"), "message")
    op.drop_constraint(op.f('fk_message_announcement_id'), 'message', type_='foreignkey')
    op.drop_index('ix_message_fallback_of', table_name='message', postgresql_where=sa.text('fallback_of IS NOT NULL'))
    op.drop_index('ix_message_trouble', table_name='message')
    op.drop_index('ix_message_named', table_name='message')
    op.drop_index('ix_message_answer', table_name='message')
    op.drop_index('ix_message_region_code', table_name='message')
    op.create_index('ix_message_contents', 'message', ['created_at'], unique=False, postgresql_where=sa.text('text IS NOT NULL'))
    op.drop_index('ix_attempt_message_id', table_name='attempt')
    op.create_index('ix_attempt_message_id', 'attempt', ['message_id', 'number'], unique=False)
    op.drop_index('ix_attempt_ended_at', table_name='attempt')
    op.drop_index('ix_message_settle', table_name='message', postgresql_where=sa.text('settle_until IS NOT NULL'))
    op.drop_index('ix_message_person', table_name='message', postgresql_using='gin')
    op.drop_index('ix_message_meeting_slug', table_name='message')
    op.drop_index('ix_message_created_at', table_name='message', postgresql_using='brin')
    op.drop_index('ix_message_announcement', table_name='message', postgresql_where=sa.text('announcement_id IS NOT NULL'))
    op.drop_column('message', 'settle_until')
    op.drop_column('message', 'delivered_at')
    op.drop_column('message', 'state_reason')
    op.drop_column('message', 'cost')
    op.drop_column('message', 'refusals')
    op.drop_column('message', 'parts')
    op.drop_column('message', 'unsubscribe')
    op.drop_column('message', 'fallbacks')
    op.drop_column('message', 'attachments')
    op.drop_column('message', 'parameters')
    op.drop_column('message', 'template_version')
    op.drop_column('message', 'zone')
    op.drop_column('message', 'fallback_of')
    op.drop_column('message', 'announcement_id')
    op.drop_column('message', 'meeting_slug')
    op.drop_column('message', 'person')
    op.drop_index('ix_webhook_attempt_delivery_id', table_name='webhook_attempt')
    op.drop_table('webhook_attempt')
    op.drop_index('ix_webhook_delivery_due', table_name='webhook_delivery', postgresql_where=sa.text("state = 'queued'"))
    op.drop_index('ix_webhook_delivery_created_at', table_name='webhook_delivery', postgresql_using='brin')
    op.drop_table('webhook_delivery')
    op.drop_index('ix_webhook_endpoint_region_code', table_name='webhook_endpoint')
    op.drop_table('webhook_endpoint')
    op.drop_index('uq_template_version_published', table_name='template_version', postgresql_where=sa.text("state = 'published'"))
    op.drop_index('uq_template_version_draft', table_name='template_version', postgresql_where=sa.text("state = 'draft'"))
    op.drop_table('template_version')
    op.drop_table('suppression')
    op.drop_table('schedule_run')
    op.drop_table('rule_setting')
    op.drop_index('ix_receipt_raw', table_name='receipt', postgresql_where=sa.text('raw IS NOT NULL'))
    op.drop_index('ix_receipt_message_id', table_name='receipt')
    op.drop_table('receipt')
    op.drop_index('ix_silent_library_untold', table_name='silent_library', postgresql_where=sa.text('told_at IS NULL'))
    op.drop_table('silent_library')
    op.drop_table('provider_state')
    op.drop_table('preference')
    op.drop_index('ix_participant_region_code', table_name='participant')
    op.drop_index('ix_participant_meeting', table_name='participant')
    op.drop_table('participant')
    op.drop_index('ix_official_region_code', table_name='official')
    op.drop_table('official')
    op.drop_index('ix_meeting_starts_at', table_name='meeting')
    op.drop_table('meeting')
    op.drop_table('attendance')
    op.drop_index('ix_announcement_state', table_name='announcement', postgresql_where=sa.text("state IN ('writing', 'sending')"))
    op.drop_index('ix_announcement_region_code', table_name='announcement')
    op.drop_table('announcement')
