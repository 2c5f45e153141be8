-- Wrapped data keys, in a database of their own whose backups expire within 30 days.
CREATE TABLE IF NOT EXISTS dek (
  folder_id uuid NOT NULL,
  version smallint NOT NULL,
  dek_id uuid NOT NULL,
  kek_version smallint NOT NULL,
  wrapped bytea NOT NULL,
  commitment bytea NOT NULL,
  recovery bytea,
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (folder_id, version)
);
CREATE INDEX IF NOT EXISTS dek_kek_version ON dek (kek_version);

-- The head of each audit chain as last written: a chain cut short in the other database shows here. It may lag
-- behind by the last line (written after its commit), never lead.
CREATE TABLE IF NOT EXISTS audit_head (
  structure_id uuid PRIMARY KEY,
  sequence bigint NOT NULL,
  hash bytea NOT NULL
);
