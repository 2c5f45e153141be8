-- The life of an alert, kept by the database itself. An opening costs nothing: the alert bears its own date, which
-- is written down here only when a reopening is about to replace it.
GRANT SELECT, INSERT ON alert_event TO coord_definer;
GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO coord_definer;
SET ROLE coord_definer;

CREATE FUNCTION remember_alert() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_what text; v_on date; v_by uuid; v_until date; v_way text; v_because text;
BEGIN
  IF NEW.status IS DISTINCT FROM OLD.status OR NEW.acted_on IS DISTINCT FROM OLD.acted_on
     OR NEW.postponed_until IS DISTINCT FROM OLD.postponed_until THEN
    CASE
      WHEN NEW.status = 'RESOLUE' THEN
        v_what := 'RESOLUE'; v_on := NEW.resolved_on; v_because := NEW.resolved_because;
      WHEN NEW.status = 'OUVERTE' AND OLD.status = 'REPORTEE' THEN
        v_what := 'REVENUE'; v_on := COALESCE(OLD.postponed_until, NEW.opened_on);
      WHEN NEW.status = 'OUVERTE' THEN
        v_what := 'ROUVERTE'; v_on := NEW.opened_on;
        INSERT INTO alert_event (id, alert_id, journey_id, folder_id, what, on_date)
        SELECT gen_random_uuid(), OLD.id, OLD.journey_id, OLD.folder_id, 'OUVERTE', OLD.opened_on
        WHERE NOT EXISTS (SELECT 1 FROM alert_event e WHERE e.alert_id = OLD.id AND e.what = 'OUVERTE');
      ELSE
        v_what := NEW.status; v_on := COALESCE(NEW.acted_on, NEW.opened_on); v_by := NEW.acted_by;
        v_until := CASE WHEN NEW.status = 'REPORTEE' THEN NEW.postponed_until END; v_way := NEW.way_out;
    END CASE;
    INSERT INTO alert_event (id, alert_id, journey_id, folder_id, what, on_date, by_id, until_on, way_out, because)
    VALUES (gen_random_uuid(), NEW.id, NEW.journey_id, NEW.folder_id, v_what, COALESCE(v_on, NEW.opened_on), v_by, v_until, v_way, v_because);
  END IF;
  IF NEW.escalated_on IS DISTINCT FROM OLD.escalated_on AND NEW.escalated_on IS NOT NULL THEN
    INSERT INTO alert_event (id, alert_id, journey_id, folder_id, what, on_date)
    VALUES (gen_random_uuid(), NEW.id, NEW.journey_id, NEW.folder_id, 'ESCALADEE', NEW.escalated_on);
  END IF;
  RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION remember_alert() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION remember_alert() TO coord_owner;
RESET ROLE;

CREATE TRIGGER remember AFTER UPDATE ON alert FOR EACH ROW
WHEN (NEW.status IS DISTINCT FROM OLD.status OR NEW.acted_on IS DISTINCT FROM OLD.acted_on
      OR NEW.postponed_until IS DISTINCT FROM OLD.postponed_until
      OR NEW.escalated_on IS DISTINCT FROM OLD.escalated_on)
EXECUTE FUNCTION remember_alert();
