-- Who works here, in which role, in which structure: everybody reads it, only those who manage accounts write it.
-- A person changes of the own account what signing in needs, and nobody the own roles but the operator.
SET ROLE coord_definer;

CREATE FUNCTION is_operator() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM account WHERE id = app_actor() AND kind = 'operator')
$$;

CREATE FUNCTION manages_accounts() RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT is_operator() OR has_role('ADMIN')
$$;

-- The account under which commands run: made once, by this function alone, since no grant reaches `kind`.
CREATE FUNCTION make_operator(p_id uuid, p_email text, p_name text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended('operator', 7));
  INSERT INTO account (id, email, display_name, kind) SELECT p_id, p_email, p_name, 'operator'
  WHERE NOT EXISTS (SELECT 1 FROM account WHERE kind = 'operator');
END $$;

-- Row-level security says who may change a row; this says which columns a person may change of the own row.
CREATE FUNCTION guard_own_account() RETURNS trigger
LANGUAGE plpgsql SET search_path = public, pg_temp AS $$
DECLARE v_own text[] := ARRAY['password_hash', 'second_factor', 'charter_version', 'charter_signed_on',
                              'charter_expires_on'];
BEGIN
  IF current_user = 'coord_web' AND NOT manages_accounts()
     AND to_jsonb(OLD) - v_own IS DISTINCT FROM to_jsonb(NEW) - v_own THEN
    RAISE EXCEPTION 'account: not a column of the own account' USING ERRCODE = '42501';
  END IF;
  RETURN NEW;
END $$;

REVOKE ALL ON FUNCTION is_operator(), manages_accounts(), make_operator(uuid, text, text), guard_own_account()
  FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_operator(), manages_accounts(), make_operator(uuid, text, text), guard_own_account()
  TO coord_web;
-- The owner hangs it on the table.
GRANT EXECUTE ON FUNCTION guard_own_account() TO coord_owner;
RESET ROLE;

GRANT INSERT ON account TO coord_definer;
CREATE TRIGGER guard_own_account BEFORE UPDATE ON account FOR EACH ROW EXECUTE FUNCTION guard_own_account();

ALTER TABLE account ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE membership ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
ALTER TABLE structure ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;

-- Names of colleagues and of structures show on every page, and signing in reads accounts before anybody acts.
CREATE POLICY see ON account FOR SELECT TO coord_web USING (true);
CREATE POLICY see ON membership FOR SELECT TO coord_web USING (true);
CREATE POLICY see ON structure FOR SELECT TO coord_web USING (true);
CREATE POLICY work ON account FOR SELECT TO coord_worker USING (true);
CREATE POLICY work ON membership FOR SELECT TO coord_worker USING (true);
CREATE POLICY work ON structure FOR SELECT TO coord_worker USING (true);

CREATE POLICY add ON account FOR INSERT TO coord_web WITH CHECK (kind = 'person' AND (SELECT manages_accounts()));
CREATE POLICY change ON account FOR UPDATE TO coord_web
  USING (kind = 'person' AND ((SELECT manages_accounts()) OR id = app_actor() AND suspended_at IS NULL));
CREATE POLICY add ON membership FOR INSERT TO coord_web WITH CHECK (
  (SELECT manages_accounts()) AND (account_id <> app_actor() OR (SELECT is_operator())));
CREATE POLICY change ON membership FOR UPDATE TO coord_web USING (
  (SELECT manages_accounts()) AND (account_id <> app_actor() OR (SELECT is_operator())));
CREATE POLICY add ON structure FOR INSERT TO coord_web WITH CHECK ((SELECT manages_accounts()));
CREATE POLICY change ON structure FOR UPDATE TO coord_web USING ((SELECT manages_accounts()));

-- Column by column: neither `kind` nor an id is ever written by the pages. A column added later needs its grant.
REVOKE INSERT, UPDATE ON account, membership, structure FROM coord_web;
GRANT INSERT (id, email, display_name, password_hash, secrecy_basis, charter_version, charter_signed_on,
  charter_expires_on, second_factor) ON account TO coord_web;
GRANT UPDATE (email, display_name, password_hash, secrecy_basis, charter_version, charter_signed_on,
  charter_expires_on, second_factor, suspended_at) ON account TO coord_web;
GRANT INSERT ON membership, structure TO coord_web;
GRANT UPDATE (ended_at) ON membership TO coord_web;
GRANT UPDATE (name, type, commune) ON structure TO coord_web;
REVOKE UPDATE ON state, import_run FROM coord_web;
-- Checkpoints are signed and written by a command, as another role.
REVOKE ALL ON audit_checkpoint FROM coord_web;

-- Who answers an alert answers in the own name.
ALTER POLICY change ON alert WITH CHECK (
  folder_id = ANY ((SELECT my_folders())::uuid[]) AND acted_by = app_actor());
