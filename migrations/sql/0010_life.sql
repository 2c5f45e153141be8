-- A replacement during an absence; the next reference; families.
SET ROLE coord_definer;

-- As before, and whoever replaces an absent référent backs up, from the first day to the last, the journeys that
-- have no backup of their own: rows that begin and end by themselves.
CREATE OR REPLACE FUNCTION sync_journey_access(p_journeys uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT (is_operator() OR p_journeys <@ my_journeys()) THEN
    RAISE EXCEPTION 'sync_journey_access: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  CREATE TEMP TABLE IF NOT EXISTS wanted_access (
    actor_id uuid, journey_id uuid, folder_id uuid, basis text, can_write boolean, leave_id uuid,
    from_at timestamptz, until_at timestamptz) ON COMMIT DROP;
  TRUNCATE wanted_access;
  INSERT INTO wanted_access
  SELECT r.actor_id, f.journey_id, f.id, r.basis, bool_or(v.can_write), r.leave_id, r.from_at, r.until_at
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
      WHERE m.ended_at IS NULL OR m.ended_at > app_now()) r
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

-- As before: a row of a leave is one of its own.
CREATE OR REPLACE FUNCTION grant_access(p_actor uuid, p_folder uuid, p_basis text, p_until timestamptz) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_journey uuid; v_volet text; v_programme text; v_write boolean;
BEGIN
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
  WHERE m.account_id = p_actor AND (m.ended_at IS NULL OR m.ended_at > app_now());
  IF v_write IS NULL OR (p_basis = 'meeting' AND p_until IS NULL) THEN
    RAISE EXCEPTION 'grant_access: this role never sees this volet' USING ERRCODE = '42501';
  END IF;
  INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, until_at, granted_by)
  VALUES (gen_random_uuid(), p_actor, v_journey, p_folder, p_basis, v_write, app_now(), p_until, app_actor())
  ON CONFLICT (actor_id, folder_id, basis, leave_id) DO UPDATE
    SET until_at = EXCLUDED.until_at, from_at = EXCLUDED.from_at, granted_by = EXCLUDED.granted_by;
END $$;


-- The number after the last one, for who may open a journey of the programme: no other journey shows.
CREATE FUNCTION next_ref(p_programme text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_prefix text := CASE p_programme WHEN 'PRE' THEN 'PRE-' ELSE 'CITE-' END;
BEGIN
  IF NOT is_operator() AND NOT EXISTS (
      SELECT 1 FROM membership m JOIN volet_right v ON v.role = m.role
      WHERE m.account_id = app_actor() AND v.programme = p_programme AND v.can_write AND v.volet = 'coordination'
        AND may_see_journeys(app_actor()) AND (m.ended_at IS NULL OR m.ended_at > app_now())) THEN
    RAISE EXCEPTION 'next_ref: no role opens journeys of this programme' USING ERRCODE = '42501';
  END IF;
  RETURN (SELECT v_prefix || lpad((COALESCE(max(substr(ref, length(v_prefix) + 1)::bigint), 0) + 1)::text, 4, '0')
          FROM journey WHERE ref ~ ('^' || v_prefix || '[0-9]{1,12}$'));
END $$;

-- Journeys of one programme are of one family for whoever sees both and writes in one: two families become one.
CREATE FUNCTION link_siblings(p_journey uuid, p_sibling uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_mine uuid; v_other uuid;
BEGIN
  IF p_journey = p_sibling OR NOT ARRAY[p_journey, p_sibling] <@ my_journeys()
     OR NOT p_journey = ANY (my_writable_journeys())
     OR (SELECT count(DISTINCT programme) FROM journey WHERE id IN (p_journey, p_sibling)) <> 1 THEN
    RAISE EXCEPTION 'link_siblings: refused' USING ERRCODE = '42501';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('household', 7));
  SELECT household_id INTO v_mine FROM household_member WHERE journey_id = p_journey;
  SELECT household_id INTO v_other FROM household_member WHERE journey_id = p_sibling;
  v_mine := COALESCE(v_mine, v_other, gen_random_uuid());
  UPDATE household_member SET household_id = v_mine WHERE household_id = v_other;
  INSERT INTO household_member (journey_id, household_id) VALUES (p_journey, v_mine), (p_sibling, v_mine)
  ON CONFLICT (journey_id) DO NOTHING;
END $$;

-- The journey leaves its family; who is left alone is no family any more.
CREATE FUNCTION unlink_siblings(p_journey uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_household uuid;
BEGIN
  IF NOT p_journey = ANY (my_writable_journeys()) THEN
    RAISE EXCEPTION 'unlink_siblings: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  PERFORM pg_advisory_xact_lock(hashtextextended('household', 7));
  DELETE FROM household_member WHERE journey_id = p_journey RETURNING household_id INTO v_household;
  DELETE FROM household_member WHERE household_id = v_household
    AND 1 = (SELECT count(*) FROM household_member WHERE household_id = v_household);
END $$;

-- The family of a journey that the actor writes in. Of a journey that they do not see, only that it is followed,
-- and by whom: no id, no reference, and nothing without the agreement of its own.
CREATE FUNCTION siblings(p_journey uuid) RETURNS TABLE (journey_id uuid, referent text)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN j.id = ANY (my_journeys()) THEN j.id END, COALESCE(a.display_name, '')
  FROM household_member mine
  JOIN household_member other ON other.household_id = mine.household_id AND other.journey_id <> mine.journey_id
  JOIN journey j ON j.id = other.journey_id
  LEFT JOIN account a ON a.id = j.referent_id
  WHERE mine.journey_id = p_journey AND p_journey = ANY (my_writable_journeys())
    AND (j.id = ANY (my_journeys())
         OR j.exit_on IS NULL AND j.stage IS DISTINCT FROM 'NON_RETENU'
            AND j.agreement_status IS DISTINCT FROM 'REFUS' AND j.agreement_status IS DISTINCT FROM 'RETIRE'
            AND (j.programme <> 'PRE' OR j.agreement_status = 'SIGNE'))
  ORDER BY 2, 1
$$;

REVOKE ALL ON FUNCTION next_ref(text), link_siblings(uuid, uuid), unlink_siblings(uuid), siblings(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION next_ref(text), link_siblings(uuid, uuid), unlink_siblings(uuid), siblings(uuid) TO coord_web;
RESET ROLE;

-- A family stands behind its functions alone: no policy, no right.
ALTER TABLE household_member ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
GRANT SELECT, INSERT, UPDATE, DELETE ON household_member TO coord_definer;

-- Absences of professionals: the own ones are written; who replaces and who coordinates reads them.
ALTER TABLE leave ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON leave FOR SELECT TO coord_web USING (
  account_id = app_actor() OR backup_id = app_actor()
  OR (SELECT has_role('COORD_PRE')) OR (SELECT has_role('COORD_CITE')));
CREATE POLICY add ON leave FOR INSERT TO coord_web WITH CHECK (account_id = app_actor());
CREATE POLICY remove ON leave FOR DELETE TO coord_web USING (account_id = app_actor());
GRANT SELECT, INSERT, DELETE ON leave TO coord_web;
GRANT SELECT ON leave TO coord_definer;
