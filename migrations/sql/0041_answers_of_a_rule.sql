-- As in 0037; gathered by ARRAY(...), which passes by the work of an aggregate for each of thousands of folders.
SET ROLE coord_definer;
CREATE OR REPLACE FUNCTION my_folders() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor uuid := app_actor(); v_now timestamptz := app_now(); v_scope uuid[] := app_scope();
BEGIN
  IF NOT may_see_journeys(v_actor) THEN RETURN '{}'; END IF;
  IF v_scope IS NULL THEN
    RETURN ARRAY(SELECT folder_id FROM access
      WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now)
      ORDER BY folder_id);
  END IF;
  RETURN ARRAY(SELECT folder_id FROM access
    WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now)
      AND journey_id = ANY (v_scope));
END $$;

-- Alerts of a rule opened from one day to another in the folders that the reader sees, and those set aside. Before
-- the wall, each alert of the past is held against the list of the folders: a second for 5,000 journeys.
CREATE FUNCTION answers_of_rule(p_rule text, p_programme text, p_first date, p_last date)
RETURNS TABLE (opened bigint, set_aside bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH mine AS MATERIALIZED (SELECT DISTINCT unnest(my_folders()) AS folder_id)
  SELECT count(*), count(*) FILTER (WHERE a.status = 'SANS_OBJET')
  FROM alert a JOIN mine USING (folder_id) JOIN journey j ON j.id = a.journey_id
  WHERE a.rule = p_rule AND a.opened_on BETWEEN p_first AND p_last AND j.programme = p_programme
$$;
REVOKE ALL ON FUNCTION answers_of_rule(text, text, date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION answers_of_rule(text, text, date, date) TO coord_web;
RESET ROLE;
