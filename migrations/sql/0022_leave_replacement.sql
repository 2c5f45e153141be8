-- Who replaces during an absence can be chosen after it was noted: by whoever is away, or by who coordinates every
-- journey that they follow (a part of them would open journeys of another programme, or say that they are covered).
SET ROLE coord_definer;
CREATE FUNCTION may_replace(p_account uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH programmes AS (SELECT DISTINCT programme FROM journey WHERE referent_id = p_account AND exit_on IS NULL)
  SELECT p_account = app_actor()
    OR may_see_journeys(app_actor())
       AND (SELECT bool_and(has_role(CASE programme WHEN 'PRE' THEN 'COORD_PRE' ELSE 'COORD_CITE' END))
            FROM programmes) IS TRUE
$$;

-- Who of these people is away on some of these days: no more, since others' absences are not for everybody to read.
CREATE FUNCTION who_is_away(p_accounts uuid[], p_from date, p_until date) RETURNS SETOF uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT DISTINCT account_id FROM leave
  WHERE account_id = ANY (p_accounts) AND from_on <= p_until AND until_on >= p_from AND may_see_journeys(app_actor())
$$;

REVOKE ALL ON FUNCTION may_replace(uuid), who_is_away(uuid[], date, date) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_replace(uuid), who_is_away(uuid[], date, date) TO coord_web;
RESET ROLE;

CREATE POLICY change ON leave FOR UPDATE TO coord_web USING (may_replace(account_id));
GRANT UPDATE (backup_id) ON leave TO coord_web;
