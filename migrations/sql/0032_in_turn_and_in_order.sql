-- As in 0023, in turn from its first reading on.
SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION follow_roles(p_account uuid, p_programme text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor text := current_setting('app.actor', true); v_journeys uuid[];
BEGIN
  IF NOT manages_accounts() THEN
    RAISE EXCEPTION 'follow_roles: not for this role' USING ERRCODE = '42501';
  END IF;
  -- Before the list of journeys: one that is opened meanwhile, by somebody who has not seen this role, is in it.
  PERFORM pg_advisory_xact_lock(hashtextextended('access', 7));
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

-- The hash of a line, or nothing: what the key database keeps of a chain is held against it. VOLATILE, to see a line
-- for whose end this statement had to wait.
CREATE FUNCTION audit_hash(p_structure uuid, p_sequence bigint) RETURNS bytea
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT hash FROM audit_entry WHERE structure_id = p_structure AND sequence = p_sequence
$$;
REVOKE ALL ON FUNCTION audit_hash(uuid, bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION audit_hash(uuid, bigint) TO coord_web;
RESET ROLE;
