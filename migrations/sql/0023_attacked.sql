-- What a review by an attacker found: granted access outlived the roles, an account dated its own charter, the scan
-- could move any deadline.
SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION follow_roles(p_account uuid, p_programme text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor text := current_setting('app.actor', true); v_journeys uuid[];
BEGIN
  IF NOT manages_accounts() THEN
    RAISE EXCEPTION 'follow_roles: not for this role' USING ERRCODE = '42501';
  END IF;
  SELECT COALESCE(array_agg(id), '{}') INTO v_journeys FROM journey
  WHERE p_programme IS NULL OR programme = p_programme;
  -- The operator walks every journey; the administrator sees none.
  PERFORM set_config('app.actor', (SELECT id::text FROM account WHERE kind = 'operator'), true);
  PERFORM sync_journey_access(v_journeys);
  PERFORM set_config('app.actor', v_actor, true);
  UPDATE access a SET from_at = LEAST(GREATEST(a.from_at, s.begins), GREATEST(s.begins, app_now())),
    until_at = NULLIF(s.ends, 'infinity')
  FROM (SELECT x.id, r.begins, r.ends FROM access x
        CROSS JOIN LATERAL role_span(x.actor_id, x.folder_id, x.basis) r
        WHERE x.actor_id = p_account AND x.basis IN ('referent', 'backup', 'coordinator') AND x.leave_id IS NULL
          AND x.journey_id = ANY (v_journeys)) s
  WHERE s.id = a.id AND s.ends IS NOT NULL;
  -- What a colleague granted ends with the last role that could receive it, and does not come back with another.
  UPDATE access a SET until_at = COALESCE(s.ends, app_now())
  FROM (SELECT x.id, (SELECT CASE WHEN bool_or(m.ended_at IS NULL) THEN 'infinity' ELSE max(m.ended_at) END
                      FROM membership m
                      JOIN volet_right v ON v.role = m.role AND v.relation = x.basis AND v.volet = f.volet
                        AND v.programme = j.programme
                      WHERE m.account_id = x.actor_id) AS ends
        FROM access x JOIN folder f ON f.id = x.folder_id JOIN journey j ON j.id = f.journey_id
        WHERE x.actor_id = p_account AND x.basis IN ('receiver', 'meeting')) s
  WHERE s.id = a.id AND s.ends IS DISTINCT FROM 'infinity' AND (a.until_at IS NULL OR a.until_at > COALESCE(s.ends, app_now()));
END $$;

CREATE OR REPLACE FUNCTION guard_own_account() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_own text[] := ARRAY['password_hash', 'second_factor'];
BEGIN
  IF current_user = 'coord_web' AND NOT manages_accounts()
     AND to_jsonb(OLD) - v_own IS DISTINCT FROM to_jsonb(NEW) - v_own THEN
    RAISE EXCEPTION 'account: not a column of the own account' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;
RESET ROLE;

-- The scan says which alert a deadline opened; dates are computed by those who hold the facts.
REVOKE UPDATE ON deadline FROM coord_worker;
GRANT UPDATE (alert_id) ON deadline TO coord_worker;
