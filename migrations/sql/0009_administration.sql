-- What the administrator keeps: roles with their dates, lists, areas, school years, links to choose a password.
SET ROLE coord_definer;

CREATE FUNCTION manages_lists() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM account WHERE id = app_actor() AND kind = 'operator') OR has_role('ADMIN')
$$;

-- As before; a role that has not begun yet gives nothing.
CREATE OR REPLACE FUNCTION has_role(p_role text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM membership m JOIN account a ON a.id = m.account_id
    WHERE a.id = app_actor() AND a.suspended_at IS NULL AND m.role = p_role
      AND (m.started_at IS NULL OR m.started_at <= app_now())
      AND (m.ended_at IS NULL OR m.ended_at > app_now()))
$$;

-- From when until when the roles of an account open a volet on a basis that follows from facts.
CREATE FUNCTION role_span(p_actor uuid, p_folder uuid, p_basis text)
RETURNS TABLE (begins timestamptz, ends timestamptz)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT min(COALESCE(m.started_at, '-infinity')), max(COALESCE(m.ended_at, 'infinity'))
  FROM folder f JOIN journey j ON j.id = f.journey_id
  JOIN membership m ON m.account_id = p_actor AND (m.programme IS NULL OR m.programme = j.programme)
    AND (m.ended_at IS NULL OR m.ended_at > app_now())
  JOIN volet_right v ON v.role = m.role AND v.programme = j.programme AND v.volet = f.volet
    AND v.relation = CASE p_basis WHEN 'coordinator' THEN 'coordinator' ELSE 'referent' END
  WHERE f.id = p_folder
$$;

-- An access row that follows from a role carries the role's dates: it opens and closes with them, to the instant.
CREATE FUNCTION date_access() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_begins timestamptz; v_ends timestamptz;
BEGIN
  IF NEW.basis IN ('referent', 'backup', 'coordinator') AND EXISTS (
      SELECT 1 FROM membership WHERE account_id = NEW.actor_id AND (started_at > app_now() OR ended_at IS NOT NULL)) THEN
    SELECT s.begins, s.ends INTO v_begins, v_ends FROM role_span(NEW.actor_id, NEW.folder_id, NEW.basis) s;
    NEW.from_at := GREATEST(NEW.from_at, v_begins);
    NEW.until_at := NULLIF(v_ends, 'infinity');
  END IF;
  RETURN NEW;
END $$;

-- After a role was given, dated or ended: the access rows of its programme (NULL: of both) follow at once. For who
-- manages accounts; nothing of a journey comes back.
CREATE FUNCTION follow_roles(p_account uuid, p_programme text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor text := current_setting('app.actor', true); v_journeys uuid[];
BEGIN
  IF NOT manages_lists() THEN
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
        WHERE x.actor_id = p_account AND x.basis IN ('referent', 'backup', 'coordinator')
          AND x.journey_id = ANY (v_journeys)) s
  WHERE s.id = a.id AND s.ends IS NOT NULL;
END $$;

-- Other processes keep the lists in memory: this number tells them that theirs are old.
CREATE FUNCTION note_lists_changed() RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT manages_lists() THEN
    RAISE EXCEPTION 'note_lists_changed: not for this role' USING ERRCODE = '42501';
  END IF;
  INSERT INTO state (name, value) VALUES ('lists_version', gen_random_uuid()::text)
  ON CONFLICT (name) DO UPDATE SET value = EXCLUDED.value;
END $$;

REVOKE ALL ON FUNCTION manages_lists(), role_span(uuid, uuid, text), date_access(), follow_roles(uuid, text),
  note_lists_changed() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION manages_lists(), follow_roles(uuid, text), note_lists_changed() TO coord_web;
-- The owner hangs it on the table.
GRANT EXECUTE ON FUNCTION date_access() TO coord_owner;
RESET ROLE;

GRANT SELECT, INSERT, UPDATE ON state TO coord_definer;
CREATE TRIGGER date_access BEFORE INSERT ON access FOR EACH ROW EXECUTE FUNCTION date_access();

-- Columns added to tables whose rights are given column by column.
GRANT INSERT (version), UPDATE (version) ON account TO coord_web;
GRANT UPDATE (started_at, version) ON membership TO coord_web;
GRANT UPDATE (retired_on, version) ON structure TO coord_web;

DO $$
DECLARE t text;
BEGIN
  FOREACH t IN ARRAY ARRAY['coded_label', 'area', 'school_year'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY see ON %I FOR SELECT TO coord_web, coord_worker USING (true)', t);
    EXECUTE format('CREATE POLICY add ON %I FOR INSERT TO coord_web WITH CHECK ((SELECT manages_lists()))', t);
    EXECUTE format('CREATE POLICY change ON %I FOR UPDATE TO coord_web USING ((SELECT manages_lists()))', t);
    -- Never a deletion: a code that was used stays readable.
    EXECUTE format('GRANT SELECT, INSERT, UPDATE ON %I TO coord_web', t);
    EXECUTE format('GRANT SELECT ON %I TO coord_worker', t);
  END LOOP;
END $$;

-- A link is used by a person who is not signed in: the token is the proof, only its hash is kept.
GRANT SELECT, INSERT ON password_link TO coord_web;
GRANT UPDATE (used_at) ON password_link TO coord_web;
ALTER TABLE password_link ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON password_link FOR SELECT TO coord_web USING (true);
CREATE POLICY add ON password_link FOR INSERT TO coord_web WITH CHECK ((SELECT manages_lists()));
CREATE POLICY change ON password_link FOR UPDATE TO coord_web USING (account_id = app_actor() OR (SELECT manages_lists()));
