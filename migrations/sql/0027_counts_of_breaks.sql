-- The same counts as in 0020, of the alerts that the page names: an announcement or a reminder breaks nothing, and
-- « refusé, retiré ou non renouvelé » told 115 families for 4. p_counted: codes "rule:kind"; NULL, all of them.
SET ROLE coord_definer;
DROP FUNCTION pilotage_counts();
CREATE FUNCTION pilotage_counts(p_counted text[] DEFAULT NULL) RETURNS TABLE (programme text, heading text, code text, people bigint)
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
    WHERE a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE') AND j.exit_on IS NULL
      AND (p_counted IS NULL OR a.rule || ':' || a.kind = ANY (p_counted))
    ORDER BY a.journey_id, COALESCE(s.first, a.rule), s.step DESC),
  stages AS (
    SELECT j.programme AS p, COALESCE(j.stage, '') AS c, count(*) AS n FROM journey j
    WHERE j.exit_on IS NULL GROUP BY 1, 2),
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
REVOKE ALL ON FUNCTION pilotage_counts(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pilotage_counts(text[]) TO coord_web;
RESET ROLE;
