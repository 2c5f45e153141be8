-- The clocks as in 0001, 0013 and 0028, asking once for all which journeys the actor writes in. As a condition of
-- its own it was asked again for each journey wherever the planner knew too little: an import of 5,000 stood for
-- minutes in one of them.
SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION action_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, key text, volet text, status text, planned_start date,
               started_on date, planned_end date, ended_on date, suspended_on date, axis_or_barrier bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, a.journey_id, a.folder_id, a.key, f.volet, a.status, a.planned_start, a.started_on, a.planned_end,
    a.ended_on, a.suspended_on, CASE WHEN j.programme = 'CITE_EMPLOI' THEN a.axis_or_barrier END
  FROM action a JOIN folder f ON f.id = a.folder_id JOIN journey j ON j.id = a.journey_id
  WHERE a.journey_id = ANY (p_journeys) AND a.journey_id = ANY ((SELECT my_writable_journeys())::uuid[])
$$;

CREATE OR REPLACE FUNCTION session_clocks(p_journeys uuid[])
RETURNS TABLE (journey_id uuid, action_id uuid, on_date date, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.journey_id, s.action_id, s.on_date, s.status
  FROM attendance s JOIN journey j ON j.id = s.journey_id
  WHERE s.journey_id = ANY (p_journeys) AND s.journey_id = ANY ((SELECT my_writable_journeys())::uuid[])
    AND j.programme = 'PRE'
$$;

CREATE OR REPLACE FUNCTION barrier_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, volet text, identified_on date, lifted_on date,
               barrier bytea, level bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT b.id, b.journey_id, b.folder_id, f.volet, b.identified_on, b.lifted_on, b.barrier, b.level
  FROM barrier b JOIN folder f ON f.id = b.folder_id JOIN journey j ON j.id = b.journey_id
  WHERE b.journey_id = ANY (p_journeys) AND b.journey_id = ANY ((SELECT my_writable_journeys())::uuid[])
    AND b.lifted_on IS NULL AND j.programme = 'CITE_EMPLOI'
$$;

CREATE OR REPLACE FUNCTION school_absence_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, on_date date, half_days bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.id, s.journey_id, s.folder_id, s.on_date, s.half_days
  FROM school_absence s JOIN journey j ON j.id = s.journey_id
  WHERE s.journey_id = ANY (p_journeys) AND s.journey_id = ANY ((SELECT my_writable_journeys())::uuid[])
    AND j.programme = 'PRE'
    AND s.on_date >= date_trunc('month', app_now() AT TIME ZONE 'Europe/Paris') - interval '1 month'
$$;

CREATE OR REPLACE FUNCTION team_clocks(p_journeys uuid[])
RETURNS TABLE (journey_id uuid, has_referent boolean, has_backup boolean, referent_until date, leave_id uuid,
               from_on date, until_on date, backed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT j.id, j.referent_id IS NOT NULL, j.backup_id IS NOT NULL,
    LEAST(r.until_on, (c.suspended_at AT TIME ZONE 'Europe/Paris')::date), l.id, l.from_on, l.until_on,
    l.backup_id IS NOT NULL
  FROM journey j
  LEFT JOIN account c ON c.id = j.referent_id
  LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_and(m.ended_at IS NOT NULL)
                THEN (max(m.ended_at) AT TIME ZONE 'Europe/Paris')::date END AS until_on
    FROM membership m
    WHERE m.account_id = j.referent_id AND (m.programme IS NULL OR m.programme = j.programme)
      AND EXISTS (SELECT 1 FROM volet_right v WHERE v.role = m.role AND v.programme = j.programme
                  AND v.relation = 'referent' AND v.volet = 'coordination')) r ON true
  LEFT JOIN leave l ON l.account_id = j.referent_id
    AND l.until_on >= (app_now() AT TIME ZONE 'Europe/Paris')::date
  WHERE j.id = ANY (p_journeys) AND j.id = ANY ((SELECT my_writable_journeys())::uuid[])
$$;

CREATE OR REPLACE FUNCTION right_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, ends_on date, kind bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.id, r.journey_id, r.folder_id, r.ends_on, r.kind FROM right_end r
  WHERE r.journey_id = ANY (p_journeys) AND r.journey_id = ANY ((SELECT my_writable_journeys())::uuid[])
$$;
RESET ROLE;
