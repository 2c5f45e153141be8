-- A role opens nothing before its first day nor in another programme, whichever way the database is asked.
SET ROLE coord_definer;

-- Whether the actor opens journeys of a programme today: a role held now, in that programme, that writes there.
CREATE FUNCTION may_open(p_programme text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT is_operator() OR may_see_journeys(app_actor()) AND EXISTS (
    SELECT 1 FROM membership m JOIN volet_right v ON v.role = m.role
    WHERE m.account_id = app_actor() AND v.programme = p_programme AND v.can_write AND v.volet = 'coordination'
      AND (m.programme IS NULL OR m.programme = p_programme)
      AND (m.started_at IS NULL OR m.started_at <= app_now())
      AND (m.ended_at IS NULL OR m.ended_at > app_now()))
$$;

-- As before, by `may_open`.
CREATE OR REPLACE FUNCTION open_journeys(p_journeys uuid[], p_folders uuid[], p_programme text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT may_open(p_programme) THEN
    RAISE EXCEPTION 'open_journeys: no role opens journeys of this programme' USING ERRCODE = '42501';
  END IF;
  IF EXISTS (SELECT 1 FROM journey WHERE id = ANY (p_journeys))
     OR EXISTS (SELECT 1 FROM folder WHERE id = ANY (p_folders)) THEN
    RAISE EXCEPTION 'open_journeys: already open' USING ERRCODE = '42501';
  END IF;
  INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, granted_by)
  SELECT gen_random_uuid(), app_actor(), j, f, 'opening', true, app_now(), app_actor()
  FROM unnest(p_journeys, p_folders) AS t (j, f);
END $$;

-- As before, by `may_open`.
CREATE OR REPLACE FUNCTION next_ref(p_programme text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_prefix text := CASE p_programme WHEN 'PRE' THEN 'PRE-' ELSE 'CITE-' END;
BEGIN
  IF NOT may_open(p_programme) THEN
    RAISE EXCEPTION 'next_ref: no role opens journeys of this programme' USING ERRCODE = '42501';
  END IF;
  RETURN (SELECT v_prefix || lpad((COALESCE(max(substr(ref, length(v_prefix) + 1)::bigint), 0) + 1)::text, 4, '0')
          FROM journey WHERE ref ~ ('^' || v_prefix || '[0-9]{1,12}$'));
END $$;

-- As before; the role of whoever receives is held now, and in the programme of the journey.
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

-- As before: the row of a role still to come is made with its first day (date_access); it opens no writing to
-- whoever only reads until then.
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

-- As before; a replacement ends with the absence, whatever the roles.
CREATE OR REPLACE FUNCTION date_access() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_begins timestamptz; v_ends timestamptz;
BEGIN
  IF NEW.basis IN ('referent', 'backup', 'coordinator') AND EXISTS (
      SELECT 1 FROM membership WHERE account_id = NEW.actor_id AND (started_at > app_now() OR ended_at IS NOT NULL)) THEN
    SELECT s.begins, s.ends INTO v_begins, v_ends FROM role_span(NEW.actor_id, NEW.folder_id, NEW.basis) s;
    NEW.from_at := GREATEST(NEW.from_at, v_begins);
    NEW.until_at := NULLIF(LEAST(COALESCE(NEW.until_at, 'infinity'), v_ends), 'infinity');
  END IF;
  RETURN NEW;
END $$;

-- As before; a replacement keeps the days of the absence: the sync has just set them.
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
END $$;

-- A journey keeps its programme: who opens one of the PRE does not make it one of the Cité de l'emploi.
CREATE FUNCTION keep_programme() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
BEGIN
  IF current_user = 'coord_web' AND NEW.programme IS DISTINCT FROM OLD.programme THEN
    RAISE EXCEPTION 'journey: its programme does not change' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;

REVOKE ALL ON FUNCTION may_open(text), keep_programme() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION may_open(text) TO coord_web;
-- The owner hangs it on the table.
GRANT EXECUTE ON FUNCTION keep_programme() TO coord_owner;
RESET ROLE;

CREATE TRIGGER keep_programme BEFORE UPDATE OF programme ON journey
  FOR EACH ROW EXECUTE FUNCTION keep_programme();
ALTER POLICY add ON journey WITH CHECK (
  id = ANY ((SELECT my_writable_journeys())::uuid[]) AND may_open(programme));

-- The state of the house: read by all; the pages' role writes one name, and only for the operator. The number of
-- the lists is written by its function.
ALTER TABLE state ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON state FOR SELECT TO coord_web, coord_worker USING (true);
CREATE POLICY add ON state FOR INSERT TO coord_web WITH CHECK (name = 'demo' AND (SELECT is_operator()));
