-- The sheet as 0015 has it, for a way back.
SET ROLE coord_definer;
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
REVOKE ALL ON FUNCTION coordination_sheet(text[], text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION coordination_sheet(text[], text[]) TO coord_worker;
RESET ROLE;
