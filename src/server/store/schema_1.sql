-- Times are microseconds since 1970, in UTC. Deleted rows stay, with deleted_at set.
CREATE TABLE metadata (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

CREATE TABLE credentials (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, provider TEXT NOT NULL, description TEXT, url TEXT, email TEXT, labels TEXT, annotations TEXT
) STRICT;
CREATE INDEX credentials_live ON credentials (id) WHERE deleted_at IS NULL;
CREATE INDEX credentials_name ON credentials (name, id) WHERE deleted_at IS NULL;
CREATE INDEX credentials_provider ON credentials (provider, id) WHERE deleted_at IS NULL;

-- The secrets, apart from their records: lists never read them, and a delete removes them for good.
CREATE TABLE credential_tokens (credential_id TEXT PRIMARY KEY, sealed TEXT NOT NULL) STRICT;

CREATE TABLE projects (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL UNIQUE, description TEXT, prompt TEXT, labels TEXT, annotations TEXT, status TEXT
) STRICT;

CREATE TABLE project_settings (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  project_id TEXT NOT NULL UNIQUE, group_access TEXT, repositories TEXT
) STRICT;

CREATE TABLE agents (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, project_id TEXT NOT NULL, display_name TEXT, description TEXT, prompt TEXT, repo_url TEXT,
  workflow_id TEXT, parent_agent_id TEXT, owner_user_id TEXT, llm_model TEXT, llm_temperature REAL,
  llm_max_tokens INTEGER, bot_account_name TEXT, resource_overrides TEXT, environment_variables TEXT, labels TEXT,
  annotations TEXT, current_session_id TEXT
) STRICT;
CREATE INDEX agents_project ON agents (project_id, id) WHERE deleted_at IS NULL;

CREATE TABLE inbox_messages (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  agent_id TEXT NOT NULL, body TEXT NOT NULL, from_agent_id TEXT, from_name TEXT, read INTEGER
) STRICT;
CREATE INDEX inbox_messages_agent ON inbox_messages (agent_id, id) WHERE deleted_at IS NULL;

CREATE TABLE sessions (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, prompt TEXT, project_id TEXT, agent_id TEXT, repo_url TEXT, repos TEXT, workflow_id TEXT,
  assigned_user_id TEXT, parent_session_id TEXT, timeout INTEGER, llm_model TEXT, llm_temperature REAL,
  llm_max_tokens INTEGER, bot_account_name TEXT, resource_overrides TEXT, environment_variables TEXT, labels TEXT,
  annotations TEXT, created_by_user_id TEXT, phase TEXT, start_time INTEGER, completion_time INTEGER,
  sdk_session_id TEXT, sdk_restart_count INTEGER, conditions TEXT, reconciled_repos TEXT, reconciled_workflow TEXT,
  kube_cr_name TEXT, kube_cr_uid TEXT, kube_namespace TEXT
) STRICT;
CREATE INDEX sessions_project ON sessions (project_id, id) WHERE deleted_at IS NULL;
CREATE INDEX sessions_agent ON sessions (agent_id, id) WHERE deleted_at IS NULL;

CREATE TABLE session_messages (
  seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL, session_id TEXT NOT NULL, event_type TEXT NOT NULL,
  payload TEXT NOT NULL, created_at INTEGER NOT NULL
) STRICT;
CREATE INDEX session_messages_session ON session_messages (session_id, seq);

CREATE TABLE scheduled_sessions (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, schedule TEXT NOT NULL, project_id TEXT NOT NULL, description TEXT, agent_id TEXT,
  timezone TEXT, enabled INTEGER, session_prompt TEXT, timeout INTEGER, inactivity_timeout INTEGER,
  stop_on_run_finished INTEGER, runner_type TEXT, last_run_at INTEGER, next_run_at INTEGER
) STRICT;
CREATE INDEX scheduled_sessions_project ON scheduled_sessions (project_id, id) WHERE deleted_at IS NULL;

CREATE TABLE roles (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL UNIQUE, display_name TEXT, description TEXT, permissions TEXT, built_in INTEGER
) STRICT;

CREATE TABLE role_bindings (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  role_id TEXT NOT NULL, scope TEXT NOT NULL, user_id TEXT, project_id TEXT, agent_id TEXT, session_id TEXT,
  credential_id TEXT
) STRICT;
CREATE UNIQUE INDEX role_bindings_once ON role_bindings (
  role_id, ifnull(user_id, ''), ifnull(project_id, ''), ifnull(agent_id, ''), ifnull(session_id, ''),
  ifnull(credential_id, '')
) WHERE deleted_at IS NULL;
CREATE INDEX role_bindings_user ON role_bindings (user_id) WHERE deleted_at IS NULL;
CREATE INDEX role_bindings_credential ON role_bindings (credential_id) WHERE deleted_at IS NULL;

CREATE TABLE users (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  username TEXT NOT NULL, name TEXT NOT NULL, email TEXT
) STRICT;
CREATE UNIQUE INDEX users_username ON users (username) WHERE deleted_at IS NULL;

CREATE TABLE applications (
  id TEXT PRIMARY KEY, created_at INTEGER NOT NULL, updated_at INTEGER NOT NULL, deleted_at INTEGER,
  name TEXT NOT NULL, source_repo_url TEXT NOT NULL, source_path TEXT NOT NULL, destination_project TEXT NOT NULL,
  source_target_revision TEXT, destination_ambient_url TEXT, credential_id TEXT, auto_sync INTEGER,
  auto_prune INTEGER, self_heal INTEGER, sync_options TEXT, retry_limit INTEGER, sync_status TEXT,
  health_status TEXT, sync_revision TEXT, operation_phase TEXT, operation_message TEXT, resource_status TEXT,
  conditions TEXT, labels TEXT, annotations TEXT, last_synced_at INTEGER
) STRICT;
