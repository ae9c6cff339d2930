-- How many rows of a table are live: in all ('' as the project), or in a project.
CREATE TABLE live_counts (
  name TEXT NOT NULL, project TEXT NOT NULL, live INTEGER NOT NULL, PRIMARY KEY (name, project)
) STRICT, WITHOUT ROWID;

CREATE INDEX agents_name ON agents (project_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX sessions_name ON sessions (name, id) WHERE deleted_at IS NULL;
-- Sessions that are to be run, or are running.
CREATE INDEX sessions_phase ON sessions (phase, updated_at) WHERE deleted_at IS NULL;
