-- Functions of the wall that took their caller's word.
SET ROLE coord_definer;

-- As before, and only for journeys that the caller sees (the operator walks them all).
CREATE OR REPLACE FUNCTION sync_journey_access(p_journeys uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT (is_operator() OR p_journeys <@ my_journeys()) THEN
    RAISE EXCEPTION 'sync_journey_access: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  CREATE TEMP TABLE IF NOT EXISTS wanted_access (
    actor_id uuid, journey_id uuid, folder_id uuid, basis text, can_write boolean) ON COMMIT DROP;
  TRUNCATE wanted_access;
  INSERT INTO wanted_access
  SELECT r.actor_id, f.journey_id, f.id, r.basis, bool_or(v.can_write)
  FROM journey j
  JOIN folder f ON f.journey_id = j.id AND f.open
  CROSS JOIN LATERAL (
    SELECT j.referent_id AS actor_id, 'referent' AS basis WHERE j.referent_id IS NOT NULL
    UNION ALL SELECT j.backup_id, 'backup' WHERE j.backup_id IS NOT NULL
    UNION ALL SELECT DISTINCT m.account_id, 'coordinator' FROM membership m
      JOIN volet_right vr ON vr.role = m.role AND vr.relation = 'coordinator' AND vr.programme = j.programme
      WHERE m.ended_at IS NULL OR m.ended_at > app_now()) r
  JOIN membership m ON m.account_id = r.actor_id AND (m.ended_at IS NULL OR m.ended_at > app_now())
    AND (m.programme IS NULL OR m.programme = j.programme)
  JOIN volet_right v ON v.role = m.role AND v.programme = j.programme AND v.volet = f.volet
    AND v.relation = CASE r.basis WHEN 'coordinator' THEN 'coordinator' ELSE 'referent' END
  WHERE j.id = ANY (p_journeys)
    AND (f.volet = 'coordination' OR j.agreement_status IS NULL OR j.agreement_status NOT IN ('REFUS', 'RETIRE'))
  GROUP BY 1, 2, 3, 4;

  DELETE FROM access a WHERE a.journey_id = ANY (p_journeys)
    AND a.basis IN ('referent', 'backup', 'coordinator', 'opening')
    AND NOT EXISTS (SELECT 1 FROM wanted_access w WHERE w.actor_id = a.actor_id AND w.folder_id = a.folder_id
                    AND w.basis = a.basis);
  -- Withdrawal freezes sharing at once: whatever was granted beyond the team ends now.
  UPDATE access a SET until_at = app_now() FROM journey j
  WHERE j.id = a.journey_id AND a.journey_id = ANY (p_journeys)
    AND j.agreement_status IN ('REFUS', 'RETIRE')
    AND a.basis NOT IN ('referent', 'backup', 'coordinator', 'operator')
    AND (a.until_at IS NULL OR a.until_at > app_now());
  INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, granted_by)
  SELECT gen_random_uuid(), actor_id, journey_id, folder_id, basis, can_write, app_now(), app_actor()
  FROM wanted_access
  ON CONFLICT (actor_id, folder_id, basis) DO UPDATE SET can_write = EXCLUDED.can_write
    WHERE access.can_write <> EXCLUDED.can_write;
END $$;

-- As before; the structure is one of the actor's, and an instant more than five minutes away from the server's
-- clock is replaced by it.
CREATE OR REPLACE FUNCTION append_audit(p_structure uuid, p_at_us bigint, p_journey uuid, p_action text, p_result text,
                             p_detail text) RETURNS TABLE (new_sequence bigint, new_hash bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_previous bytea; v_sequence bigint; v_body bytea; v_at_us bigint;
  v_nobody uuid := '00000000-0000-0000-0000-000000000000';
  v_actor uuid := COALESCE(app_actor(), '00000000-0000-0000-0000-000000000000');
BEGIN
  -- The chain of a structure of the actor (whose role may just have ended), or the common one.
  IF p_structure <> v_nobody
     AND NOT EXISTS (SELECT 1 FROM membership WHERE account_id = v_actor AND structure_id = p_structure) THEN
    RAISE EXCEPTION 'append_audit: not a structure of the actor' USING ERRCODE = '42501';
  END IF;
  -- now(), not app_now(): nobody who speaks to the database chooses the hour of a line.
  v_at_us := (extract(epoch FROM now()) * 1000000)::bigint;
  IF abs(p_at_us - v_at_us) <= 300000000 THEN v_at_us := p_at_us; END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended(p_structure::text, 7));
  SELECT sequence, hash INTO v_sequence, v_previous FROM audit_entry
  WHERE structure_id = p_structure ORDER BY sequence DESC LIMIT 1;
  v_sequence := COALESCE(v_sequence, 0) + 1;
  v_previous := COALESCE(v_previous, sha256(convert_to(p_structure::text, 'UTF8')));
  v_body := audit_field(p_structure::text) || audit_field(v_sequence::text) || audit_field(v_at_us::text)
    || audit_field(v_actor::text) || audit_field(p_journey::text) || audit_field(p_action)
    || audit_field(p_result) || audit_field(p_detail);
  INSERT INTO audit_entry (structure_id, sequence, previous, hash, body, at_us, actor_id, journey_id, action,
                           result, detail)
  VALUES (p_structure, v_sequence, v_previous, sha256(v_previous || v_body), v_body, v_at_us, v_actor, p_journey,
          p_action, p_result, COALESCE(p_detail, ''));
  RETURN QUERY SELECT v_sequence, sha256(v_previous || v_body);
END $$;

RESET ROLE;
