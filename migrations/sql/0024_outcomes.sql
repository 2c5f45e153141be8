-- What became of the alerts opened since a day, in the folders that the reader sees.
SET ROLE coord_definer;
CREATE FUNCTION alert_outcomes(p_since date) RETURNS TABLE (rule text, status text, way_out text, alerts bigint)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH mine AS MATERIALIZED (SELECT DISTINCT unnest(my_folders()) AS folder_id)
  SELECT a.rule::text, a.status::text, a.way_out::text, count(*)
  FROM alert a JOIN mine USING (folder_id) WHERE a.opened_on > p_since GROUP BY 1, 2, 3
$$;
REVOKE ALL ON FUNCTION alert_outcomes(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION alert_outcomes(date) TO coord_web;
RESET ROLE;
