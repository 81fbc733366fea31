"""The first schema of the main database."""

import sqlalchemy as sa
from alembic import op

revision = "main_first_78ca4d47"
down_revision = None


def upgrade() -> None:
    create_tables()
    # The ends of the chain of the audit log, which has no line yet.
    op.execute("INSERT INTO audit_chain (id, number, hash, gone, gone_hash) VALUES (1, 0, '', 0, '')")
    # The counter of the network; those of offices and kinds are added with their first change.
    op.execute("INSERT INTO change_counter (name, number, changed_at) VALUES ('red', 1, CURRENT_TIMESTAMP)")


# `outreach db revision --first` writes what follows from the models.
def create_tables() -> None:
    op.create_table('audit_chain',
    sa.Column('id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.Column('gone', sa.Integer(), nullable=False),
    sa.Column('gone_hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_chain'))
    )
    op.create_table('challenge',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('purpose', sa.String(length=90), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('kept', sa.Text(), nullable=False),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_challenge'))
    )
    op.create_index(op.f('ix_challenge_ends_at'), 'challenge', ['ends_at'], unique=False)
    op.create_table('change_counter',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_change_counter'))
    )
    op.create_table('figure_series',
    sa.Column('code', sa.String(length=60), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('label', sa.JSON(), nullable=False),
    sa.Column('unit', sa.String(length=40), nullable=False),
    sa.Column('provided_by', sa.String(length=120), nullable=False),
    sa.Column('part_of', sa.String(length=60), nullable=True),
    sa.Column('wording', sa.JSON(none_as_null=True), nullable=True),
    sa.ForeignKeyConstraint(['part_of'], ['figure_series.code'], name=op.f('fk_figure_series_part_of_figure_series')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_figure_series'))
    )
    op.create_table('fraud_count',
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('sign', sa.String(length=20), nullable=False),
    sa.Column('reports', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('day', 'sign', name=op.f('pk_fraud_count'))
    )
    op.create_table('installation_setting',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('value', sa.String(length=254), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_installation_setting'))
    )
    op.create_table('job_lock',
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('holder', sa.String(length=40), nullable=False),
    sa.Column('until', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('name', name=op.f('pk_job_lock'))
    )
    op.create_table('kind',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('code', sa.String(length=40), nullable=False),
    sa.Column('position', sa.Integer(), nullable=False),
    sa.Column('is_core', sa.Boolean(), nullable=False),
    sa.Column('name', sa.JSON(), nullable=False),
    sa.Column('short_name', sa.JSON(), nullable=False),
    sa.Column('description', sa.JSON(), nullable=False),
    sa.Column('sensitivity', sa.String(length=20), nullable=False),
    sa.Column('is_discreet', sa.Boolean(), nullable=False),
    sa.Column('neutral_title', sa.JSON(), nullable=False),
    sa.Column('public_code', sa.String(length=40), nullable=False),
    sa.Column('neutral_code', sa.String(length=4), nullable=True),
    sa.Column('countries', sa.String(length=120), nullable=False),
    sa.Column('sign', sa.String(length=20), nullable=False),
    sa.Column('pictogram', sa.String(length=20), nullable=False),
    sa.Column('colour', sa.String(length=7), nullable=False),
    sa.Column('minutes', sa.Integer(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('party_limit', sa.Integer(), nullable=False),
    sa.Column('way', sa.String(length=20), nullable=False),
    sa.Column('slot_minutes', sa.Integer(), nullable=True),
    sa.Column('opens_days', sa.Integer(), nullable=True),
    sa.Column('confirm_days', sa.Integer(), nullable=True),
    sa.Column('frees_silence', sa.Boolean(), nullable=False),
    sa.Column('retention_days', sa.Integer(), nullable=False),
    sa.Column('visibility', sa.String(length=20), nullable=False),
    sa.Column('has_reminders', sa.Boolean(), nullable=False),
    sa.Column('bring', sa.JSON(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('is_women_only', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('topic', sa.JSON(), server_default='{}', nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_kind')),
    sa.UniqueConstraint('code', name=op.f('uq_kind_code')),
    sa.UniqueConstraint('public_code', name=op.f('uq_kind_public_code'))
    )
    op.create_index(op.f('ix_kind_neutral_code'), 'kind', ['neutral_code'], unique=True)
    op.create_table('log_entry',
    sa.Column('position', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('leaf', sa.Text(), nullable=False),
    sa.Column('checkpoint', sa.Text(), nullable=False),
    sa.Column('verifier', sa.String(length=400), nullable=False),
    sa.PrimaryKeyConstraint('position', name=op.f('pk_log_entry')),
    sa.UniqueConstraint('month', 'revision', name=op.f('uq_log_entry_month_revision'))
    )
    op.create_table('office',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('slug', sa.String(length=40), nullable=False),
    sa.Column('name', sa.JSON(), nullable=False),
    sa.Column('rank', sa.String(length=40), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('extra_zones', sa.String(length=120), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=False),
    sa.Column('longitude', sa.Double(), nullable=False),
    sa.Column('was_open_in_january_2020', sa.Boolean(), nullable=False),
    sa.Column('opened_on', sa.Date(), nullable=True),
    sa.Column('closed_on', sa.Date(), nullable=True),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('website', sa.String(length=200), nullable=False),
    sa.Column('district', sa.Text(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('hours', sa.JSON(), nullable=False),
    sa.Column('access', sa.JSON(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_office')),
    sa.UniqueConstraint('slug', name=op.f('uq_office_slug'))
    )
    op.create_index(op.f('ix_office_region'), 'office', ['region'], unique=False)
    op.create_table('partner_network',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('url', sa.String(length=500), nullable=False),
    sa.Column('host', sa.String(length=260), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('public_key', sa.String(length=43), nullable=False),
    sa.Column('etag', sa.String(length=100), nullable=False),
    sa.Column('generated_at', sa.DateTime(), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.Column('answered_at', sa.DateTime(), nullable=False),
    sa.Column('fault', sa.String(length=300), nullable=False),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner_network')),
    sa.UniqueConstraint('host', name=op.f('uq_partner_network_host'))
    )
    op.create_table('public_change',
    sa.Column('public_id', sa.String(length=26), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('is_withdrawn', sa.Boolean(), nullable=False),
    sa.PrimaryKeyConstraint('public_id', name=op.f('pk_public_change'))
    )
    op.create_index(op.f('ix_public_change_changed_at_public_id'), 'public_change', ['changed_at', 'public_id'], unique=False)
    op.create_table('published_file',
    sa.Column('month', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('revision', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('content', sa.LargeBinary(), nullable=False),
    sa.PrimaryKeyConstraint('month', 'revision', 'name', name=op.f('pk_published_file'))
    )
    op.create_table('staff_member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('email', sa.String(length=254), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('password', sa.String(length=200), nullable=True),
    sa.Column('disabled_at', sa.DateTime(), nullable=True),
    sa.Column('signed_in_at', sa.DateTime(), nullable=True),
    sa.Column('invited_at', sa.DateTime(), nullable=True),
    sa.Column('invited_by_id', sa.Integer(), nullable=True),
    sa.Column('language', sa.String(length=5), server_default='es', nullable=False),
    sa.ForeignKeyConstraint(['invited_by_id'], ['staff_member.id'], name=op.f('fk_staff_member_invited_by_id_staff_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_staff_member')),
    sa.UniqueConstraint('email', name=op.f('uq_staff_member_email'))
    )
    op.create_index(op.f('ix_staff_member_invited_at'), 'staff_member', ['invited_at'], unique=False)
    op.create_index(op.f('ix_staff_member_invited_by_id'), 'staff_member', ['invited_by_id'], unique=False)
    op.create_table('subscriber',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('token', sa.LargeBinary(length=32), nullable=False),
    sa.Column('lang', sa.String(length=2), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.Column('confirmed_at', sa.DateTime(), nullable=True),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_subscriber')),
    sa.UniqueConstraint('key_id', name=op.f('uq_subscriber_key_id')),
    sa.UniqueConstraint('token', name=op.f('uq_subscriber_token'))
    )
    op.create_table('unmet_search_count',
    sa.Column('week', sa.Date(), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('kind_id', sa.Integer(), autoincrement=False, nullable=False),
    sa.Column('searches', sa.Integer(), nullable=False),
    sa.PrimaryKeyConstraint('week', 'region', 'kind_id', name=op.f('pk_unmet_search_count'))
    )
    op.create_table('bulletin_edition',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('revision', sa.Integer(), nullable=False),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('happened', sa.JSON(), nullable=False),
    sa.Column('ahead', sa.JSON(), nullable=False),
    sa.Column('correction', sa.JSON(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('edited_at', sa.DateTime(), nullable=False),
    sa.Column('edited_by_id', sa.Integer(), nullable=True),
    sa.Column('published_at', sa.DateTime(), nullable=True),
    sa.Column('published_by_id', sa.Integer(), nullable=True),
    sa.Column('frozen', sa.Text(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('mail', sa.String(length=20), nullable=True),
    sa.Column('mail_decided_at', sa.DateTime(), nullable=True),
    sa.Column('withdrawn_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['edited_by_id'], ['staff_member.id'], name=op.f('fk_bulletin_edition_edited_by_id_staff_member')),
    sa.ForeignKeyConstraint(['published_by_id'], ['staff_member.id'], name=op.f('fk_bulletin_edition_published_by_id_staff_member')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_bulletin_edition')),
    sa.UniqueConstraint('month', 'number', name=op.f('uq_bulletin_edition_month_number'))
    )
    op.create_table('calendar_link',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=20), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('sealed_address', sa.LargeBinary(), nullable=False),
    sa.Column('address_mark', sa.String(length=64), nullable=False),
    sa.Column('is_daily', sa.Boolean(), nullable=False),
    sa.Column('added_at', sa.DateTime(), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=False),
    sa.Column('read_at', sa.DateTime(), nullable=True),
    sa.Column('etag', sa.String(length=200), nullable=False),
    sa.Column('last_modified', sa.String(length=60), nullable=False),
    sa.Column('fault', sa.String(length=60), nullable=False),
    sa.Column('taken', sa.JSON(), nullable=False),
    sa.Column('report', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_calendar_link_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_calendar_link')),
    sa.UniqueConstraint('office_id', 'address_mark', name=op.f('uq_calendar_link_office_id_address_mark')),
    sa.UniqueConstraint('public_id', name=op.f('uq_calendar_link_public_id'))
    )
    op.create_index(op.f('ix_calendar_link_office_id'), 'calendar_link', ['office_id'], unique=False)
    op.create_table('calendar_token',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('token_hash', sa.String(length=64), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_calendar_token_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', name=op.f('pk_calendar_token')),
    sa.UniqueConstraint('token_hash', name=op.f('uq_calendar_token_token_hash'))
    )
    op.create_table('early_access',
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('first_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_early_access_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('month', 'organizer_id', name=op.f('pk_early_access'))
    )
    op.create_table('form_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('form', sa.String(length=60), nullable=False),
    sa.Column('office', sa.String(length=40), nullable=False),
    sa.Column('fields', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_form_draft_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_form_draft')),
    sa.UniqueConstraint('organizer_id', 'form', name=op.f('uq_form_draft_organizer_id_form'))
    )
    op.create_index(op.f('ix_form_draft_saved_at'), 'form_draft', ['saved_at'], unique=False)
    op.create_table('import_batch',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=20), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('lines', sa.Integer(), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('packed', sa.LargeBinary(), nullable=False),
    sa.Column('marks', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_import_batch_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_batch')),
    sa.UniqueConstraint('public_id', name=op.f('uq_import_batch_public_id'))
    )
    op.create_index(op.f('ix_import_batch_made_at'), 'import_batch', ['made_at'], unique=False)
    op.create_index(op.f('ix_import_batch_organizer_id'), 'import_batch', ['organizer_id'], unique=False)
    op.create_table('import_draft',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=20), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('packed', sa.LargeBinary(), nullable=False),
    sa.Column('answers', sa.JSON(), nullable=False),
    sa.Column('loads', sa.JSON(), nullable=False),
    sa.Column('pending', sa.Integer(), nullable=False),
    sa.Column('version', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_import_draft_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_import_draft')),
    sa.UniqueConstraint('public_id', name=op.f('uq_import_draft_public_id'))
    )
    op.create_index(op.f('ix_import_draft_made_at'), 'import_draft', ['made_at'], unique=False)
    op.create_index(op.f('ix_import_draft_office_id'), 'import_draft', ['office_id'], unique=False)
    op.create_table('import_memory',
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('columns', sa.JSON(), nullable=False),
    sa.Column('kinds', sa.JSON(), nullable=False),
    sa.Column('venues', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_import_memory_office_id_office')),
    sa.PrimaryKeyConstraint('office_id', name=op.f('pk_import_memory'))
    )
    op.create_table('invitation',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('made_by_id', sa.Integer(), nullable=True),
    sa.Column('opened_at', sa.DateTime(), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.ForeignKeyConstraint(['made_by_id'], ['staff_member.id'], name=op.f('fk_invitation_made_by_id_staff_member'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_invitation_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_invitation'))
    )
    op.create_index(op.f('ix_invitation_organizer_id'), 'invitation', ['organizer_id'], unique=False)
    op.create_table('joint_workshop',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('network_id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=200), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('kind_code', sa.String(length=40), nullable=False),
    sa.Column('kind_name', sa.JSON(), nullable=False),
    sa.Column('starts_at', sa.DateTime(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('country', sa.String(length=2), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=True),
    sa.Column('longitude', sa.Double(), nullable=True),
    sa.Column('attendance', sa.String(length=20), nullable=False),
    sa.Column('place', sa.String(length=120), nullable=False),
    sa.Column('languages', sa.String(length=120), nullable=False),
    sa.Column('urls', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['network_id'], ['partner_network.id'], name=op.f('fk_joint_workshop_network_id_partner_network'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_joint_workshop')),
    sa.UniqueConstraint('network_id', 'uid', name=op.f('uq_joint_workshop_network_id_uid'))
    )
    op.create_index(op.f('ix_joint_workshop_ends_at'), 'joint_workshop', ['ends_at'], unique=False)
    op.create_table('mail_choice',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('digest_hour', sa.Integer(), nullable=False),
    sa.Column('unwanted', sa.String(length=120), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_mail_choice_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', name=op.f('pk_mail_choice'))
    )
    op.create_table('mailing',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('topic', sa.String(length=20), nullable=False),
    sa.Column('subscriber_id', sa.String(length=26), nullable=True),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('month', sa.Integer(), nullable=True),
    sa.Column('edition', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_mailing_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['subscriber_id'], ['subscriber.id'], name=op.f('fk_mailing_subscriber_id_subscriber'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_mailing'))
    )
    op.create_index(op.f('ix_mailing_done_at_due_at'), 'mailing', ['done_at', 'due_at'], unique=False)
    op.create_index(op.f('ix_mailing_subscriber_id'), 'mailing', ['subscriber_id'], unique=False)
    op.create_table('message_text',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('paragraph', sa.JSON(), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_message_text_office_id_office'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message_text')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_message_text_office_id_name'))
    )
    op.create_table('month_revision',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('cut', sa.DateTime(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('frozen', sa.Text(), nullable=False),
    sa.Column('changes', sa.JSON(), nullable=False),
    sa.Column('reopened_at', sa.DateTime(), nullable=True),
    sa.Column('reopened_by_id', sa.Integer(), nullable=True),
    sa.Column('reopen_reason', sa.String(length=300), nullable=False),
    sa.Column('released_at', sa.DateTime(), nullable=True),
    sa.Column('scheduled_at', sa.DateTime(), nullable=True),
    sa.Column('public_cause', sa.String(length=10), nullable=True),
    sa.Column('counted', sa.JSON(), nullable=True),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_month_revision_organizer_id_staff_member'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['reopened_by_id'], ['staff_member.id'], name=op.f('fk_month_revision_reopened_by_id_staff_member'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_month_revision')),
    sa.UniqueConstraint('month', 'number', name=op.f('uq_month_revision_month_number'))
    )
    op.create_index('ix_month_revision_release', 'month_revision', ['month', 'released_at'], unique=False)
    op.create_table('monthly_figure',
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('series', sa.String(length=60), nullable=False),
    sa.Column('value', sa.BigInteger(), nullable=False),
    sa.Column('source', sa.String(length=200), nullable=False),
    sa.Column('entered_at', sa.DateTime(), nullable=False),
    sa.Column('entered_by_id', sa.Integer(), nullable=True),
    sa.ForeignKeyConstraint(['entered_by_id'], ['staff_member.id'], name=op.f('fk_monthly_figure_entered_by_id_staff_member')),
    sa.ForeignKeyConstraint(['series'], ['figure_series.code'], name=op.f('fk_monthly_figure_series_figure_series')),
    sa.PrimaryKeyConstraint('month', 'series', name=op.f('pk_monthly_figure'))
    )
    op.create_table('office_month',
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('complete_at', sa.DateTime(), nullable=True),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('reminded_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_office_month_office_id_office')),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_office_month_organizer_id_staff_member'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('office_id', 'month', name=op.f('pk_office_month'))
    )
    op.create_table('office_place',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=80), nullable=False),
    sa.Column('words', sa.String(length=80), nullable=False),
    sa.Column('meaning', sa.String(length=120), nullable=False),
    sa.Column('parent', sa.String(length=80), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=False),
    sa.Column('longitude', sa.Double(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_office_place_office_id_office'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_office_place')),
    sa.UniqueConstraint('office_id', 'words', name=op.f('uq_office_place_office_id_words'))
    )
    op.create_index(op.f('ix_office_place_words'), 'office_place', ['words'], unique=False)
    op.create_table('partner',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('kind', sa.String(length=20), nullable=False),
    sa.Column('link', sa.String(length=200), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('is_shown', sa.Boolean(), nullable=False),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_partner_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_partner')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_partner_office_id_name'))
    )
    op.create_table('passkey',
    sa.Column('id', sa.LargeBinary(length=1023), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('public_key', sa.LargeBinary(), nullable=False),
    sa.Column('sign_count', sa.BigInteger(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('used_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_passkey_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_passkey'))
    )
    op.create_index(op.f('ix_passkey_organizer_id'), 'passkey', ['organizer_id'], unique=False)
    op.create_table('recovery_code',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('mark', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_recovery_code_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', 'mark', name=op.f('pk_recovery_code'))
    )
    op.create_table('role_assignment',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('office', sa.String(length=40), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_role_assignment_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', 'office', name=op.f('pk_role_assignment'))
    )
    op.create_table('roster_member',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=True),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('languages', sa.String(length=120), nullable=False),
    sa.Column('is_by_phone', sa.Boolean(), nullable=False),
    sa.Column('lang', sa.String(length=2), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('has_email', sa.Boolean(), nullable=False),
    sa.Column('feed_hash', sa.String(length=64), nullable=True),
    sa.Column('feed_made_at', sa.DateTime(), nullable=True),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_roster_member_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_member')),
    sa.UniqueConstraint('feed_hash', name=op.f('uq_roster_member_feed_hash')),
    sa.UniqueConstraint('key_id', name=op.f('uq_roster_member_key_id'))
    )
    op.create_index(op.f('ix_roster_member_office_id'), 'roster_member', ['office_id'], unique=False)
    op.create_table('saved_view',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=40), nullable=False),
    sa.Column('query', sa.String(length=600), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_saved_view_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_view')),
    sa.UniqueConstraint('organizer_id', 'name', name=op.f('uq_saved_view_organizer_id_name'))
    )
    op.create_table('sent_digest',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_sent_digest_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', 'day', name=op.f('pk_sent_digest'))
    )
    op.create_index(op.f('ix_sent_digest_made_at'), 'sent_digest', ['made_at'], unique=False)
    op.create_table('staff_device',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('device', sa.String(length=60), nullable=False),
    sa.Column('first_seen_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_staff_device_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', 'device', name=op.f('pk_staff_device'))
    )
    op.create_table('staff_session',
    sa.Column('digest', sa.String(length=64), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('started_at', sa.DateTime(), nullable=False),
    sa.Column('seen_at', sa.DateTime(), nullable=False),
    sa.Column('proven_at', sa.DateTime(), nullable=True),
    sa.Column('device', sa.String(length=60), nullable=False),
    sa.Column('rights', sa.String(length=16), nullable=False),
    sa.Column('ended_at', sa.DateTime(), nullable=True),
    sa.Column('refused_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_staff_session_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_staff_session'))
    )
    op.create_index(op.f('ix_staff_session_organizer_id'), 'staff_session', ['organizer_id'], unique=False)
    op.create_table('totp_secret',
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('tries_since', sa.DateTime(), nullable=False),
    sa.Column('last_step', sa.Integer(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_totp_secret_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('organizer_id', name=op.f('pk_totp_secret'))
    )
    op.create_table('tour',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('nonce', sa.String(length=40), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_tour_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tour')),
    sa.UniqueConstraint('nonce', name=op.f('uq_tour_nonce'))
    )
    op.create_index(op.f('ix_tour_office_id'), 'tour', ['office_id'], unique=False)
    op.create_table('venue',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('address', sa.String(length=200), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('area', sa.String(length=120), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('latitude', sa.Double(), nullable=True),
    sa.Column('longitude', sa.Double(), nullable=True),
    sa.Column('near_latitude', sa.Double(), nullable=False),
    sa.Column('near_longitude', sa.Double(), nullable=False),
    sa.Column('city_plain', sa.String(length=80), nullable=False),
    sa.Column('is_step_free', sa.Boolean(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('access', sa.JSON(), nullable=False),
    sa.Column('is_own_room', sa.Boolean(), nullable=False),
    sa.Column('meeting_point', sa.JSON(), nullable=False),
    sa.Column('landmark', sa.JSON(), nullable=False),
    sa.Column('transit', sa.JSON(), nullable=False),
    sa.Column('checkpoint', sa.JSON(), nullable=False),
    sa.Column('entrance', sa.String(length=10), nullable=False),
    sa.Column('affirmed_on', sa.Date(), nullable=True),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.Column('is_unverified', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('merged_into_id', sa.Integer(), nullable=True),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('search_text', sa.String(length=600), server_default='', nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_venue_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue')),
    sa.UniqueConstraint('office_id', 'name', 'address', 'city', name=op.f('uq_venue_office_id_name_address_city'))
    )
    op.create_index(op.f('ix_venue_city_plain'), 'venue', ['city_plain'], unique=False)
    op.create_table('workshop_series',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('uid', sa.String(length=20), server_default='', nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('is_joint', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_workshop_series_office_id_office')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop_series')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_workshop_series_office_id_name'))
    )
    op.create_index(op.f('ix_workshop_series_uid'), 'workshop_series', ['uid'], unique=True)
    op.create_table('workshop_template',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('fields', sa.Text(), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_workshop_template_office_id_office'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop_template')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_workshop_template_office_id_name'))
    )
    op.create_table('interrupted_form',
    sa.Column('session_digest', sa.String(length=64), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.Column('saved_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['session_digest'], ['staff_session.digest'], name=op.f('fk_interrupted_form_session_digest_staff_session'), onupdate='CASCADE', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('session_digest', name=op.f('pk_interrupted_form'))
    )
    op.create_index(op.f('ix_interrupted_form_saved_at'), 'interrupted_form', ['saved_at'], unique=False)
    op.create_table('roster_absence',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('first_day', sa.Date(), nullable=False),
    sa.Column('last_day', sa.Date(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['roster_member.id'], name=op.f('fk_roster_absence_member_id_roster_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_absence'))
    )
    op.create_index(op.f('ix_roster_absence_member_id'), 'roster_absence', ['member_id'], unique=False)
    op.create_table('speaker',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=120), nullable=False),
    sa.Column('partner_id', sa.Integer(), nullable=True),
    sa.Column('is_shown', sa.Boolean(), nullable=False),
    sa.Column('retired_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_speaker_office_id_office')),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_speaker_partner_id_partner')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_speaker')),
    sa.UniqueConstraint('office_id', 'name', name=op.f('uq_speaker_office_id_name'))
    )
    op.create_index(op.f('ix_speaker_partner_id'), 'speaker', ['partner_id'], unique=False)
    op.create_table('tour_stop',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('tour_id', sa.Integer(), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=False),
    sa.Column('ends', sa.Time(), nullable=False),
    sa.Column('city', sa.String(length=80), nullable=False),
    sa.Column('region', sa.String(length=6), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('kinds', sa.String(length=120), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['tour_id'], ['tour.id'], name=op.f('fk_tour_stop_tour_id_tour'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_tour_stop_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_tour_stop'))
    )
    op.create_index(op.f('ix_tour_stop_tour_id'), 'tour_stop', ['tour_id'], unique=False)
    op.create_table('venue_merge',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('kept_id', sa.Integer(), nullable=False),
    sa.Column('merged_id', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('undone_at', sa.DateTime(), nullable=True),
    sa.Column('kept_before', sa.JSON(), nullable=False),
    sa.Column('merged_before', sa.JSON(), nullable=False),
    sa.Column('kept_after', sa.JSON(), nullable=False),
    sa.Column('workshops', sa.JSON(), nullable=False),
    sa.Column('stops', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['kept_id'], ['venue.id'], name=op.f('fk_venue_merge_kept_id_venue')),
    sa.ForeignKeyConstraint(['merged_id'], ['venue.id'], name=op.f('fk_venue_merge_merged_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_venue_merge'))
    )
    op.create_index(op.f('ix_venue_merge_kept_id'), 'venue_merge', ['kept_id'], unique=False)
    op.create_table('working_hours',
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('weekday', sa.Integer(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=False),
    sa.Column('ends', sa.Time(), nullable=False),
    sa.ForeignKeyConstraint(['member_id'], ['roster_member.id'], name=op.f('fk_working_hours_member_id_roster_member'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('member_id', 'weekday', name=op.f('pk_working_hours'))
    )
    op.create_table('place_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('office', sa.String(length=40), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('stop_id', sa.Integer(), nullable=True),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.Column('drafts', sa.JSON(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['stop_id'], ['tour_stop.id'], name=op.f('fk_place_change_stop_id_tour_stop'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_place_change_venue_id_venue'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_place_change')),
    sa.UniqueConstraint('batch', name=op.f('uq_place_change_batch'))
    )
    op.create_index(op.f('ix_place_change_made_at'), 'place_change', ['made_at'], unique=False)
    op.create_table('workshop',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('public_id', sa.String(length=26), nullable=False),
    sa.Column('uid', sa.String(length=26), nullable=False),
    sa.Column('has_neutral_uid', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('external_id', sa.String(length=120), nullable=True),
    sa.Column('is_synthetic', sa.Boolean(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('kind_id', sa.Integer(), nullable=False),
    sa.Column('venue_id', sa.Integer(), nullable=True),
    sa.Column('series_id', sa.Integer(), nullable=True),
    sa.Column('stop_id', sa.Integer(), nullable=True),
    sa.Column('title', sa.JSON(), nullable=False),
    sa.Column('summary', sa.JSON(), nullable=False),
    sa.Column('bring', sa.JSON(), nullable=False),
    sa.Column('mode', sa.String(length=20), nullable=False),
    sa.Column('way', sa.String(length=20), nullable=False),
    sa.Column('visibility', sa.String(length=20), nullable=False),
    sa.Column('languages', sa.String(length=120), nullable=False),
    sa.Column('interpretation', sa.String(length=120), nullable=False),
    sa.Column('has_childcare', sa.Boolean(), nullable=False),
    sa.Column('facilitator', sa.String(length=120), nullable=False),
    sa.Column('phone', sa.String(length=40), nullable=False),
    sa.Column('online_url', sa.String(length=400), nullable=False),
    sa.Column('live_url', sa.String(length=400), server_default='', nullable=False),
    sa.Column('is_discreet', sa.Boolean(), nullable=False),
    sa.Column('was_pushed', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('zone', sa.String(length=40), nullable=False),
    sa.Column('day', sa.Date(), nullable=False),
    sa.Column('starts', sa.Time(), nullable=False),
    sa.Column('ends', sa.Time(), nullable=False),
    sa.Column('starts_at', sa.DateTime(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('calendar_zone', sa.String(length=40), server_default='UTC', nullable=False),
    sa.Column('is_second_hour', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('month', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('overbooked', sa.Integer(), nullable=False),
    sa.Column('seats_left', sa.Integer(), nullable=False),
    sa.Column('held_seats', sa.Integer(), server_default='0', nullable=False),
    sa.Column('undo_until', sa.DateTime(), nullable=True),
    sa.Column('shown_seats', sa.Integer(), nullable=False),
    sa.Column('shown_used_up', sa.String(length=120), nullable=False),
    sa.Column('slot_minutes', sa.Integer(), nullable=True),
    sa.Column('slot_places', sa.Integer(), nullable=False),
    sa.Column('support', sa.JSON(), nullable=False),
    sa.Column('opens_days', sa.Integer(), nullable=True),
    sa.Column('confirm_days', sa.Integer(), nullable=True),
    sa.Column('frees_silence', sa.Boolean(), nullable=False),
    sa.Column('party_limit', sa.Integer(), nullable=False),
    sa.Column('has_waiting_list', sa.Boolean(), nullable=False),
    sa.Column('retention_days', sa.Integer(), nullable=False),
    sa.Column('has_reminders', sa.Boolean(), nullable=False),
    sa.Column('is_shared', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('walk_ins', sa.Integer(), nullable=False),
    sa.Column('head_count', sa.Integer(), nullable=True),
    sa.Column('sequence', sa.Integer(), nullable=False),
    sa.Column('created_at', sa.DateTime(), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('moved_at', sa.DateTime(), nullable=True),
    sa.Column('previous_day', sa.Date(), nullable=True),
    sa.Column('previous_starts', sa.Time(), nullable=True),
    sa.Column('expected_at', sa.DateTime(), nullable=True),
    sa.Column('published_at', sa.DateTime(), nullable=True),
    sa.Column('cancelled_at', sa.DateTime(), nullable=True),
    sa.Column('danger_at', sa.DateTime(), nullable=True),
    sa.Column('visibility_before_danger', sa.String(length=20), nullable=True),
    sa.Column('facts', sa.LargeBinary(length=16), nullable=True),
    sa.Column('withheld_facts', sa.LargeBinary(length=16), nullable=True),
    sa.Column('search_text', sa.String(length=600), server_default='', nullable=False),
    sa.CheckConstraint('capacity >= 0', name=op.f('ck_workshop_capacity')),
    sa.CheckConstraint('overbooked >= 0', name=op.f('ck_workshop_overbooked')),
    sa.CheckConstraint('seats_left >= 0', name=op.f('ck_workshop_seats_left')),
    sa.ForeignKeyConstraint(['kind_id'], ['kind.id'], name=op.f('fk_workshop_kind_id_kind')),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_workshop_office_id_office')),
    sa.ForeignKeyConstraint(['series_id'], ['workshop_series.id'], name=op.f('fk_workshop_series_id_workshop_series')),
    sa.ForeignKeyConstraint(['stop_id'], ['tour_stop.id'], name=op.f('fk_workshop_stop_id_tour_stop')),
    sa.ForeignKeyConstraint(['venue_id'], ['venue.id'], name=op.f('fk_workshop_venue_id_venue')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop')),
    sa.UniqueConstraint('external_id', name=op.f('uq_workshop_external_id')),
    sa.UniqueConstraint('public_id', name=op.f('uq_workshop_public_id')),
    sa.UniqueConstraint('uid', name=op.f('uq_workshop_uid'))
    )
    op.create_index(op.f('ix_workshop_changed_at'), 'workshop', ['changed_at'], unique=False)
    op.create_index(op.f('ix_workshop_day_starts_id'), 'workshop', ['day', 'starts', 'id'], unique=False)
    op.create_index(op.f('ix_workshop_ends_at'), 'workshop', ['ends_at'], unique=False)
    op.create_index(op.f('ix_workshop_kind_id_day'), 'workshop', ['kind_id', 'day'], unique=False)
    op.create_index(op.f('ix_workshop_month_kind_id_status'), 'workshop', ['month', 'kind_id', 'status'], unique=False, sqlite_where=sa.text("status IN ('published', 'held')"), postgresql_where=sa.text("status IN ('published', 'held')"))
    op.create_index(op.f('ix_workshop_month_status_kind_id_office_id_is_synthetic'), 'workshop', ['month', 'status', 'kind_id', 'office_id', 'is_synthetic'], unique=False)
    op.create_index(op.f('ix_workshop_office_id_day'), 'workshop', ['office_id', 'day'], unique=False)
    op.create_index('ix_workshop_rebuilt', 'workshop', ['month', 'status', 'kind_id', 'office_id'], unique=False, sqlite_where=sa.text('is_synthetic = 1'), postgresql_where=sa.text('is_synthetic'))
    op.create_index('ix_workshop_search', 'workshop', ['office_id', 'day', 'id', 'kind_id', 'venue_id', 'search_text'], unique=False)
    op.create_index(op.f('ix_workshop_series_id'), 'workshop', ['series_id'], unique=False)
    op.create_index(op.f('ix_workshop_stop_id'), 'workshop', ['stop_id'], unique=False)
    op.create_index(op.f('ix_workshop_undo_until'), 'workshop', ['undo_until'], unique=False, sqlite_where=sa.text('undo_until IS NOT NULL'), postgresql_where=sa.text('undo_until IS NOT NULL'))
    op.create_index(op.f('ix_workshop_venue_id'), 'workshop', ['venue_id'], unique=False)
    op.create_table('assisted_link',
    sa.Column('code', sa.String(length=8), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('parties_left', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_assisted_link_workshop_id_workshop')),
    sa.PrimaryKeyConstraint('code', name=op.f('pk_assisted_link'))
    )
    op.create_index(op.f('ix_assisted_link_ends_at'), 'assisted_link', ['ends_at'], unique=False)
    op.create_index(op.f('ix_assisted_link_workshop_id'), 'assisted_link', ['workshop_id'], unique=False)
    op.create_table('audit_entry',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('at', sa.DateTime(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('action', sa.String(length=40), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=True),
    sa.Column('office', sa.String(length=40), nullable=False),
    sa.Column('details', sa.Text(), nullable=False),
    sa.Column('who', sa.Integer(), nullable=True),
    sa.Column('what', sa.Integer(), nullable=True),
    sa.Column('number', sa.Integer(), nullable=True),
    sa.Column('previous', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_audit_entry_organizer_id_staff_member'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_audit_entry_workshop_id_workshop'), ondelete='SET NULL'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_audit_entry'))
    )
    op.create_index(op.f('ix_audit_entry_at'), 'audit_entry', ['at'], unique=False)
    op.create_index(op.f('ix_audit_entry_number'), 'audit_entry', ['number'], unique=True)
    op.create_index(op.f('ix_audit_entry_office'), 'audit_entry', ['office'], unique=False)
    op.create_index(op.f('ix_audit_entry_workshop_id'), 'audit_entry', ['workshop_id'], unique=False)
    op.create_table('cached_event',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('lang', sa.String(length=2), nullable=False),
    sa.Column('is_short', sa.Boolean(), nullable=False),
    sa.Column('made_with', sa.String(length=16), nullable=False),
    sa.Column('changed_at', sa.DateTime(), nullable=False),
    sa.Column('text', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_cached_event_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'lang', 'is_short', name=op.f('pk_cached_event'))
    )
    op.create_table('checkin_event',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('id', sa.LargeBinary(length=16), nullable=False),
    sa.Column('party', sa.LargeBinary(length=32), nullable=True),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('is_walk_in', sa.Boolean(), nullable=False),
    sa.Column('is_online', sa.Boolean(), nullable=False),
    sa.Column('is_undone', sa.Boolean(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_checkin_event_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'id', name=op.f('pk_checkin_event'))
    )
    op.create_index(op.f('ix_checkin_event_ends_at'), 'checkin_event', ['ends_at'], unique=False)
    op.create_index(op.f('ix_checkin_event_party'), 'checkin_event', ['party'], unique=False)
    op.create_table('checkin_token',
    sa.Column('digest', sa.LargeBinary(length=32), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.Column('used', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_checkin_token_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_checkin_token_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('digest', name=op.f('pk_checkin_token'))
    )
    op.create_index(op.f('ix_checkin_token_ends_at'), 'checkin_token', ['ends_at'], unique=False)
    op.create_index(op.f('ix_checkin_token_organizer_id'), 'checkin_token', ['organizer_id'], unique=False)
    op.create_index(op.f('ix_checkin_token_workshop_id'), 'checkin_token', ['workshop_id'], unique=False)
    op.create_table('imported_row',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('office_id', sa.Integer(), nullable=False),
    sa.Column('fingerprint', sa.String(length=64), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('said', sa.JSON(), nullable=False),
    sa.Column('imported_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['office_id'], ['office.id'], name=op.f('fk_imported_row_office_id_office')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_imported_row_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_imported_row')),
    sa.UniqueConstraint('office_id', 'fingerprint', name=op.f('uq_imported_row_office_id_fingerprint'))
    )
    op.create_index(op.f('ix_imported_row_workshop_id'), 'imported_row', ['workshop_id'], unique=False)
    op.create_table('message',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('template', sa.String(length=20), nullable=False),
    sa.Column('audience', sa.String(length=20), nullable=False),
    sa.Column('paragraph', sa.JSON(), nullable=False),
    sa.Column('nonce', sa.LargeBinary(length=32), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_message_organizer_id_staff_member'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_message_workshop_id_workshop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_message')),
    sa.UniqueConstraint('nonce', name=op.f('uq_message_nonce'))
    )
    op.create_index(op.f('ix_message_workshop_id'), 'message', ['workshop_id'], unique=False)
    op.create_table('people_totals',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('numbers', sa.JSON(), nullable=False),
    sa.Column('sealed', sa.LargeBinary(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_people_totals_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', name=op.f('pk_people_totals'))
    )
    op.create_table('roster_assignment',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('member_id', sa.Integer(), nullable=False),
    sa.Column('role', sa.String(length=20), nullable=False),
    sa.Column('state', sa.String(length=20), nullable=False),
    sa.Column('known_facts', sa.LargeBinary(length=16), nullable=True),
    sa.Column('confirmed_facts', sa.LargeBinary(length=16), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('answered_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['member_id'], ['roster_member.id'], name=op.f('fk_roster_assignment_member_id_roster_member'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_roster_assignment_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_assignment')),
    sa.UniqueConstraint('workshop_id', 'member_id', name=op.f('uq_roster_assignment_workshop_id_member_id'))
    )
    op.create_index(op.f('ix_roster_assignment_member_id'), 'roster_assignment', ['member_id'], unique=False)
    op.create_table('staff_alert',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('alert_type', sa.String(length=20), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_staff_alert_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'alert_type', name=op.f('pk_staff_alert'))
    )
    op.create_index(op.f('ix_staff_alert_made_at'), 'staff_alert', ['made_at'], unique=False)
    op.create_table('time_slot',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('minute', sa.Integer(), nullable=False),
    sa.Column('capacity', sa.Integer(), nullable=False),
    sa.Column('seats_left', sa.Integer(), nullable=False),
    sa.Column('appears_free', sa.Boolean(), server_default=sa.true(), nullable=False),
    sa.CheckConstraint('seats_left >= 0', name=op.f('ck_time_slot_seats_left')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_time_slot_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_time_slot')),
    sa.UniqueConstraint('workshop_id', 'minute', name=op.f('uq_time_slot_workshop_id_minute'))
    )
    op.create_table('voice_note',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=20), nullable=False),
    sa.Column('kind_id', sa.Integer(), nullable=True),
    sa.Column('workshop_id', sa.Integer(), nullable=True),
    sa.Column('prompt', sa.String(length=20), nullable=True),
    sa.Column('lang', sa.String(length=3), nullable=False),
    sa.Column('spoken_text', sa.Text(), nullable=False),
    sa.Column('seconds', sa.Integer(), nullable=False),
    sa.Column('body', sa.LargeBinary(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('facts', sa.LargeBinary(length=16), nullable=True),
    sa.ForeignKeyConstraint(['kind_id'], ['kind.id'], name=op.f('fk_voice_note_kind_id_kind'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_voice_note_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_voice_note')),
    sa.UniqueConstraint('kind_id', 'lang', name=op.f('uq_voice_note_kind_id_lang')),
    sa.UniqueConstraint('name', name=op.f('uq_voice_note_name')),
    sa.UniqueConstraint('prompt', 'lang', name=op.f('uq_voice_note_prompt_lang')),
    sa.UniqueConstraint('workshop_id', 'lang', name=op.f('uq_voice_note_workshop_id_lang'))
    )
    op.create_table('workshop_change',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('batch', sa.String(length=26), nullable=False),
    sa.Column('action', sa.String(length=20), nullable=False),
    sa.Column('before', sa.JSON(), nullable=False),
    sa.Column('after', sa.JSON(), nullable=False),
    sa.Column('changes_facts', sa.Boolean(), nullable=False),
    sa.Column('approved_count', sa.Integer(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('queue_before', sa.JSON(), server_default='{}', nullable=False),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_workshop_change_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_workshop_change'))
    )
    op.create_index(op.f('ix_workshop_change_batch'), 'workshop_change', ['batch'], unique=False)
    op.create_index(op.f('ix_workshop_change_made_at'), 'workshop_change', ['made_at'], unique=False)
    op.create_index(op.f('ix_workshop_change_workshop_id'), 'workshop_change', ['workshop_id'], unique=False)
    op.create_table('workshop_partner',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('partner_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['partner_id'], ['partner.id'], name=op.f('fk_workshop_partner_partner_id_partner')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_workshop_partner_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'partner_id', name=op.f('pk_workshop_partner'))
    )
    op.create_index(op.f('ix_workshop_partner_partner_id'), 'workshop_partner', ['partner_id'], unique=False)
    op.create_table('workshop_speaker',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('speaker_id', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['speaker_id'], ['speaker.id'], name=op.f('fk_workshop_speaker_speaker_id_speaker')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_workshop_speaker_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'speaker_id', name=op.f('pk_workshop_speaker'))
    )
    op.create_index(op.f('ix_workshop_speaker_speaker_id'), 'workshop_speaker', ['speaker_id'], unique=False)
    op.create_table('registration',
    sa.Column('id', sa.String(length=26), nullable=False),
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('status', sa.String(length=20), nullable=False),
    sa.Column('people', sa.Integer(), nullable=False),
    sa.Column('contact', sa.String(length=20), nullable=False),
    sa.Column('may_leave_message', sa.Boolean(), nullable=False),
    sa.Column('takes_calls', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('wants_reminder', sa.Boolean(), nullable=False),
    sa.Column('key_id', sa.LargeBinary(length=16), nullable=True),
    sa.Column('sealed', sa.LargeBinary(), nullable=True),
    sa.Column('manage_digest', sa.LargeBinary(length=32), nullable=True),
    sa.Column('entry_digest', sa.LargeBinary(length=32), nullable=True),
    sa.Column('nonce', sa.LargeBinary(length=32), nullable=False),
    sa.Column('registered_at', sa.DateTime(), nullable=False),
    sa.Column('queue_number', sa.Integer(), nullable=False),
    sa.Column('slot_id', sa.Integer(), nullable=True),
    sa.Column('offered_until', sa.DateTime(), nullable=True),
    sa.Column('lapses', sa.Integer(), nullable=False),
    sa.Column('approved_at', sa.DateTime(), nullable=True),
    sa.Column('is_declined', sa.Boolean(), nullable=False),
    sa.Column('approval_undo_until', sa.DateTime(), nullable=True),
    sa.Column('joint_id', sa.String(length=26), nullable=True),
    sa.Column('asked_at', sa.DateTime(), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(), nullable=True),
    sa.Column('wants_entry', sa.Boolean(), nullable=False),
    sa.Column('changes', sa.Integer(), nullable=False),
    sa.Column('sealed_details', sa.LargeBinary(), nullable=True),
    sa.Column('code_digest', sa.LargeBinary(length=32), nullable=True),
    sa.Column('is_beyond_share', sa.Boolean(), nullable=False),
    sa.Column('appears_confirmed', sa.Boolean(), nullable=False),
    sa.Column('is_released', sa.Boolean(), nullable=False),
    sa.Column('sharing', sa.String(length=20), nullable=False),
    sa.Column('known_facts', sa.LargeBinary(length=16), nullable=True),
    sa.CheckConstraint('people >= 1', name=op.f('ck_registration_people')),
    sa.ForeignKeyConstraint(['slot_id'], ['time_slot.id'], name=op.f('fk_registration_slot_id_time_slot')),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_registration_workshop_id_workshop')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_registration')),
    sa.UniqueConstraint('nonce', name=op.f('uq_registration_nonce'))
    )
    op.create_index(op.f('ix_registration_approval_undo_until'), 'registration', ['approval_undo_until'], unique=False, sqlite_where=sa.text('approval_undo_until IS NOT NULL'), postgresql_where=sa.text('approval_undo_until IS NOT NULL'))
    op.create_index('ix_registration_beyond_share', 'registration', ['workshop_id'], unique=False, sqlite_where=sa.text('is_beyond_share IS 1'), postgresql_where=sa.text('is_beyond_share IS true'))
    op.create_index(op.f('ix_registration_code_digest'), 'registration', ['code_digest'], unique=True)
    op.create_index(op.f('ix_registration_entry_digest'), 'registration', ['entry_digest'], unique=True)
    op.create_index(op.f('ix_registration_joint_id'), 'registration', ['joint_id'], unique=False, sqlite_where=sa.text('joint_id IS NOT NULL'), postgresql_where=sa.text('joint_id IS NOT NULL'))
    op.create_index(op.f('ix_registration_key_id'), 'registration', ['key_id'], unique=False, sqlite_where=sa.text('key_id IS NOT NULL'), postgresql_where=sa.text('key_id IS NOT NULL'))
    op.create_index(op.f('ix_registration_manage_digest'), 'registration', ['manage_digest'], unique=True)
    op.create_index(op.f('ix_registration_offered_until'), 'registration', ['offered_until'], unique=False, sqlite_where=sa.text('offered_until IS NOT NULL'), postgresql_where=sa.text('offered_until IS NOT NULL'))
    op.create_index(op.f('ix_registration_registered_at'), 'registration', ['registered_at'], unique=False, sqlite_where=sa.text('key_id IS NULL AND queue_number <> 0'), postgresql_where=sa.text('key_id IS NULL AND queue_number <> 0'))
    op.create_index(op.f('ix_registration_workshop_id_status_queue_number_id'), 'registration', ['workshop_id', 'status', 'queue_number', 'id'], unique=False)
    op.create_table('roster_letter',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('assignment_id', sa.Integer(), nullable=False),
    sa.Column('letter_type', sa.String(length=20), nullable=False),
    sa.Column('facts', sa.LargeBinary(length=16), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['assignment_id'], ['roster_assignment.id'], name=op.f('fk_roster_letter_assignment_id_roster_assignment'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_roster_letter'))
    )
    op.create_index(op.f('ix_roster_letter_assignment_id'), 'roster_letter', ['assignment_id'], unique=False)
    op.create_index(op.f('ix_roster_letter_done_at_due_at'), 'roster_letter', ['done_at', 'due_at'], unique=False)
    op.create_table('call_attempt',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.String(length=26), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=True),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('outcome', sa.String(length=20), nullable=True),
    sa.Column('again_at', sa.DateTime(), nullable=True),
    sa.Column('is_final', sa.Boolean(), nullable=False),
    sa.Column('notification_ids', sa.JSON(), nullable=False),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_call_attempt_organizer_id_staff_member'), ondelete='SET NULL'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_call_attempt_registration_id_registration'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_call_attempt')),
    sa.UniqueConstraint('registration_id', 'number', name=op.f('uq_call_attempt_registration_id_number'))
    )
    op.create_index(op.f('ix_call_attempt_is_final_registration_id'), 'call_attempt', ['is_final', 'registration_id'], unique=False, sqlite_where=sa.text('is_final'), postgresql_where=sa.text('is_final'))
    op.create_index(op.f('ix_call_attempt_organizer_id'), 'call_attempt', ['organizer_id'], unique=False)
    op.create_table('call_hold',
    sa.Column('registration_id', sa.String(length=26), nullable=False),
    sa.Column('call_id', sa.String(length=16), nullable=False),
    sa.Column('organizer_id', sa.Integer(), nullable=False),
    sa.Column('number', sa.Integer(), nullable=False),
    sa.Column('held_at', sa.DateTime(), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=True),
    sa.ForeignKeyConstraint(['organizer_id'], ['staff_member.id'], name=op.f('fk_call_hold_organizer_id_staff_member'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_call_hold_registration_id_registration'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('registration_id', name=op.f('pk_call_hold'))
    )
    op.create_index(op.f('ix_call_hold_call_id'), 'call_hold', ['call_id'], unique=False)
    op.create_index(op.f('ix_call_hold_organizer_id'), 'call_hold', ['organizer_id'], unique=False)
    op.create_table('checkin_token_row',
    sa.Column('workshop_id', sa.Integer(), nullable=False),
    sa.Column('ref', sa.LargeBinary(length=32), nullable=False),
    sa.Column('registration_id', sa.String(length=26), nullable=False),
    sa.Column('ends_at', sa.DateTime(), nullable=False),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_checkin_token_row_registration_id_registration'), onupdate='CASCADE', ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['workshop_id'], ['workshop.id'], name=op.f('fk_checkin_token_row_workshop_id_workshop'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('workshop_id', 'ref', name=op.f('pk_checkin_token_row'))
    )
    op.create_index(op.f('ix_checkin_token_row_ends_at'), 'checkin_token_row', ['ends_at'], unique=False)
    op.create_index(op.f('ix_checkin_token_row_registration_id'), 'checkin_token_row', ['registration_id'], unique=False)
    op.create_table('kept_answer',
    sa.Column('change_id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.String(length=26), nullable=False),
    sa.Column('asked_at', sa.DateTime(), nullable=True),
    sa.Column('confirmed_at', sa.DateTime(), nullable=True),
    sa.Column('offered_until', sa.DateTime(), nullable=True),
    sa.Column('was_notified', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.ForeignKeyConstraint(['change_id'], ['workshop_change.id'], name=op.f('fk_kept_answer_change_id_workshop_change'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_kept_answer_registration_id_registration'), onupdate='CASCADE', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('change_id', 'registration_id', name=op.f('pk_kept_answer'))
    )
    op.create_index(op.f('ix_kept_answer_registration_id'), 'kept_answer', ['registration_id'], unique=False)
    op.create_table('kept_notification',
    sa.Column('change_id', sa.Integer(), nullable=False),
    sa.Column('notification_id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.String(length=26), nullable=False),
    sa.Column('is_made', sa.Boolean(), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('is_urgent', sa.Boolean(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.ForeignKeyConstraint(['change_id'], ['workshop_change.id'], name=op.f('fk_kept_notification_change_id_workshop_change'), ondelete='CASCADE'),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_kept_notification_registration_id_registration'), onupdate='CASCADE', ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('change_id', 'notification_id', name=op.f('pk_kept_notification'))
    )
    op.create_index(op.f('ix_kept_notification_registration_id'), 'kept_notification', ['registration_id'], unique=False)
    op.create_table('notification',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('registration_id', sa.String(length=26), nullable=False),
    sa.Column('cause', sa.String(length=20), nullable=False),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('facts', sa.LargeBinary(length=16), nullable=True),
    sa.Column('is_urgent', sa.Boolean(), server_default=sa.false(), nullable=False),
    sa.Column('due_at', sa.DateTime(), nullable=False),
    sa.Column('made_at', sa.DateTime(), nullable=False),
    sa.Column('tries', sa.Integer(), nullable=False),
    sa.Column('leased_until', sa.DateTime(), nullable=True),
    sa.Column('done_at', sa.DateTime(), nullable=True),
    sa.Column('is_dead', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['message_id'], ['message.id'], name=op.f('fk_notification_message_id_message')),
    sa.ForeignKeyConstraint(['registration_id'], ['registration.id'], name=op.f('fk_notification_registration_id_registration'), ondelete='CASCADE'),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_notification'))
    )
    op.create_index(op.f('ix_notification_done_at_due_at'), 'notification', ['done_at', 'due_at'], unique=False)
    op.create_index(op.f('ix_notification_message_id'), 'notification', ['message_id'], unique=False)
    op.create_index(op.f('ix_notification_registration_id'), 'notification', ['registration_id'], unique=False)
