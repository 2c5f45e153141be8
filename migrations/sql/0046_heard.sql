-- The day of the last exchange in each volet (a word of deadlines.md), kept by the database itself whoever writes. Lists
-- of thousands read this, not every contact and appointment that there ever was.
GRANT SELECT (folder_id, on_date, outcome, mode) ON contact TO coord_definer;
GRANT SELECT (folder_id, on_date, status) ON appointment TO coord_definer;
SET ROLE coord_definer;

CREATE FUNCTION note_exchange() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_folders uuid[];
BEGIN
  CASE TG_OP
    WHEN 'INSERT' THEN v_folders := ARRAY(SELECT DISTINCT folder_id FROM after_it);
    WHEN 'DELETE' THEN v_folders := ARRAY(SELECT DISTINCT folder_id FROM before_it);
    ELSE v_folders := ARRAY(SELECT folder_id FROM before_it UNION SELECT folder_id FROM after_it);
  END CASE;
  UPDATE folder SET heard_on = latest.on_date
  FROM (
    SELECT touched.id, greatest(
      (SELECT max(on_date) FROM contact WHERE folder_id = touched.id AND outcome = 'ABOUTI' AND mode <> 'TIERS'),
      (SELECT max(on_date) FROM appointment WHERE folder_id = touched.id AND status = 'HONORE')) AS on_date
    FROM unnest(v_folders) AS touched (id)) AS latest
  WHERE folder.id = latest.id AND folder.heard_on IS DISTINCT FROM latest.on_date;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION note_exchange() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_exchange() TO coord_owner;
RESET ROLE;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['contact', 'appointment'] LOOP
    EXECUTE format('CREATE TRIGGER note_added AFTER INSERT ON %I REFERENCING NEW TABLE AS after_it
      FOR EACH STATEMENT EXECUTE FUNCTION note_exchange()', t);
    EXECUTE format('CREATE TRIGGER note_changed AFTER UPDATE ON %I REFERENCING OLD TABLE AS before_it NEW TABLE AS after_it
      FOR EACH STATEMENT EXECUTE FUNCTION note_exchange()', t);
    EXECUTE format('CREATE TRIGGER note_removed AFTER DELETE ON %I REFERENCING OLD TABLE AS before_it
      FOR EACH STATEMENT EXECUTE FUNCTION note_exchange()', t);
  END LOOP;
END $$;

UPDATE folder SET heard_on = latest.on_date
FROM (
  SELECT folder_id, max(on_date) AS on_date FROM (
    SELECT folder_id, on_date FROM contact WHERE outcome = 'ABOUTI' AND mode <> 'TIERS'
    UNION ALL SELECT folder_id, on_date FROM appointment WHERE status = 'HONORE') AS exchange
  GROUP BY folder_id) AS latest
WHERE folder.id = latest.folder_id;
