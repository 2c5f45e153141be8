-- A suspended référent has left the journeys they follow: since that day, or since their role ended if that came first.
SET ROLE coord_definer;
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
  WHERE j.id = ANY (p_journeys) AND j.id = ANY (my_writable_journeys())
$$;
RESET ROLE;

-- What stands was counted without: who coordinates recounts it.
INSERT INTO recompute_queue (journey_id, since)
SELECT j.id, now() FROM journey j JOIN account c ON c.id = j.referent_id WHERE c.suspended_at IS NOT NULL
ON CONFLICT DO NOTHING;
