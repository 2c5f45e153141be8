-- What is added can only move the day forward: the new lines say it, and a volet's other exchanges are not looked at.
SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION note_exchange() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_folders uuid[];
BEGIN
  IF TG_OP = 'INSERT' AND TG_TABLE_NAME = 'contact' THEN
    UPDATE folder SET heard_on = latest.on_date
    FROM (SELECT folder_id, max(on_date) AS on_date FROM after_it
          WHERE outcome = 'ABOUTI' AND mode <> 'TIERS' GROUP BY folder_id) AS latest
    WHERE folder.id = latest.folder_id AND (folder.heard_on IS NULL OR folder.heard_on < latest.on_date);
    RETURN NULL;
  ELSIF TG_OP = 'INSERT' THEN
    UPDATE folder SET heard_on = latest.on_date
    FROM (SELECT folder_id, max(on_date) AS on_date FROM after_it WHERE status = 'HONORE' GROUP BY folder_id) AS latest
    WHERE folder.id = latest.folder_id AND (folder.heard_on IS NULL OR folder.heard_on < latest.on_date);
    RETURN NULL;
  ELSIF TG_OP = 'DELETE' THEN
    v_folders := ARRAY(SELECT DISTINCT folder_id FROM before_it);
  ELSE
    v_folders := ARRAY(SELECT folder_id FROM before_it UNION SELECT folder_id FROM after_it);
  END IF;
  UPDATE folder SET heard_on = latest.on_date
  FROM (
    SELECT touched.id, greatest(
      (SELECT max(on_date) FROM contact WHERE folder_id = touched.id AND outcome = 'ABOUTI' AND mode <> 'TIERS'),
      (SELECT max(on_date) FROM appointment WHERE folder_id = touched.id AND status = 'HONORE')) AS on_date
    FROM unnest(v_folders) AS touched (id)) AS latest
  WHERE folder.id = latest.id AND folder.heard_on IS DISTINCT FROM latest.on_date;
  RETURN NULL;
END $$;
RESET ROLE;
