-- What runs is what has no exit and was not turned down, on the page of figures and in the Monday sheet as in every
-- list (coordination/alerts/running.py): the figures of 0027 and the sheet of 0028, else as they were.
SET ROLE coord_definer;
CREATE OR REPLACE FUNCTION pilotage_counts(p_counted text[] DEFAULT NULL) RETURNS TABLE (programme text, heading text, code text, people bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT (has_role('PILOTAGE') OR has_role('COORD_PRE') OR has_role('COORD_CITE')) THEN
    RAISE EXCEPTION 'pilotage_counts: not for this role' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
  WITH steps (rule, first, step) AS (VALUES
    ('A01', 'A01', 1), ('A02', 'A01', 2), ('A06', 'A06', 1), ('A07', 'A06', 2), ('A09', 'A09', 1), ('A10', 'A09', 2),
    ('A15', 'A15', 1), ('A16', 'A15', 2), ('T03', 'T03', 1), ('T04', 'T03', 2), ('T09', 'T09', 1), ('T10', 'T09', 2),
    ('T11', 'T09', 3), ('T14', 'T14', 1), ('T15', 'T14', 2), ('T16', 'T14', 3), ('T26', 'T26', 1), ('T27', 'T26', 2)),
  highest AS (
    SELECT DISTINCT ON (a.journey_id, COALESCE(s.first, a.rule)) j.programme AS p, a.rule AS c
    FROM alert a JOIN journey j ON j.id = a.journey_id LEFT JOIN steps s ON s.rule = a.rule
    WHERE a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE') AND j.exit_on IS NULL AND j.stage IS DISTINCT FROM 'NON_RETENU'
      AND (p_counted IS NULL OR a.rule || ':' || a.kind = ANY (p_counted))
    ORDER BY a.journey_id, COALESCE(s.first, a.rule), s.step DESC),
  stages AS (
    SELECT j.programme AS p, COALESCE(j.stage, '') AS c, count(*) AS n FROM journey j
    WHERE j.exit_on IS NULL AND j.stage IS DISTINCT FROM 'NON_RETENU' GROUP BY 1, 2),
  -- Kept apart: inlined, each alert would ask again what the reader's role is (400 ms for 12,000 of them).
  shown AS MATERIALIZED (
    SELECT p, 'total' AS h, '' AS c,
      CASE WHEN bool_or(n >= 5) THEN rounded_count(sum(CASE WHEN n < 5 THEN 2.5 ELSE n END)) END AS n
    FROM stages GROUP BY 1
    UNION ALL SELECT p, 'stage', stages.c, rounded_count(n) FROM stages
    UNION ALL SELECT p, 'break', highest.c, rounded_count(count(*)) FROM highest GROUP BY 1, 3)
  SELECT shown.p::text, shown.h::text, shown.c::text, shown.n FROM shown
  WHERE has_role('PILOTAGE') OR has_role(CASE shown.p WHEN 'PRE' THEN 'COORD_PRE' ELSE 'COORD_CITE' END);
END $$;

CREATE OR REPLACE FUNCTION coordination_sheet(p_counted text[], p_breaks text[], p_hides text[])
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
  WHERE j.referent_id IS NULL AND j.exit_on IS NULL AND j.stage IS DISTINCT FROM 'NON_RETENU' GROUP BY t.id
$$;
RESET ROLE;
