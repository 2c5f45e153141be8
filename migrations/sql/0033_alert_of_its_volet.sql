-- As in 0001; an alert goes to the volet of its deadline. One that bears an answer ends where it was answered, and the
-- next scan opens another in the new volet.
GRANT UPDATE ON alert_event TO coord_definer;
SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION reconcile_deadlines(p_journeys uuid[], p_rules text[], p_wanted jsonb, p_today date, p_fact text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_mine uuid[]; v_changed integer;
BEGIN
  SELECT COALESCE(array_agg(j), '{}') INTO v_mine FROM unnest(p_journeys) j
  WHERE j = ANY ((SELECT my_writable_journeys())::uuid[]);

  -- One statement: no part of it sees what another part writes, and none needs to.
  WITH wanted AS MATERIALIZED (
    SELECT w.journey AS journey_id, w.rule, w.kind, w.subject AS subject_id, w.due_on, w.since, w.because,
      COALESCE(f.id, c.id) AS folder_id
    FROM jsonb_to_recordset(p_wanted) AS w (journey uuid, rule text, kind text, subject text, due_on date,
                                            since date, because text, volet text)
    JOIN folder c ON c.journey_id = w.journey AND c.volet = 'coordination'
    LEFT JOIN folder f ON f.journey_id = w.journey AND f.volet = w.volet
    WHERE w.journey = ANY (v_mine) AND w.rule = ANY (p_rules)),
  standing AS MATERIALIZED (
    SELECT d.* FROM deadline d WHERE d.journey_id = ANY (v_mine) AND d.rule = ANY (p_rules)),
  gone AS (
    DELETE FROM deadline d USING standing s
    WHERE s.journey_id = d.journey_id AND s.rule = d.rule AND s.kind = d.kind AND s.subject_id = d.subject_id
      AND (s.journey_id, s.rule, s.kind, s.subject_id) NOT IN
        (SELECT w.journey_id, w.rule, w.kind, w.subject_id FROM wanted w)
    RETURNING s.alert_id),
  moved AS (
    UPDATE deadline d SET due_on = w.due_on, since = w.since, because = w.because, folder_id = w.folder_id,
      alert_id = CASE WHEN d.since = w.since AND w.due_on <= p_today
        -- What somebody answered is sealed for its volet, and stays there, to open again if the fact comes back.
        AND (s.folder_id = w.folder_id
             OR NOT EXISTS (SELECT 1 FROM alert x WHERE x.id = d.alert_id AND x.comment IS NOT NULL)
             AND NOT EXISTS (SELECT 1 FROM alert x
                             WHERE x.journey_id = d.journey_id AND x.rule = d.rule AND x.kind = d.kind
                               AND x.subject_id = d.subject_id AND x.since = d.since AND x.folder_id = w.folder_id))
        THEN d.alert_id END
    FROM wanted w JOIN standing s USING (journey_id, rule, kind, subject_id)
    WHERE d.journey_id = w.journey_id AND d.rule = w.rule AND d.kind = w.kind AND d.subject_id = w.subject_id
      AND (s.due_on, s.since, s.because, s.folder_id) IS DISTINCT FROM (w.due_on, w.since, w.because, w.folder_id)
    RETURNING s.alert_id AS had, d.alert_id AS keeps, w.folder_id),
  refiled AS (
    UPDATE alert a SET folder_id = m.folder_id, version = a.version + 1 FROM moved m
    WHERE a.id = m.keeps AND a.folder_id <> m.folder_id
    RETURNING a.id, a.folder_id),
  told AS (
    UPDATE alert_event e SET folder_id = r.folder_id FROM refiled r WHERE e.alert_id = r.id),
  resolved AS (
    UPDATE alert a SET status = 'RESOLUE', resolved_on = p_today, resolved_because = p_fact,
      version = a.version + 1
    WHERE a.id IN (SELECT alert_id FROM gone UNION ALL SELECT had FROM moved WHERE keeps IS NULL)
      AND a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE')),
  added AS (
    INSERT INTO deadline (journey_id, rule, kind, subject_id, folder_id, due_on, since, because)
    SELECT w.journey_id, w.rule, w.kind, w.subject_id, w.folder_id, w.due_on, w.since, w.because
    FROM wanted w
    ON CONFLICT (journey_id, rule, kind, subject_id) DO NOTHING
    RETURNING 1)
  SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM moved) + (SELECT count(*) FROM added)
  INTO v_changed;
  RETURN v_changed;
END $$;
RESET ROLE;
