-- Objects and fields of the platform since it runs sessions in sandboxes.
CREATE TABLE providers (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, project_id TEXT NOT NULL, type TEXT, secret TEXT, namespace TEXT, labels TEXT, annotations TEXT
) STRICT;
CREATE INDEX providers_name ON providers (project_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX providers_project ON providers (project_id, id) WHERE deleted_at IS NULL;

CREATE TABLE policies (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, project_id TEXT NOT NULL, namespace TEXT, spec TEXT, labels TEXT, annotations TEXT
) STRICT;
CREATE INDEX policies_name ON policies (project_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX policies_project ON policies (project_id, id) WHERE deleted_at IS NULL;

CREATE TABLE clusters (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, api_server_url TEXT NOT NULL, role TEXT NOT NULL, description TEXT, credential_id TEXT,
  labels TEXT, annotations TEXT, status TEXT, status_message TEXT, capacity TEXT, last_heartbeat_at INTEGER
) STRICT;
CREATE UNIQUE INDEX clusters_name ON clusters (name) WHERE deleted_at IS NULL;

ALTER TABLE agents ADD COLUMN entrypoint TEXT;
ALTER TABLE agents ADD COLUMN providers TEXT;
ALTER TABLE agents ADD COLUMN payloads TEXT;
ALTER TABLE agents ADD COLUMN environment TEXT;
ALTER TABLE agents ADD COLUMN sandbox_template TEXT;
ALTER TABLE agents ADD COLUMN sandbox_policy TEXT;

ALTER TABLE sessions ADD COLUMN last_activity_at INTEGER;
ALTER TABLE sessions ADD COLUMN sandbox_logs_snapshot TEXT;
ALTER TABLE sessions ADD COLUMN sandbox_policy_snapshot TEXT;
ALTER TABLE sessions ADD COLUMN source_scheduled_session_id TEXT;
ALTER TABLE sessions ADD COLUMN scheduled_for INTEGER;
ALTER TABLE sessions ADD COLUMN stop_on_run_finished INTEGER;
CREATE INDEX sessions_schedule ON sessions (source_scheduled_session_id, id) WHERE deleted_at IS NULL;

ALTER TABLE scheduled_sessions ADD COLUMN overlap_policy TEXT;
ALTER TABLE scheduled_sessions ADD COLUMN created_by_user_id TEXT;
