-- Mails: the worker learns how much awaits whom, by functions that give opaque ids and codes; never what is sealed.
GRANT SELECT ON mail TO coord_definer;

SET ROLE coord_definer;

-- Alerts opened (or handed on to the coordination) after p_since and until p_until, with whom each speaks to: who
-- follows the journey now, a partner that the rule names, the coordination. Only with access to the volet, now.
CREATE FUNCTION digest_alerts(p_since date, p_until date, p_followers text[], p_coordination text[],
  p_partner_rules text[], p_partner_roles text[])
RETURNS TABLE (account_id uuid, coordinates boolean, journey_id uuid, rule text, kind text, subject_id text,
  told_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH fresh AS (
    SELECT a.journey_id, a.folder_id, a.rule, a.kind, a.subject_id, a.opened_on, a.escalated_on,
           a.opened_on > p_since AND a.opened_on <= p_until AS opened,
           COALESCE(a.escalated_on > p_since AND a.escalated_on <= p_until, false) AS handed_on
    FROM alert a
    WHERE a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE') AND NOT a.initial
      AND (a.opened_on > p_since AND a.opened_on <= p_until
           OR a.escalated_on > p_since AND a.escalated_on <= p_until)),
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

-- The coordinators' week: people per type of break, files without référent, files handed on; as each may see them.
CREATE FUNCTION coordination_sheet(p_rules text[], p_breaks text[])
RETURNS TABLE (account_id uuid, heading text, code text, people integer)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH who AS (
    SELECT DISTINCT a.id FROM account a JOIN membership m ON m.account_id = a.id
    JOIN volet_right v ON v.role = m.role AND v.relation = 'coordinator'
    WHERE a.kind = 'person' AND (m.ended_at IS NULL OR m.ended_at > app_now()) AND may_see_journeys(a.id)),
  theirs AS (
    SELECT w.id, x.journey_id, x.folder_id FROM who w JOIN access x ON x.actor_id = w.id AND x.basis = 'coordinator'
      AND x.from_at <= app_now() AND (x.until_at IS NULL OR x.until_at > app_now())),
  standing AS (
    SELECT t.id, a.journey_id, n.break, a.escalated_on FROM theirs t JOIN alert a ON a.folder_id = t.folder_id
    JOIN unnest(p_rules, p_breaks) AS n (rule, break) ON n.rule = a.rule
    WHERE a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE'))
  SELECT id, 'break', break, count(DISTINCT journey_id)::integer FROM standing GROUP BY id, break
  UNION ALL
  SELECT id, 'handed_on', '', count(DISTINCT journey_id)::integer FROM standing
  WHERE escalated_on IS NOT NULL GROUP BY id
  UNION ALL
  SELECT t.id, 'orphan', '', count(DISTINCT j.id)::integer FROM theirs t JOIN journey j ON j.id = t.journey_id
  WHERE j.referent_id IS NULL AND j.exit_on IS NULL GROUP BY t.id
$$;

-- The address of a mail at the moment of sending; NULL once the person left since it was written.
CREATE FUNCTION mail_recipient(p_mail uuid) RETURNS text
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.email FROM mail m JOIN account a ON a.id = m.account_id
  WHERE m.id = p_mail AND a.suspended_at IS NULL AND CASE m.kind
    WHEN 'PANNE' THEN EXISTS (SELECT 1 FROM membership s WHERE s.account_id = a.id AND s.role = 'ADMIN'
                              AND (s.ended_at IS NULL OR s.ended_at > app_now()))
    ELSE may_see_journeys(a.id)
      AND EXISTS (SELECT 1 FROM membership s WHERE s.account_id = a.id
                  AND (s.ended_at IS NULL OR s.ended_at > app_now()))
      AND EXISTS (SELECT 1 FROM access x WHERE x.actor_id = a.id
                  AND x.from_at <= app_now() AND (x.until_at IS NULL OR x.until_at > app_now())) END
$$;

-- How many journeys wait for a recount, for the administrator's page: a figure.
CREATE FUNCTION waiting_recounts() RETURNS integer
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN has_role('ADMIN') THEN (SELECT count(*)::integer FROM recompute_queue) END
$$;

REVOKE ALL ON FUNCTION digest_alerts(date, date, text[], text[], text[], text[]), coordination_sheet(text[], text[]),
  mail_recipient(uuid), waiting_recounts() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION digest_alerts(date, date, text[], text[], text[], text[]),
  coordination_sheet(text[], text[]), mail_recipient(uuid) TO coord_worker;
GRANT EXECUTE ON FUNCTION waiting_recounts() TO coord_web;
RESET ROLE;

-- The worker writes and sends; the administrator sees what became of it, not what it says.
ALTER TABLE mail ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE digest_run ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY work ON mail FOR ALL TO coord_worker USING (true) WITH CHECK (true);
CREATE POLICY work ON digest_run FOR ALL TO coord_worker USING (true) WITH CHECK (true);
CREATE POLICY see ON mail FOR SELECT TO coord_web USING ((SELECT has_role('ADMIN')));
GRANT SELECT ON mail, digest_run TO coord_worker;
GRANT INSERT (id, account_id, kind, on_date, subject, body, queued_at, next_at) ON mail TO coord_worker;
GRANT UPDATE (state, attempts, next_at, sent_at, answer) ON mail TO coord_worker;
GRANT INSERT ON digest_run TO coord_worker;
GRANT SELECT (id, account_id, kind, on_date, state, attempts, queued_at, next_at, sent_at, answer) ON mail TO coord_web;
