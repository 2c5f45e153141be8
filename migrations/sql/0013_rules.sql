-- What the remaining rules read: the clocks of actions, their sessions, barriers, absences, whoever follows.
SET ROLE coord_definer;

DROP FUNCTION action_clocks(uuid[]);
-- As before, and the day an action was suspended. What an adult's action is to lift, still sealed: T25 and T29 need
-- it; of a child's action it does not come.
CREATE FUNCTION action_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, key text, volet text, status text, planned_start date,
               started_on date, planned_end date, ended_on date, suspended_on date, axis_or_barrier bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, a.journey_id, a.folder_id, a.key, f.volet, a.status, a.planned_start, a.started_on, a.planned_end,
    a.ended_on, a.suspended_on, CASE WHEN j.programme = 'CITE_EMPLOI' THEN a.axis_or_barrier END
  FROM action a JOIN folder f ON f.id = a.folder_id JOIN journey j ON j.id = a.journey_id
  WHERE a.journey_id = ANY (p_journeys) AND a.journey_id = ANY (my_writable_journeys())
$$;

-- Sessions of the actions of a journey of the PRE, whatever their volet: day and presence.
CREATE FUNCTION session_clocks(p_journeys uuid[])
RETURNS TABLE (journey_id uuid, action_id uuid, on_date date, status text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.journey_id, s.action_id, s.on_date, s.status
  FROM attendance s JOIN journey j ON j.id = s.journey_id
  WHERE s.journey_id = ANY (p_journeys) AND s.journey_id = ANY (my_writable_journeys()) AND j.programme = 'PRE'
$$;

-- Barriers of an adult that are not lifted, whatever their volet, what they are still sealed.
CREATE FUNCTION barrier_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, volet text, identified_on date, lifted_on date,
               barrier bytea, level bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT b.id, b.journey_id, b.folder_id, f.volet, b.identified_on, b.lifted_on, b.barrier, b.level
  FROM barrier b JOIN folder f ON f.id = b.folder_id JOIN journey j ON j.id = b.journey_id
  WHERE b.journey_id = ANY (p_journeys) AND b.journey_id = ANY (my_writable_journeys())
    AND b.lifted_on IS NULL AND j.programme = 'CITE_EMPLOI'
$$;

-- Half-days of absence of a child, still sealed: the volet of school is not open to each who writes.
CREATE FUNCTION school_absence_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, on_date date, half_days bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.id, s.journey_id, s.folder_id, s.on_date, s.half_days
  FROM school_absence s JOIN journey j ON j.id = s.journey_id
  WHERE s.journey_id = ANY (p_journeys) AND s.journey_id = ANY (my_writable_journeys()) AND j.programme = 'PRE'
$$;

-- Whoever follows a journey: their absences, and the end of the last role in which they may follow its programme.
CREATE FUNCTION team_clocks(p_journeys uuid[])
RETURNS TABLE (journey_id uuid, has_referent boolean, has_backup boolean, referent_until date, leave_id uuid,
               from_on date, until_on date, backed boolean)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT j.id, j.referent_id IS NOT NULL, j.backup_id IS NOT NULL, r.until_on, l.id, l.from_on, l.until_on,
    l.backup_id IS NOT NULL
  FROM journey j
  LEFT JOIN LATERAL (
    SELECT CASE WHEN bool_and(m.ended_at IS NOT NULL)
                THEN (max(m.ended_at) AT TIME ZONE 'Europe/Paris')::date END AS until_on
    FROM membership m
    WHERE m.account_id = j.referent_id AND (m.programme IS NULL OR m.programme = j.programme)
      AND EXISTS (SELECT 1 FROM volet_right v WHERE v.role = m.role AND v.programme = j.programme
                  AND v.relation = 'referent' AND v.volet = 'coordination')) r ON true
  LEFT JOIN leave l ON l.account_id = j.referent_id
  WHERE j.id = ANY (p_journeys) AND j.id = ANY (my_writable_journeys())
$$;

REVOKE ALL ON FUNCTION action_clocks(uuid[]), session_clocks(uuid[]), barrier_clocks(uuid[]),
  school_absence_clocks(uuid[]), team_clocks(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION action_clocks(uuid[]), session_clocks(uuid[]), barrier_clocks(uuid[]),
  school_absence_clocks(uuid[]), team_clocks(uuid[]) TO coord_web;
RESET ROLE;

GRANT SELECT ON attendance, barrier, school_absence TO coord_definer;
