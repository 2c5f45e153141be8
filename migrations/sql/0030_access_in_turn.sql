-- As in 0017, one after the other. Who may open what follows from roles, référents, absences and agreements: of two
-- who changed two of these at the same instant, none saw the other's, and rows stayed that neither would have made
-- (the volets of an agreement just withdrawn, the journeys of a role just ended). Now the second one waits for the
-- first to commit and computes from what both wrote.
SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION grant_access(p_actor uuid, p_folder uuid, p_basis text, p_until timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_journey uuid; v_volet text; v_programme text; v_write boolean;
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('access', 7));
  SELECT f.journey_id, f.volet, j.programme INTO v_journey, v_volet, v_programme
  FROM folder f JOIN journey j ON j.id = f.journey_id WHERE f.id = p_folder AND f.open;
  IF p_basis NOT IN ('receiver', 'meeting') OR v_journey IS NULL OR p_actor = app_actor()
     OR NOT shares_folder(p_folder)
     OR EXISTS (SELECT 1 FROM journey WHERE id = v_journey AND (agreement_status IN ('REFUS', 'RETIRE')
                OR programme = 'PRE' AND agreement_status IS DISTINCT FROM 'SIGNE')) THEN
    RAISE EXCEPTION 'grant_access: refused' USING ERRCODE = '42501';
  END IF;
  SELECT bool_or(v.can_write) INTO v_write FROM membership m
  JOIN volet_right v ON v.role = m.role AND v.relation = p_basis AND v.volet = v_volet AND v.programme = v_programme
  WHERE m.account_id = p_actor AND (m.programme IS NULL OR m.programme = v_programme)
    AND (m.started_at IS NULL OR m.started_at <= app_now())
    AND (m.ended_at IS NULL OR m.ended_at > app_now());
  IF v_write IS NULL OR (p_basis = 'meeting' AND p_until IS NULL) THEN
    RAISE EXCEPTION 'grant_access: this role never sees this volet' USING ERRCODE = '42501';
  END IF;
  INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, until_at, granted_by)
  VALUES (gen_random_uuid(), p_actor, v_journey, p_folder, p_basis, v_write, app_now(), p_until, app_actor())
  ON CONFLICT (actor_id, folder_id, basis, leave_id) DO UPDATE
    SET until_at = EXCLUDED.until_at, from_at = EXCLUDED.from_at, granted_by = EXCLUDED.granted_by;
END $$;

CREATE OR REPLACE FUNCTION sync_journey_access(p_journeys uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT (is_operator() OR p_journeys <@ my_journeys()) THEN
    RAISE EXCEPTION 'sync_journey_access: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  -- From here on, what another one wrote and has not committed is waited for, then seen.
  PERFORM pg_advisory_xact_lock(hashtextextended('access', 7));
  CREATE TEMP TABLE IF NOT EXISTS wanted_access (
    actor_id uuid, journey_id uuid, folder_id uuid, basis text, can_write boolean, leave_id uuid,
    from_at timestamptz, until_at timestamptz) ON COMMIT DROP;
  TRUNCATE wanted_access;
  INSERT INTO wanted_access
  SELECT r.actor_id, f.journey_id, f.id, r.basis,
    COALESCE(bool_or(v.can_write) FILTER (WHERE m.started_at IS NULL OR m.started_at <= app_now()),
             bool_or(v.can_write)),
    r.leave_id, r.from_at, r.until_at
  FROM journey j
  JOIN folder f ON f.journey_id = j.id AND f.open
  CROSS JOIN LATERAL (
    SELECT j.referent_id AS actor_id, 'referent' AS basis, NULL::uuid AS leave_id, NULL::timestamptz AS from_at,
           NULL::timestamptz AS until_at WHERE j.referent_id IS NOT NULL
    UNION ALL SELECT j.backup_id, 'backup', NULL, NULL, NULL WHERE j.backup_id IS NOT NULL
    UNION ALL SELECT l.backup_id, 'backup', l.id, l.from_on::timestamp AT TIME ZONE 'Europe/Paris',
           (l.until_on + 1)::timestamp AT TIME ZONE 'Europe/Paris' FROM leave l
      WHERE l.account_id = j.referent_id AND j.backup_id IS NULL AND j.exit_on IS NULL
        AND (l.until_on + 1)::timestamp AT TIME ZONE 'Europe/Paris' > app_now()
    UNION ALL SELECT DISTINCT m.account_id, 'coordinator', NULL::uuid, NULL::timestamptz, NULL::timestamptz
      FROM membership m
      JOIN volet_right vr ON vr.role = m.role AND vr.relation = 'coordinator' AND vr.programme = j.programme
      WHERE (m.ended_at IS NULL OR m.ended_at > app_now())
        AND (m.programme IS NULL OR m.programme = j.programme)) r
  JOIN membership m ON m.account_id = r.actor_id AND (m.ended_at IS NULL OR m.ended_at > app_now())
    AND (m.programme IS NULL OR m.programme = j.programme)
  JOIN volet_right v ON v.role = m.role AND v.programme = j.programme AND v.volet = f.volet
    AND v.relation = CASE r.basis WHEN 'coordinator' THEN 'coordinator' ELSE 'referent' END
  WHERE j.id = ANY (p_journeys)
    AND (f.volet = 'coordination' OR j.agreement_status IS NULL OR j.agreement_status NOT IN ('REFUS', 'RETIRE'))
  GROUP BY 1, 2, 3, 4, 6, 7, 8;

  DELETE FROM access a WHERE a.journey_id = ANY (p_journeys)
    AND a.basis IN ('referent', 'backup', 'coordinator', 'opening')
    AND NOT EXISTS (SELECT 1 FROM wanted_access w WHERE w.actor_id = a.actor_id AND w.folder_id = a.folder_id
                    AND w.basis = a.basis AND w.leave_id IS NOT DISTINCT FROM a.leave_id);
  -- Withdrawal freezes sharing at once: whatever was granted beyond the team ends now.
  UPDATE access a SET until_at = app_now() FROM journey j
  WHERE j.id = a.journey_id AND a.journey_id = ANY (p_journeys)
    AND j.agreement_status IN ('REFUS', 'RETIRE')
    AND a.basis NOT IN ('referent', 'backup', 'coordinator', 'operator')
    AND (a.until_at IS NULL OR a.until_at > app_now());
  INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, leave_id, from_at, until_at, granted_by)
  SELECT gen_random_uuid(), actor_id, journey_id, folder_id, basis, can_write, leave_id,
    COALESCE(from_at, app_now()), until_at, app_actor()
  FROM wanted_access
  ON CONFLICT (actor_id, folder_id, basis, leave_id) DO UPDATE SET can_write = EXCLUDED.can_write,
    from_at = CASE WHEN access.leave_id IS NULL THEN access.from_at ELSE EXCLUDED.from_at END,
    until_at = CASE WHEN access.leave_id IS NULL THEN access.until_at ELSE EXCLUDED.until_at END
    WHERE access.can_write <> EXCLUDED.can_write OR access.leave_id IS NOT NULL
      AND (access.from_at, access.until_at) IS DISTINCT FROM (EXCLUDED.from_at, EXCLUDED.until_at);
END $$;

-- The folder where the actor may write a new record, held open until the end of this transaction: an agreement
-- withdrawn meanwhile waits for it, and whoever waited for a withdrawal finds the folder closed.
CREATE FUNCTION hold_folder(p_journey uuid, p_volet text) RETURNS uuid
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT f.id FROM folder f
  WHERE f.journey_id = p_journey AND f.volet = p_volet AND f.open AND may_see_journeys(app_actor())
    AND EXISTS (SELECT 1 FROM access a WHERE a.actor_id = app_actor() AND a.folder_id = f.id AND a.can_write
                AND a.from_at <= app_now() AND (a.until_at IS NULL OR a.until_at > app_now()))
  FOR SHARE OF f
$$;
REVOKE ALL ON FUNCTION hold_folder(uuid, text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION hold_folder(uuid, text) TO coord_web;
RESET ROLE;
