-- What was written leaves a mark, with it or not at all: one for each transaction that touches what the lists of a whole
-- team are counted from. The marks together tell whether anything was written since: see coordination/kept.py, ADR 18.
GRANT SELECT (mark) ON written TO coord_web;
GRANT SELECT, INSERT, DELETE ON written TO coord_definer;
SET ROLE coord_definer;

CREATE FUNCTION mark_written() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  -- The setting goes with its savepoint, as the row does.
  IF current_setting('app.marked', true) IS DISTINCT FROM CAST(pg_current_xact_id() AS text) THEN
    INSERT INTO written DEFAULT VALUES;
    PERFORM set_config('app.marked', CAST(pg_current_xact_id() AS text), true);
  END IF;
  RETURN NULL;
END $$;

-- The newest stays: emptied, the table would look as it did the last time that it was emptied.
CREATE FUNCTION sweep_written() RETURNS bigint
LANGUAGE sql SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH gone AS (
    DELETE FROM written WHERE at < (SELECT max(at) FROM written) - interval '1 day' RETURNING 1)
  SELECT count(*) FROM gone
$$;
REVOKE ALL ON FUNCTION mark_written(), sweep_written() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mark_written() TO coord_owner;
GRANT EXECUTE ON FUNCTION sweep_written() TO coord_worker;
RESET ROLE;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['journey', 'alert', 'deadline'] LOOP
    EXECUTE format('CREATE TRIGGER mark_written AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON %I
      FOR EACH STATEMENT EXECUTE FUNCTION mark_written()', t);
  END LOOP;
END $$;
-- Since when a stage stands is read in the audit.
CREATE TRIGGER mark_written AFTER INSERT ON audit_entry
  FOR EACH ROW WHEN (NEW.action = 'changement_etape') EXECUTE FUNCTION mark_written();
