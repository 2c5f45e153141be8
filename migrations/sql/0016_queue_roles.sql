-- A role that ends moves the rules about who follows a journey: who manages accounts sees no journey and cannot
-- count again, so the journeys of that person wait, whether a structure has a threshold of its own or not.
GRANT SELECT, INSERT ON recompute_queue TO coord_definer;
SET ROLE coord_definer;

CREATE FUNCTION queue_followed_by(p_account uuid) RETURNS void
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  INSERT INTO recompute_queue (journey_id, since)
  SELECT j.id, app_now() FROM journey j WHERE j.referent_id = p_account AND j.exit_on IS NULL
  ON CONFLICT DO NOTHING
$$;

CREATE FUNCTION queue_changed_role() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF TG_OP = 'DELETE' THEN
    PERFORM queue_followed_by(OLD.account_id);
  ELSIF TG_OP = 'INSERT' OR (NEW.ended_at, NEW.role, NEW.programme) IS DISTINCT FROM (OLD.ended_at, OLD.role, OLD.programme) THEN
    PERFORM queue_followed_by(NEW.account_id);
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION queue_suspended() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF (NEW.suspended_at IS NULL) <> (OLD.suspended_at IS NULL) THEN
    PERFORM queue_followed_by(NEW.id);
  END IF;
  RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION queue_followed_by(uuid), queue_changed_role(), queue_suspended() FROM PUBLIC;
-- The owner hangs them on the tables.
GRANT EXECUTE ON FUNCTION queue_changed_role(), queue_suspended() TO coord_owner;
RESET ROLE;

CREATE TRIGGER queue_changed_role AFTER INSERT OR DELETE OR UPDATE OF role, programme, ended_at ON membership
  FOR EACH ROW EXECUTE FUNCTION queue_changed_role();
CREATE TRIGGER queue_suspended AFTER UPDATE OF suspended_at ON account
  FOR EACH ROW EXECUTE FUNCTION queue_suspended();
