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
