"""Libraries, what they report, and the sums of it."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = """activity_id, revision, sign, library_id, regency_code, place_code, month, stream,
    category, stage, people, male, female, children, teens, adults, elderly, disabled, amount,
    books, ebooks, computers, bandwidth, villages, timely"""
VALUES = """id, revision, {sign}, library_id, regency_code, place_code, month, stream,
    category, stage, people, male, female, children, teens, adults, elderly, disabled, amount,
    books, ebooks, computers, bandwidth, villages, timely"""
# Of a whole statement at once: an import's thousand rows are one more insert, not a thousand.
ADDED = f"""
    INSERT INTO delta ({COLUMNS}) SELECT {VALUES.format(sign=1)} FROM new_rows
    WHERE stage >= 0 AND deleted_at IS NULL;"""
TAKEN = f"""
    INSERT INTO delta ({COLUMNS}) SELECT {VALUES.format(sign=-1)} FROM old_rows
    WHERE stage >= 0 AND deleted_at IS NULL;"""
TRIGGERS = {
    "insert": ("REFERENCING NEW TABLE AS new_rows", ADDED),
    "update": ("REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows", TAKEN + ADDED),
    "delete": ("REFERENCING OLD TABLE AS old_rows", TAKEN),
}


def _add_triggers() -> None:
    for event, (tables, body) in TRIGGERS.items():
        op.execute(f"""
            CREATE FUNCTION activity_{event}_delta() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN {body} RETURN NULL; END $$""")
        op.execute(f"""
            CREATE TRIGGER activity_{event}_delta AFTER {event.upper()} ON activity {tables}
            FOR EACH STATEMENT EXECUTE FUNCTION activity_{event}_delta()""")


def upgrade() -> None:
    op.create_table('activity_change',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('activity_id', sa.Uuid(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('action', sa.Text(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('comment', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('before', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('after', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('happened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity_change'))
    )
    op.create_index('ix_activity_change_activity_id', 'activity_change', ['activity_id', 'id'], unique=False)
    op.create_table('category_rollup',
    sa.Column('stream', sa.Text(), nullable=False),
    sa.Column('regency_code', sa.Text(collation='C'), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('category', sa.Text(), nullable=False),
    sa.Column('verified', sa.Boolean(), nullable=False),
    sa.Column('reports', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('people', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('male', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('female', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('children', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('teens', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('adults', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('elderly', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('disabled', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('amount', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('books', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('ebooks', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('computers', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('bandwidth', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('villages', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('timely', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('stream', 'regency_code', 'month', 'category', 'verified', name=op.f('pk_category_rollup'))
    )
    op.create_table('delta',
    sa.Column('activity_id', sa.Uuid(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('sign', sa.SmallInteger(), nullable=False),
    sa.Column('library_id', sa.Uuid(), nullable=False),
    sa.Column('regency_code', sa.Text(), nullable=False),
    sa.Column('place_code', sa.Text(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('stream', sa.Text(), nullable=False),
    sa.Column('category', sa.Text(), nullable=False),
    sa.Column('stage', sa.SmallInteger(), nullable=False),
    sa.Column('written_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('people', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('male', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('female', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('children', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('teens', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('adults', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('elderly', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('disabled', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('amount', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('books', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('ebooks', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('computers', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('bandwidth', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('villages', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('timely', sa.Integer(), server_default=sa.text('0'), nullable=False)
    )
    op.create_table('library',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('name_key', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('province_code', sa.Text(), nullable=False),
    sa.Column('regency_code', sa.Text(), nullable=False),
    sa.Column('village_code', sa.Text(), nullable=True),
    sa.Column('partner_status', sa.Text(), server_default=sa.text("'none'"), nullable=False),
    sa.Column('expected_from', sa.Date(), nullable=False),
    sa.Column('active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('merged_into', sa.Uuid(), nullable=True),
    sa.Column('link_version', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('told_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_library'))
    )
    op.create_index('ix_library_merged_into', 'library', ['merged_into'], unique=False)
    op.create_index('ix_library_name_key', 'library', ['name_key'], unique=False)
    op.create_index('ix_library_regency_code', 'library', ['regency_code'], unique=False)
    op.create_index('ix_library_region_code', 'library', ['region_code'], unique=False)
    op.create_table('library_rollup',
    sa.Column('library_id', sa.Uuid(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('stream', sa.Text(), nullable=False),
    sa.Column('verified', sa.Boolean(), nullable=False),
    sa.Column('place_code', sa.Text(collation='C'), nullable=False),
    sa.Column('reports', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('people', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('male', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('female', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('children', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('teens', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('adults', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('elderly', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('disabled', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('amount', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('books', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('ebooks', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('computers', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('bandwidth', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('villages', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('timely', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('library_id', 'month', 'stream', 'verified', 'place_code', name=op.f('pk_library_rollup'))
    )
    op.create_index('ix_library_rollup_place_code', 'library_rollup', ['place_code', 'month'], unique=False)
    op.create_table('period_lock',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('locked_by', sa.Text(), nullable=False),
    sa.Column('locked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('mark', sa.BigInteger(), nullable=False),
    sa.Column('figures', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('unlocked_by', sa.Text(), nullable=True),
    sa.Column('unlocked_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('reason', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_period_lock'))
    )
    op.create_index('uq_period_lock_region_code_month', 'period_lock', ['region_code', 'month'], unique=True, postgresql_where=sa.text('unlocked_at IS NULL'))
    op.create_table('silent_notice',
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('step', sa.SmallInteger(), nullable=False),
    sa.Column('library_id', sa.Uuid(), nullable=False),
    sa.Column('said_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('month', 'step', 'library_id', name=op.f('pk_silent_notice'))
    )
    op.create_table('recount',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('difference', sa.Integer(), nullable=False),
    sa.Column('checked_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_recount'))
    )
    op.create_table('province_rollup',
    sa.Column('stream', sa.Text(), nullable=False),
    sa.Column('province_code', sa.Text(collation='C'), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('verified', sa.Boolean(), nullable=False),
    sa.Column('reports', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('people', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('male', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('female', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('children', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('teens', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('adults', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('elderly', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('disabled', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('amount', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('books', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('ebooks', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('computers', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('bandwidth', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('villages', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('timely', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('stream', 'province_code', 'month', 'verified', name=op.f('pk_province_rollup'), postgresql_include=['reports', 'people'])
    )
    op.create_table('regency_rollup',
    sa.Column('stream', sa.Text(), nullable=False),
    sa.Column('regency_code', sa.Text(collation='C'), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('verified', sa.Boolean(), nullable=False),
    sa.Column('reports', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('people', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('male', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('female', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('children', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('teens', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('adults', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('elderly', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('disabled', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('amount', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('books', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('ebooks', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('computers', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('bandwidth', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('villages', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('timely', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.PrimaryKeyConstraint('stream', 'regency_code', 'month', 'verified', name=op.f('pk_regency_rollup'))
    )
    op.create_index('ix_regency_rollup_month', 'regency_rollup', ['month'], unique=False)
    op.create_table('target',
    sa.Column('indicator', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('year', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('value > 0', name=op.f('ck_target_value')),
    sa.PrimaryKeyConstraint('indicator', 'region_code', 'year', name=op.f('pk_target'))
    )
    op.create_table('activity',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('library_id', sa.Uuid(), nullable=False),
    sa.Column('stream', sa.Text(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('month', sa.Date(), nullable=False),
    sa.Column('title', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('category', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('fields', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('province_code', sa.Text(), nullable=False),
    sa.Column('regency_code', sa.Text(), nullable=False),
    sa.Column('place_code', sa.Text(), nullable=False),
    sa.Column('stage', sa.SmallInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('revision', sa.Integer(), server_default=sa.text('1'), nullable=False),
    sa.Column('deleted_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('client_ref', sa.Uuid(), nullable=True),
    sa.Column('content_hash', sa.Text(), nullable=False),
    sa.Column('source', sa.Text(), nullable=False),
    sa.Column('import_id', sa.Uuid(), nullable=True),
    sa.Column('confirmed', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('submitted_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('submitted_by', sa.Text(), nullable=False),
    sa.Column('changed_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('people', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('male', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('female', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('children', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('teens', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('adults', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('elderly', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('disabled', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('amount', sa.BigInteger(), server_default=sa.text('0'), nullable=False),
    sa.Column('books', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('ebooks', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('computers', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('bandwidth', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('villages', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('timely', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.CheckConstraint("month = date_trunc('month', day)", name=op.f('ck_activity_month')),
    sa.CheckConstraint('stage BETWEEN -1 AND 3', name=op.f('ck_activity_stage')),
    sa.ForeignKeyConstraint(['library_id'], ['library.id'], name=op.f('fk_activity_library_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_activity')),
    sa.UniqueConstraint('library_id', 'client_ref', name=op.f('uq_activity_library_id_client_ref'))
    )
    op.create_index('ix_activity_day', 'activity', ['day'], unique=False, postgresql_using='brin', postgresql_ops={'day': 'date_minmax_multi_ops'})
    op.create_index('ix_activity_for_national', 'activity', ['id'], unique=False, postgresql_where=sa.text('stage = 2 AND deleted_at IS NULL'))
    op.create_index('ix_activity_import_id', 'activity', ['import_id'], unique=False, postgresql_where=sa.text('import_id IS NOT NULL'))
    op.create_index('ix_activity_library_id_month', 'activity', ['library_id', 'month', 'stream'], unique=False)
    op.create_index('ix_activity_regency_code_id', 'activity', ['regency_code', 'stage', 'id'], unique=False)
    op.create_index('ix_activity_published_story', 'activity', ['id'], unique=False, postgresql_where=sa.text("stream = 'cerita' AND stage = 3 AND deleted_at IS NULL"))
    op.create_index('ix_activity_stocks', 'activity', ['month', 'province_code', 'regency_code'], unique=False, postgresql_where=sa.text("stream = 'peningkatan' AND deleted_at IS NULL"), postgresql_include=['id', 'library_id', 'place_code', 'stage', 'books', 'ebooks', 'computers', 'bandwidth'])
    op.create_table('evidence',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('library_id', sa.Uuid(), nullable=False),
    sa.Column('form_ref', sa.Uuid(), nullable=True),
    sa.Column('activity_id', sa.Uuid(), nullable=True),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('media_type', sa.Text(), nullable=False),
    sa.Column('size', sa.Integer(), nullable=False),
    sa.Column('large', sa.Text(), nullable=False),
    sa.Column('medium', sa.Text(), nullable=True),
    sa.Column('small', sa.Text(), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.CheckConstraint('(form_ref IS NULL) <> (activity_id IS NULL)', name=op.f('ck_evidence_owner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_evidence'))
    )
    op.create_index('ix_evidence_activity_id', 'evidence', ['activity_id'], unique=False, postgresql_where=sa.text('activity_id IS NOT NULL'))
    op.create_index('ix_evidence_form_ref', 'evidence', ['form_ref'], unique=False, postgresql_where=sa.text('form_ref IS NOT NULL'))
    _add_schedules()
    op.create_table('library_match',
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('scope', sa.Text(), nullable=False),
    sa.Column('library_id', sa.Uuid(), nullable=True),
    sa.Column('region_code', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('decided_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('key', 'scope', name=op.f('pk_library_match'))
    )
    op.create_table('region_move',
    sa.Column('id', sa.BigInteger(), sa.Identity(always=True), nullable=False),
    sa.Column('from_code', sa.Text(), nullable=False),
    sa.Column('to_code', sa.Text(), nullable=False),
    sa.Column('valid_from', sa.Date(), nullable=False),
    sa.Column('actor', sa.Text(), nullable=False),
    sa.Column('moved', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.CheckConstraint('from_code <> to_code', name=op.f('ck_region_move_codes')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_region_move')),
    sa.UniqueConstraint('from_code', 'to_code', 'valid_from', name=op.f('uq_region_move_from_code_to_code_valid_from'))
    )
    op.create_table('sim_import',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('account', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('file_name', sa.Text(), nullable=False),
    sa.Column('stored', sa.Text(), nullable=False),
    sa.Column('stream', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('period', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('with_twins', sa.Boolean(), server_default=sa.text('false'), nullable=False),
    sa.Column('state', sa.Text(), server_default=sa.text("'reading'"), nullable=False),
    sa.Column('total', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('done', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('rows', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('error', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('attempts', sa.Integer(), server_default=sa.text('0'), nullable=False),
    sa.Column('lease_until', sa.DateTime(timezone=True), nullable=True),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.Column('taken_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('finished_at', sa.DateTime(timezone=True), nullable=True),
    sa.Column('undo_name', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('undo_role', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('undo_region', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('kept', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.CheckConstraint("state IN ('reading', 'ready', 'taking', 'done', 'undoing', 'undone', 'failed', 'cancelled')", name=op.f('ck_sim_import_state')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_sim_import'))
    )
    op.create_index('ix_sim_import_open', 'sim_import', ['created_at'], unique=False, postgresql_where=sa.text("state IN ('reading', 'taking', 'undoing')"))
    op.create_index('ix_sim_import_region_code', 'sim_import', ['region_code', 'id'], unique=False)
    op.create_table('sim_place',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('key', sa.Text(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('place', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('library_id', sa.Uuid(), nullable=True),
    sa.Column('status', sa.Text(), server_default=sa.text("'open'"), nullable=False),
    sa.Column('compared', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.ForeignKeyConstraint(['import_id'], ['sim_import.id'], name=op.f('fk_sim_place_import_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'key', name=op.f('pk_sim_place'))
    )
    op.create_index('ix_sim_place_library_id', 'sim_place', ['library_id'], unique=False)
    op.create_index('ix_sim_place_to_compare', 'sim_place', ['import_id'], unique=False, postgresql_where=sa.text('NOT compared'))
    op.create_table('sim_row',
    sa.Column('import_id', sa.Uuid(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('place_key', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('content', sa.Uuid(), nullable=False),
    sa.Column('occurrence', sa.Integer(), server_default=sa.text('1'), nullable=False),
    sa.Column('twin', sa.Uuid(), nullable=False),
    sa.Column('report', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('errors', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('notes', postgresql.JSONB(astext_type=sa.Text()), server_default=sa.text("'{}'"), nullable=False),
    sa.Column('outcome', sa.Text(), server_default=sa.text("''"), nullable=False),
    sa.Column('known', sa.Boolean(), nullable=True),
    sa.ForeignKeyConstraint(['import_id'], ['sim_import.id'], name=op.f('fk_sim_row_import_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('import_id', 'number', name=op.f('pk_sim_row'))
    )
    op.create_index('ix_sim_row_content', 'sim_row', ['import_id', 'content'], unique=False)
    op.create_index('ix_sim_row_twin', 'sim_row', ['import_id', 'twin'], unique=False)
    op.create_index('ix_sim_row_place_key', 'sim_row', ['import_id', 'place_key', 'number'], unique=False)
    _add_triggers()


def _add_schedules() -> None:
    op.add_column('report_job', sa.Column('schedule_id', sa.Uuid(), nullable=True))
    op.create_index('ix_report_job_requested_by_started_at', 'report_job', ['requested_by', 'started_at'], unique=False)
    op.create_table('reader',
    sa.Column('account_id', sa.Text(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('name', sa.Text(), nullable=False),
    sa.Column('role', sa.Text(), nullable=False),
    sa.Column('region_code', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('account_id', name=op.f('pk_reader'))
    )
    op.create_table('report_schedule',
    sa.Column('id', sa.Uuid(), nullable=False),
    sa.Column('owner', sa.Text(), nullable=False),
    sa.Column('kind', sa.Text(), nullable=False),
    sa.Column('format', sa.Text(), nullable=False),
    sa.Column('params', postgresql.JSONB(astext_type=sa.Text()), nullable=False),
    sa.Column('every', sa.Text(), nullable=False),
    sa.Column('cron', sa.Text(), nullable=False),
    sa.Column('zone', sa.Text(), nullable=False),
    sa.Column('active', sa.Boolean(), server_default=sa.text('true'), nullable=False),
    sa.Column('next_at', sa.DateTime(timezone=True), nullable=False),
    sa.Column('created_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_report_schedule'))
    )
    op.create_index('ix_report_schedule_next_at', 'report_schedule', ['next_at'], unique=False, postgresql_where=sa.text('active'))
    op.create_index('ix_report_schedule_owner_id', 'report_schedule', ['owner', 'id'], unique=False)
    op.create_table('schedule_slot',
    sa.Column('schedule_id', sa.Uuid(), nullable=False),
    sa.Column('slot', sa.DateTime(timezone=True), nullable=False),
    sa.Column('report_id', sa.Uuid(), nullable=True),
    sa.Column('refused', sa.Text(), nullable=True),
    sa.Column('happened_at', sa.DateTime(timezone=True), server_default=sa.text('now()'), nullable=False),
    sa.ForeignKeyConstraint(['schedule_id'], ['report_schedule.id'], name=op.f('fk_schedule_slot_schedule_id'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('schedule_id', 'slot', name=op.f('pk_schedule_slot'))
    )


def downgrade() -> None:
    op.drop_index('ix_sim_row_place_key', table_name='sim_row')
    op.drop_index('ix_sim_row_twin', table_name='sim_row')
    op.drop_index('ix_sim_row_content', table_name='sim_row')
    op.drop_table('sim_row')
    op.drop_index('ix_sim_place_to_compare', table_name='sim_place', postgresql_where=sa.text('NOT compared'))
    op.drop_index('ix_sim_place_library_id', table_name='sim_place')
    op.drop_table('sim_place')
    op.drop_index('ix_sim_import_region_code', table_name='sim_import')
    op.drop_index('ix_sim_import_open', table_name='sim_import', postgresql_where=sa.text("state IN ('reading', 'taking', 'undoing')"))
    op.drop_table('sim_import')
    op.drop_table('region_move')
    op.drop_table('library_match')
    op.drop_table('schedule_slot')
    op.drop_index('ix_report_schedule_owner_id', table_name='report_schedule')
    op.drop_index('ix_report_schedule_next_at', table_name='report_schedule', postgresql_where=sa.text('active'))
    op.drop_table('report_schedule')
    op.drop_table('reader')
    op.drop_index('ix_report_job_requested_by_started_at', table_name='report_job')
    op.drop_column('report_job', 'schedule_id')
    op.drop_index('ix_evidence_form_ref', table_name='evidence', postgresql_where=sa.text('form_ref IS NOT NULL'))
    op.drop_index('ix_evidence_activity_id', table_name='evidence', postgresql_where=sa.text('activity_id IS NOT NULL'))
    op.drop_table('evidence')
    op.drop_table('target')
    op.drop_index('ix_activity_stocks', table_name='activity', postgresql_where=sa.text("stream = 'peningkatan' AND deleted_at IS NULL"), postgresql_include=['id', 'library_id', 'place_code', 'stage', 'books', 'ebooks', 'computers', 'bandwidth'])
    op.drop_index('ix_activity_published_story', table_name='activity', postgresql_where=sa.text("stream = 'cerita' AND stage = 3 AND deleted_at IS NULL"))
    op.drop_index('ix_activity_regency_code_id', table_name='activity')
    op.drop_index('ix_activity_library_id_month', table_name='activity')
    op.drop_index('ix_activity_for_national', table_name='activity', postgresql_where=sa.text('stage = 2 AND deleted_at IS NULL'))
    op.drop_index('ix_activity_import_id', table_name='activity', postgresql_where=sa.text('import_id IS NOT NULL'))
    op.drop_index('ix_activity_day', table_name='activity', postgresql_using='brin', postgresql_ops={'day': 'date_minmax_multi_ops'})
    op.drop_table('activity')
    op.drop_index('ix_regency_rollup_month', table_name='regency_rollup')
    op.drop_table('regency_rollup')
    op.drop_table('province_rollup')
    op.drop_table('recount')
    op.drop_table('silent_notice')
    op.drop_index('uq_period_lock_region_code_month', table_name='period_lock', postgresql_where=sa.text('unlocked_at IS NULL'))
    op.drop_table('period_lock')
    op.drop_index('ix_library_rollup_place_code', table_name='library_rollup')
    op.drop_table('library_rollup')
    op.drop_index('ix_library_region_code', table_name='library')
    op.drop_index('ix_library_regency_code', table_name='library')
    op.drop_index('ix_library_name_key', table_name='library')
    op.drop_index('ix_library_merged_into', table_name='library')
    op.drop_table('library')
    op.drop_table('delta')
    op.drop_table('category_rollup')
    op.drop_index('ix_activity_change_activity_id', table_name='activity_change')
    op.drop_table('activity_change')
    for event in TRIGGERS:
        op.execute(f"DROP FUNCTION activity_{event}_delta")
