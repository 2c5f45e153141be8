-- An alert that somebody postponed, and that is back on its day, is news: it speaks again from that day on.
GRANT SELECT ON alert_event TO coord_definer;

SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION digest_alerts(p_since date, p_until date, p_followers text[], p_coordination text[],
  p_partner_rules text[], p_partner_roles text[])
RETURNS TABLE (account_id uuid, coordinates boolean, journey_id uuid, rule text, kind text, subject_id text,
  told_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH back AS (
    SELECT e.alert_id, max(e.on_date) AS on_date FROM alert_event e
    WHERE e.what = 'REVENUE' AND e.on_date > p_since AND e.on_date <= p_until GROUP BY 1),
  fresh AS (
    SELECT a.journey_id, a.folder_id, a.rule, a.kind, a.subject_id, a.escalated_on,
           COALESCE(b.on_date, a.opened_on) AS opened_on,
           b.on_date IS NOT NULL OR a.opened_on > p_since AND a.opened_on <= p_until AS opened,
           COALESCE(a.escalated_on > p_since AND a.escalated_on <= p_until, false) AS handed_on
    FROM alert a LEFT JOIN back b ON b.alert_id = a.id
    WHERE a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE') AND (b.on_date IS NOT NULL OR NOT a.initial
      AND (a.opened_on > p_since AND a.opened_on <= p_until
           OR a.escalated_on > p_since AND a.escalated_on <= p_until))),
  spoken AS (
    SELECT x.actor_id, x.basis = 'coordinator' AS coordinates, f.journey_id, f.rule, f.kind, f.subject_id,
           CASE WHEN x.basis = 'coordinator' AND f.handed_on THEN f.escalated_on ELSE f.opened_on END AS told_on
    FROM fresh f
    JOIN journey j ON j.id = f.journey_id
    JOIN access x ON x.folder_id = f.folder_id
      AND x.from_at <= app_now() AND (x.until_at IS NULL OR x.until_at > app_now())
    WHERE f.opened AND f.rule = ANY (p_followers) AND x.basis IN ('referent', 'backup')
         AND (x.actor_id IN (j.referent_id, j.backup_id)
              OR j.backup_id IS NULL AND EXISTS (
                SELECT 1 FROM leave l WHERE l.account_id = j.referent_id AND l.backup_id = x.actor_id
                  AND l.from_on <= p_until AND l.until_on >= p_until))
       OR f.opened AND x.basis = 'receiver' AND EXISTS (
            SELECT 1 FROM unnest(p_partner_rules, p_partner_roles) AS named (rule, role)
            JOIN membership m ON m.account_id = x.actor_id AND m.role = named.role
              AND (m.ended_at IS NULL OR m.ended_at > app_now())
            WHERE named.rule = f.rule)
       OR x.basis = 'coordinator' AND (f.handed_on OR f.opened AND (
            f.rule = ANY (p_coordination) OR j.referent_id IS NULL)))
  SELECT DISTINCT s.* FROM spoken s JOIN account a ON a.id = s.actor_id AND a.kind = 'person'
  WHERE a.id IN (SELECT d.actor_id FROM (SELECT DISTINCT w.actor_id FROM spoken w OFFSET 0) d
                 WHERE may_see_journeys(d.actor_id))
    AND EXISTS (SELECT 1 FROM membership m WHERE m.account_id = a.id
                AND (m.ended_at IS NULL OR m.ended_at > app_now()))
$$;

RESET ROLE;
