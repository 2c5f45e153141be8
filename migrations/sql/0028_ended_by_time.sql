-- What ends because a day has come, and not because something was written: a return from leave (I07), the month
-- after next of absences from school (A06, A07). The clocks no longer tell of them, and the scan closes what stands.
SET ROLE coord_definer;

-- As in 0019, without the leaves that are over.
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
  WHERE j.id = ANY (p_journeys) AND j.id = ANY (my_writable_journeys())
$$;

-- As in 0013, without the months before the last one.
CREATE OR REPLACE FUNCTION school_absence_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, on_date date, half_days bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT s.id, s.journey_id, s.folder_id, s.on_date, s.half_days
  FROM school_absence s JOIN journey j ON j.id = s.journey_id
  WHERE s.journey_id = ANY (p_journeys) AND s.journey_id = ANY (my_writable_journeys()) AND j.programme = 'PRE'
    AND s.on_date >= date_trunc('month', app_now() AT TIME ZONE 'Europe/Paris') - interval '1 month'
$$;

-- Called by each scan before it opens anything; needs no key. How many deadlines went.
CREATE FUNCTION end_with_time(p_on date) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_ended integer;
BEGIN
  WITH over AS MATERIALIZED (
    SELECT d.journey_id, d.rule, d.kind, d.subject_id, d.alert_id,
           'retour de congé le ' || to_char(l.until_on + 1, 'DD/MM/YYYY') AS because
    FROM leave l JOIN journey j ON j.referent_id = l.account_id
    JOIN deadline d ON d.journey_id = j.id AND d.rule = 'I07' AND d.subject_id = l.id::text
    -- A scan comes each day: what ended long ago was closed long ago.
    WHERE l.until_on < p_on AND l.until_on >= p_on - 100
    UNION ALL
    SELECT d.journey_id, d.rule, d.kind, d.subject_id, d.alert_id, 'le mois de ces absences est passé'
    FROM alert a JOIN deadline d ON d.journey_id = a.journey_id AND d.rule = a.rule AND d.kind = a.kind
      AND d.subject_id = a.subject_id
    WHERE a.rule IN ('A06', 'A07') AND a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE')
      AND EXISTS (SELECT 1 FROM threshold t WHERE t.rule IN ('A06', 'A07'))
      AND p_on >= date_trunc('month', a.since) + interval '2 months'),
  gone AS (
    DELETE FROM deadline d USING over o
    WHERE d.journey_id = o.journey_id AND d.rule = o.rule AND d.kind = o.kind AND d.subject_id = o.subject_id
    RETURNING 1),
  resolved AS (
    UPDATE alert a SET status = 'RESOLUE', resolved_on = p_on, resolved_because = o.because, version = a.version + 1
    FROM over o WHERE a.id = o.alert_id AND a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE'))
  SELECT count(*) INTO v_ended FROM gone;
  RETURN v_ended;
END $$;
REVOKE ALL ON FUNCTION end_with_time(date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION end_with_time(date) TO coord_worker;

-- The Monday sheet counts as the board does: p_counted, codes "rule:kind" of what is serious, each with its type of
-- break; p_hides, "A02>A01": what is answered hides what it replaces while its deadline stands.
DROP FUNCTION coordination_sheet(text[], text[]);
CREATE FUNCTION coordination_sheet(p_counted text[], p_breaks text[], p_hides text[])
RETURNS TABLE (account_id uuid, heading text, code text, people integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH who AS (
    SELECT DISTINCT a.id FROM account a JOIN membership m ON m.account_id = a.id
    JOIN volet_right v ON v.role = m.role AND v.relation = 'coordinator'
    WHERE a.kind = 'person' AND (m.ended_at IS NULL OR m.ended_at > app_now()) AND may_see_journeys(a.id)),
  theirs AS (
    SELECT w.id, x.journey_id, x.folder_id FROM who w JOIN access x ON x.actor_id = w.id AND x.basis = 'coordinator'
      AND x.from_at <= app_now() AND (x.until_at IS NULL OR x.until_at > app_now())),
  answered AS MATERIALIZED (
    SELECT w.journey_id, w.subject_id, w.rule, w.kind FROM alert w
    WHERE w.status IN ('REPORTEE', 'SANS_OBJET') AND w.id IN (SELECT d.alert_id FROM deadline d WHERE d.alert_id IS NOT NULL)),
  standing AS (
    SELECT t.id, a.journey_id, n.break, a.escalated_on FROM theirs t JOIN alert a ON a.folder_id = t.folder_id
    JOIN unnest(p_counted, p_breaks) AS n (code, break) ON n.code = a.rule || ':' || a.kind
    WHERE a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE')
      AND NOT EXISTS (SELECT FROM answered w WHERE w.journey_id = a.journey_id AND w.subject_id = a.subject_id AND (
        (w.rule = a.rule AND w.kind = 'overdue' AND a.kind = 'lead')
        OR (w.kind = a.kind AND w.rule || '>' || a.rule = ANY (p_hides)))))
  SELECT id, 'break', break, count(DISTINCT journey_id)::integer FROM standing GROUP BY id, break
  UNION ALL
  SELECT id, 'handed_on', '', count(DISTINCT journey_id)::integer FROM standing
  WHERE escalated_on IS NOT NULL GROUP BY id
  UNION ALL
  SELECT t.id, 'orphan', '', count(DISTINCT j.id)::integer FROM theirs t JOIN journey j ON j.id = t.journey_id
  WHERE j.referent_id IS NULL AND j.exit_on IS NULL GROUP BY t.id
$$;
REVOKE ALL ON FUNCTION coordination_sheet(text[], text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION coordination_sheet(text[], text[], text[]) TO coord_worker;
RESET ROLE;
