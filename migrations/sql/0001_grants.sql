-- Who may touch which table, and the policies. The owner is subject to them too (FORCE).
DO $$
DECLARE t text; f text;
  in_folder text[] := ARRAY['sheet', 'representative', 'contact', 'appointment', 'objective', 'action', 'pause',
    'review', 'barrier', 'right_end', 'life_event', 'school_absence', 'referral'];
BEGIN
  FOREACH t IN ARRAY in_folder LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
    EXECUTE format('CREATE POLICY see ON %I FOR SELECT TO coord_web USING (folder_id = ANY ((SELECT my_folders())::uuid[]))', t);
    EXECUTE format('CREATE POLICY add ON %I FOR INSERT TO coord_web WITH CHECK (folder_id = ANY ((SELECT my_writable_folders())::uuid[]))', t);
    EXECUTE format('CREATE POLICY change ON %I FOR UPDATE TO coord_web USING (folder_id = ANY ((SELECT my_writable_folders())::uuid[])) WITH CHECK (folder_id = ANY ((SELECT my_writable_folders())::uuid[]))', t);
    EXECUTE format('CREATE POLICY remove ON %I FOR DELETE TO coord_web USING (folder_id = ANY ((SELECT my_writable_folders())::uuid[]))', t);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I TO coord_web', t);
  END LOOP;

  FOREACH t IN ARRAY ARRAY['journey', 'folder', 'access', 'deadline', 'alert', 'audit_entry'] LOOP
    EXECUTE format('ALTER TABLE %I ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', t);
  END LOOP;

  FOR f IN SELECT p.oid::regprocedure::text FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
           WHERE n.nspname = 'public' LOOP
    EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', f);
    EXECUTE format('GRANT EXECUTE ON FUNCTION %s TO coord_web', f);
    EXECUTE format('ALTER FUNCTION %s OWNER TO coord_definer', f);
  END LOOP;
END $$;

CREATE POLICY see ON journey FOR SELECT TO coord_web USING (id = ANY ((SELECT my_journeys())::uuid[]));
CREATE POLICY add ON journey FOR INSERT TO coord_web WITH CHECK (id = ANY ((SELECT my_writable_journeys())::uuid[]));
CREATE POLICY change ON journey FOR UPDATE TO coord_web USING (id = ANY ((SELECT my_writable_journeys())::uuid[])) WITH CHECK (id = ANY ((SELECT my_writable_journeys())::uuid[]));
CREATE POLICY see ON folder FOR SELECT TO coord_web USING (id = ANY ((SELECT my_folders())::uuid[]));
-- Only the first volet of the journey it was opened with; the others come through open_folder, which asks for the
-- agreement.
CREATE POLICY add ON folder FOR INSERT TO coord_web WITH CHECK (volet = 'coordination' AND EXISTS (
  SELECT 1 FROM access a WHERE a.actor_id = app_actor() AND a.folder_id = folder.id
    AND a.journey_id = folder.journey_id AND a.basis = 'opening'
    AND a.folder_id = ANY ((SELECT my_writable_folders())::uuid[])));
CREATE POLICY see ON access FOR SELECT TO coord_web USING (actor_id = app_actor() OR journey_id = ANY ((SELECT my_journeys())::uuid[]));
CREATE POLICY see ON deadline FOR SELECT TO coord_web USING (folder_id = ANY ((SELECT my_folders())::uuid[]));
CREATE POLICY see ON alert FOR SELECT TO coord_web USING (folder_id = ANY ((SELECT my_folders())::uuid[]));
CREATE POLICY change ON alert FOR UPDATE TO coord_web USING (folder_id = ANY ((SELECT my_folders())::uuid[])) WITH CHECK (folder_id = ANY ((SELECT my_folders())::uuid[]));
CREATE POLICY see ON audit_entry FOR SELECT TO coord_web USING (journey_id = ANY ((SELECT my_journeys())::uuid[]) OR (SELECT has_role('DPO')));

GRANT SELECT, INSERT, UPDATE ON journey TO coord_web;
GRANT SELECT, INSERT ON folder TO coord_web;
GRANT SELECT ON access, deadline, audit_entry, volet_right, tombstone, scan_run TO coord_web;
GRANT SELECT ON alert TO coord_web;
GRANT UPDATE (status, acted_on, acted_by, postponed_until, way_out, version, comment) ON alert TO coord_web;
GRANT SELECT, INSERT, UPDATE ON structure, account, membership, state, import_run TO coord_web;
-- A session never changes hands.
GRANT SELECT, INSERT ON sign_in_session TO coord_web;
GRANT UPDATE (last_seen_at, revoked_at) ON sign_in_session TO coord_web;
GRANT SELECT, INSERT, DELETE ON sign_in_attempt, idempotency TO coord_web;
GRANT SELECT, INSERT ON audit_checkpoint TO coord_web;

GRANT USAGE ON ALL SEQUENCES IN SCHEMA public TO coord_web;

-- The worker: dates, codes, opaque ids; column by column, never a sealed one.
CREATE POLICY work ON journey FOR SELECT TO coord_worker USING (true);
CREATE POLICY work ON folder FOR SELECT TO coord_worker USING (true);
CREATE POLICY work ON action FOR SELECT TO coord_worker USING (true);
CREATE POLICY work ON referral FOR SELECT TO coord_worker USING (true);
CREATE POLICY work ON deadline FOR ALL TO coord_worker USING (true) WITH CHECK (true);
CREATE POLICY work ON alert FOR ALL TO coord_worker USING (true) WITH CHECK (true);
GRANT SELECT (id, ref, programme, stage, referent_id, backup_id, exit_on) ON journey TO coord_worker;
GRANT SELECT (id, journey_id, volet) ON folder TO coord_worker;
GRANT SELECT (id, key) ON action TO coord_worker;
GRANT SELECT (id, key) ON referral TO coord_worker;
GRANT SELECT, UPDATE ON deadline TO coord_worker;
GRANT SELECT (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on, initial, status,
  escalated_on, acted_on, acted_by, postponed_until, way_out, resolved_on, resolved_because, version) ON alert TO coord_worker;
GRANT INSERT (id, journey_id, folder_id, rule, kind, subject_id, since, due_on, because, opened_on, initial, status) ON alert TO coord_worker;
GRANT UPDATE (status, initial, opened_on, due_on, escalated_on, postponed_until, resolved_on, resolved_because, version) ON alert TO coord_worker;
GRANT SELECT, INSERT ON scan_run TO coord_worker;
GRANT SELECT, UPDATE ON import_run TO coord_worker;
GRANT SELECT (id, email, display_name, suspended_at, kind) ON account TO coord_worker;
GRANT SELECT ON membership, structure, state TO coord_worker;

GRANT SELECT ON account, membership, volet_right, action, right_end TO coord_definer;
GRANT SELECT ON journey TO coord_definer;
GRANT SELECT, INSERT, UPDATE ON folder TO coord_definer;
GRANT SELECT, INSERT, UPDATE, DELETE ON access, deadline TO coord_definer;
GRANT SELECT, UPDATE ON alert TO coord_definer;
GRANT SELECT, INSERT ON audit_entry TO coord_definer;

GRANT ALL ON ALL TABLES IN SCHEMA public TO coord_maintenance;
GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO coord_maintenance;
