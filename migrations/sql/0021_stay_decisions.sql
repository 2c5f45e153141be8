-- As in 0011, with the days of decisions (not what was decided, nor why): for the clocks only.
GRANT SELECT ON stay_decision TO coord_definer;
SET ROLE coord_definer;
CREATE OR REPLACE FUNCTION page_fact_clocks(p_journeys uuid[])
RETURNS TABLE (what text, id uuid, journey_id uuid, folder_id uuid, began date, ended date, birth_month bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH mine AS MATERIALIZED (
    SELECT j AS journey_id FROM unnest(p_journeys) j WHERE j = ANY ((SELECT my_writable_journeys())::uuid[]))
  SELECT 'invitations', t.id, t.journey_id, t.folder_id, t.sent_on, t.answered_on, NULL::bytea
  FROM invitation t JOIN mine USING (journey_id)
  UNION ALL SELECT 'applications', t.id, t.journey_id, t.folder_id, t.applied_on, t.answered_on, NULL
  FROM iae_application t JOIN mine USING (journey_id)
  UNION ALL SELECT 'children', t.id, t.journey_id, t.folder_id, NULL, NULL, t.birth_month
  FROM household_child t JOIN mine USING (journey_id)
  UNION ALL SELECT 'stay_decisions', t.id, t.journey_id, t.folder_id, t.on_date, NULL, NULL
  FROM stay_decision t JOIN mine USING (journey_id)
  UNION ALL SELECT 'follow_ups', t.id, t.journey_id, t.folder_id, t.on_date, NULL, NULL
  FROM follow_up t JOIN mine USING (journey_id)
  UNION ALL SELECT 'retention_decisions', t.id, t.journey_id, t.folder_id, t.on_date, NULL, NULL
  FROM retention_decision t JOIN mine USING (journey_id)
$$;
RESET ROLE;
