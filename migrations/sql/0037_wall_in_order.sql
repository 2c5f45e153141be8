-- As in 0001, in order. PostgreSQL sorts the list before it searches an index with it, for each statement: of 8,760
-- folders in any order that took as long as the search, and twice as long where deadlines are read.
SET ROLE coord_definer;
CREATE OR REPLACE FUNCTION my_folders() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor uuid := app_actor(); v_now timestamptz := app_now(); v_scope uuid[] := app_scope();
BEGIN
  IF NOT may_see_journeys(v_actor) THEN RETURN '{}'; END IF;
  IF v_scope IS NULL THEN
    RETURN (SELECT COALESCE(array_agg(folder_id ORDER BY folder_id), '{}') FROM access
      WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now));
  END IF;
  RETURN (SELECT COALESCE(array_agg(folder_id), '{}') FROM access
    WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now)
      AND journey_id = ANY (v_scope));
END $$;
RESET ROLE;
