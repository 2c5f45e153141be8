-- The wall: who sees which row is decided here, for every query of the role coord_web.
-- Every function below is SECURITY DEFINER and belongs to coord_definer, which cannot log in.

CREATE FUNCTION app_actor() RETURNS uuid LANGUAGE sql STABLE AS $$
  SELECT NULLIF(current_setting('app.actor', true), '')::uuid
$$;

CREATE FUNCTION app_now() RETURNS timestamptz LANGUAGE sql STABLE AS $$
  SELECT COALESCE(NULLIF(current_setting('app.now', true), '')::timestamptz, now())
$$;

-- An account that may see journeys: not suspended, on a secrecy basis, its charter signed and not expired.
CREATE FUNCTION may_see_journeys(p_account uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (
    SELECT 1 FROM account WHERE id = p_account AND suspended_at IS NULL
      AND (kind = 'operator'
           OR (secrecy_basis <> 'AUCUN' AND charter_signed_on <= (app_now() AT TIME ZONE 'Europe/Paris')::date
               AND charter_expires_on > (app_now() AT TIME ZONE 'Europe/Paris')::date)))
$$;

-- Journeys to which a transaction narrows itself (an array in text, set by the application once it knows which
-- rows a page shows). It can only take away: the functions below intersect with it.
CREATE FUNCTION app_scope() RETURNS uuid[] LANGUAGE sql STABLE AS $$
  SELECT NULLIF(current_setting('app.scope', true), '')::uuid[]
$$;

-- The four functions behind every policy. They answer once per statement; within a scope they read a few rows of
-- `access` instead of all those of a coordinator.
CREATE FUNCTION my_folders() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor uuid := app_actor(); v_now timestamptz := app_now(); v_scope uuid[] := app_scope();
BEGIN
  IF NOT may_see_journeys(v_actor) THEN RETURN '{}'; END IF;
  IF v_scope IS NULL THEN
    RETURN (SELECT COALESCE(array_agg(folder_id), '{}') FROM access
      WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now));
  END IF;
  RETURN (SELECT COALESCE(array_agg(folder_id), '{}') FROM access
    WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now)
      AND journey_id = ANY (v_scope));
END $$;

CREATE FUNCTION my_writable_folders() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor uuid := app_actor(); v_now timestamptz := app_now(); v_scope uuid[] := app_scope();
BEGIN
  IF NOT may_see_journeys(v_actor) THEN RETURN '{}'; END IF;
  RETURN (SELECT COALESCE(array_agg(folder_id), '{}') FROM access
    WHERE actor_id = v_actor AND can_write AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now)
      AND (v_scope IS NULL OR journey_id = ANY (v_scope)));
END $$;

CREATE FUNCTION my_journeys() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor uuid := app_actor(); v_now timestamptz := app_now(); v_scope uuid[] := app_scope();
BEGIN
  IF NOT may_see_journeys(v_actor) THEN RETURN '{}'; END IF;
  IF v_scope IS NULL THEN
    RETURN (SELECT COALESCE(array_agg(DISTINCT journey_id), '{}') FROM access
      WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now));
  END IF;
  RETURN (SELECT COALESCE(array_agg(DISTINCT journey_id), '{}') FROM access
    WHERE actor_id = v_actor AND from_at <= v_now AND (until_at IS NULL OR until_at > v_now)
      AND journey_id = ANY (v_scope));
END $$;

-- The skeleton of a journey is written by those who write in its coordination volet.
CREATE FUNCTION my_writable_journeys() RETURNS uuid[]
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_actor uuid := app_actor(); v_now timestamptz := app_now(); v_scope uuid[] := app_scope();
BEGIN
  IF NOT may_see_journeys(v_actor) THEN RETURN '{}'; END IF;
  RETURN (SELECT COALESCE(array_agg(DISTINCT a.journey_id), '{}') FROM access a
    LEFT JOIN folder f ON f.id = a.folder_id
    WHERE a.actor_id = v_actor AND a.can_write AND a.from_at <= v_now
      AND (a.until_at IS NULL OR a.until_at > v_now) AND (v_scope IS NULL OR a.journey_id = ANY (v_scope))
      AND (f.volet = 'coordination' OR f.id IS NULL AND a.basis = 'opening'));
END $$;

CREATE FUNCTION has_role(p_role text) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT EXISTS (SELECT 1 FROM membership m JOIN account a ON a.id = m.account_id
    WHERE a.id = app_actor() AND a.suspended_at IS NULL AND m.role = p_role
      AND (m.ended_at IS NULL OR m.ended_at > app_now()))
$$;

-- Access rows that follow from facts alone (référent, backup, coordinator of the programme), for the given
-- journeys: missing ones are made, stale ones closed. It takes no wish from its caller, so it may be called
-- by anybody who sees the journey. A refused or withdrawn agreement leaves only the coordination volet.
CREATE FUNCTION sync_journey_access(p_journeys uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
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

-- Opens the way to write a new journey: the access rows come first (foreign keys are deferred), for the
-- actor alone, and only on ids that exist nowhere yet.
CREATE FUNCTION open_journeys(p_journeys uuid[], p_folders uuid[], p_programme text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account WHERE id = app_actor() AND kind = 'operator')
     AND NOT EXISTS (SELECT 1 FROM membership m JOIN volet_right v ON v.role = m.role
                     WHERE m.account_id = app_actor() AND v.programme = p_programme AND v.can_write
                       AND v.volet = 'coordination' AND may_see_journeys(app_actor())
                       AND (m.ended_at IS NULL OR m.ended_at > app_now())) THEN
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

-- One more volet of a journey that the actor already writes in.
CREATE FUNCTION open_folder(p_folder uuid, p_journey uuid, p_volet text, p_open boolean) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT p_journey = ANY (my_writable_journeys()) THEN
    RAISE EXCEPTION 'open_folder: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  IF p_open AND p_volet <> 'coordination' AND EXISTS (
      SELECT 1 FROM journey WHERE id = p_journey AND (
        (programme = 'PRE' AND (agreement_status IS DISTINCT FROM 'SIGNE' OR agreement_on IS NULL))
        OR agreement_status IN ('REFUS', 'RETIRE'))) THEN
    RAISE EXCEPTION 'open_folder: no agreement' USING ERRCODE = '42501';
  END IF;
  INSERT INTO folder (id, journey_id, volet, open) VALUES (p_folder, p_journey, p_volet, p_open)
  ON CONFLICT (journey_id, volet) DO UPDATE SET open = folder.open OR EXCLUDED.open;
  IF EXISTS (SELECT 1 FROM account WHERE id = app_actor() AND kind = 'operator') THEN
    INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, granted_by)
    VALUES (gen_random_uuid(), app_actor(), p_journey, p_folder, 'operator', true, app_now(), app_actor())
    ON CONFLICT DO NOTHING;
  END IF;
END $$;

-- Whether the actor follows or coordinates the journey now, with this volet among theirs.
CREATE FUNCTION shares_folder(p_folder uuid) RETURNS boolean
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT may_see_journeys(app_actor()) AND EXISTS (
    SELECT 1 FROM access WHERE actor_id = app_actor() AND folder_id = p_folder
      AND basis IN ('referent', 'backup', 'coordinator')
      AND from_at <= app_now() AND (until_at IS NULL OR until_at > app_now()))
$$;

-- Bases that a person grants to another: receiver of a referral, attendee of a meeting. The granter must
-- follow or coordinate the journey, and nobody gets a volet that their role never sees.
CREATE FUNCTION grant_access(p_actor uuid, p_folder uuid, p_basis text, p_until timestamptz) RETURNS void
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
  ON CONFLICT (actor_id, folder_id, basis) DO UPDATE
    SET until_at = EXCLUDED.until_at, from_at = EXCLUDED.from_at, granted_by = EXCLUDED.granted_by;
END $$;

CREATE FUNCTION revoke_access(p_actor uuid, p_folder uuid, p_basis text) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF p_basis NOT IN ('receiver', 'meeting') OR NOT shares_folder(p_folder) THEN
    RAISE EXCEPTION 'revoke_access: refused' USING ERRCODE = '42501';
  END IF;
  UPDATE access SET until_at = app_now() WHERE actor_id = p_actor AND folder_id = p_folder AND basis = p_basis;
END $$;

-- The operator's commands: access to given journeys, gone when the command ends.
CREATE FUNCTION operator_access(p_journeys uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account WHERE id = app_actor() AND kind = 'operator') THEN
    RAISE EXCEPTION 'operator_access: not the operator' USING ERRCODE = '42501';
  END IF;
  DELETE FROM access WHERE actor_id = app_actor();
  INSERT INTO access (id, actor_id, journey_id, folder_id, basis, can_write, from_at, granted_by)
  SELECT gen_random_uuid(), app_actor(), journey_id, id, 'operator', true, app_now(), app_actor()
  FROM folder WHERE journey_id = ANY (p_journeys);
END $$;

-- Every journey's id and reference, for the operator alone (to walk the territory in batches).
CREATE FUNCTION operator_journeys() RETURNS TABLE (id uuid, ref text, programme text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT EXISTS (SELECT 1 FROM account a WHERE a.id = app_actor() AND a.kind = 'operator') THEN
    RAISE EXCEPTION 'operator_journeys: not the operator' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY SELECT j.id, j.ref::text, j.programme::text FROM journey j ORDER BY j.position;
END $$;

-- Dates and statuses of the actions of a journey, whatever their volet, for those who write in the journey:
-- the clocks of T06 and T19 need them all. No kind, no axis, no structure.
CREATE FUNCTION action_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, key text, volet text, status text, planned_start date, started_on date,
               planned_end date, ended_on date)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT a.id, a.journey_id, a.key, f.volet, a.status, a.planned_start, a.started_on, a.planned_end, a.ended_on
  FROM action a JOIN folder f ON f.id = a.folder_id
  WHERE a.journey_id = ANY (p_journeys) AND a.journey_id = ANY (my_writable_journeys())
$$;

-- End dates of the rights of a journey, whatever their volet, their kind still sealed: for the clocks only.
CREATE FUNCTION right_clocks(p_journeys uuid[])
RETURNS TABLE (id uuid, journey_id uuid, folder_id uuid, ends_on date, kind bytea)
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT r.id, r.journey_id, r.folder_id, r.ends_on, r.kind FROM right_end r
  WHERE r.journey_id = ANY (p_journeys) AND r.journey_id = ANY (my_writable_journeys())
$$;

-- Makes the stored deadlines of the given rules equal to the wanted ones, for journeys the actor writes in.
-- What moved or vanished resolves its alert and names the fact. p_wanted: array of {journey, rule, kind,
-- subject, due_on, since, because, volet}.
CREATE FUNCTION reconcile_deadlines(p_journeys uuid[], p_rules text[], p_wanted jsonb, p_today date, p_fact text)
RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_mine uuid[]; v_changed integer;
BEGIN
  SELECT COALESCE(array_agg(j), '{}') INTO v_mine FROM unnest(p_journeys) j
  WHERE j = ANY ((SELECT my_writable_journeys())::uuid[]);

  -- One statement: no part of it sees what another part writes, and none needs to.
  WITH wanted AS MATERIALIZED (
    SELECT w.journey AS journey_id, w.rule, w.kind, w.subject AS subject_id, w.due_on, w.since, w.because,
      COALESCE(f.id, c.id) AS folder_id
    FROM jsonb_to_recordset(p_wanted) AS w (journey uuid, rule text, kind text, subject text, due_on date,
                                            since date, because text, volet text)
    JOIN folder c ON c.journey_id = w.journey AND c.volet = 'coordination'
    LEFT JOIN folder f ON f.journey_id = w.journey AND f.volet = w.volet
    WHERE w.journey = ANY (v_mine) AND w.rule = ANY (p_rules)),
  standing AS MATERIALIZED (
    SELECT d.* FROM deadline d WHERE d.journey_id = ANY (v_mine) AND d.rule = ANY (p_rules)),
  gone AS (
    DELETE FROM deadline d USING standing s
    WHERE s.journey_id = d.journey_id AND s.rule = d.rule AND s.kind = d.kind AND s.subject_id = d.subject_id
      AND (s.journey_id, s.rule, s.kind, s.subject_id) NOT IN
        (SELECT w.journey_id, w.rule, w.kind, w.subject_id FROM wanted w)
    RETURNING s.alert_id),
  moved AS (
    UPDATE deadline d SET due_on = w.due_on, since = w.since, because = w.because, folder_id = w.folder_id,
      alert_id = CASE WHEN d.since = w.since AND w.due_on <= p_today THEN d.alert_id END
    FROM wanted w JOIN standing s USING (journey_id, rule, kind, subject_id)
    WHERE d.journey_id = w.journey_id AND d.rule = w.rule AND d.kind = w.kind AND d.subject_id = w.subject_id
      AND (s.due_on, s.since, s.because, s.folder_id) IS DISTINCT FROM (w.due_on, w.since, w.because, w.folder_id)
    RETURNING CASE WHEN s.since = w.since AND w.due_on <= p_today THEN NULL ELSE s.alert_id END AS alert_id),
  resolved AS (
    UPDATE alert a SET status = 'RESOLUE', resolved_on = p_today, resolved_because = p_fact,
      version = a.version + 1
    WHERE a.id IN (SELECT alert_id FROM gone UNION ALL SELECT alert_id FROM moved)
      AND a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE')),
  added AS (
    INSERT INTO deadline (journey_id, rule, kind, subject_id, folder_id, due_on, since, because)
    SELECT w.journey_id, w.rule, w.kind, w.subject_id, w.folder_id, w.due_on, w.since, w.because
    FROM wanted w
    ON CONFLICT (journey_id, rule, kind, subject_id) DO NOTHING
    RETURNING 1)
  SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM moved) + (SELECT count(*) FROM added)
  INTO v_changed;
  RETURN v_changed;
END $$;

-- One field of an audit body: its length, a colon, the bytes.
CREATE FUNCTION audit_field(p_value text) RETURNS bytea LANGUAGE sql IMMUTABLE AS $$
  SELECT convert_to(octet_length(convert_to(COALESCE(p_value, ''), 'UTF8'))::text || ':' || COALESCE(p_value, ''), 'UTF8')
$$;

-- Appends a line to the chain of a structure; the last statement before a commit. The actor is the session's,
-- never an argument.
CREATE FUNCTION append_audit(p_structure uuid, p_at_us bigint, p_journey uuid, p_action text, p_result text,
                             p_detail text) RETURNS TABLE (new_sequence bigint, new_hash bytea)
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_previous bytea; v_sequence bigint; v_body bytea; v_actor uuid := COALESCE(app_actor(), '00000000-0000-0000-0000-000000000000');
BEGIN
  PERFORM pg_advisory_xact_lock(hashtextextended(p_structure::text, 7));
  SELECT sequence, hash INTO v_sequence, v_previous FROM audit_entry
  WHERE structure_id = p_structure ORDER BY sequence DESC LIMIT 1;
  v_sequence := COALESCE(v_sequence, 0) + 1;
  v_previous := COALESCE(v_previous, sha256(convert_to(p_structure::text, 'UTF8')));
  v_body := audit_field(p_structure::text) || audit_field(v_sequence::text) || audit_field(p_at_us::text)
    || audit_field(v_actor::text) || audit_field(p_journey::text) || audit_field(p_action)
    || audit_field(p_result) || audit_field(p_detail);
  INSERT INTO audit_entry (structure_id, sequence, previous, hash, body, at_us, actor_id, journey_id, action,
                           result, detail)
  VALUES (p_structure, v_sequence, v_previous, sha256(v_previous || v_body), v_body, p_at_us, v_actor, p_journey,
          p_action, p_result, COALESCE(p_detail, ''));
  RETURN QUERY SELECT v_sequence, sha256(v_previous || v_body);
END $$;

-- Counts for those who may see no person: no id leaves this function, and small cells are hidden by the caller's
-- view only after being hidden here.
CREATE FUNCTION pilotage_counts() RETURNS TABLE (programme text, heading text, code text, people bigint)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT (has_role('PILOTAGE') OR has_role('COORD_PRE') OR has_role('COORD_CITE')) THEN
    RAISE EXCEPTION 'pilotage_counts: not for this role' USING ERRCODE = '42501';
  END IF;
  RETURN QUERY
  WITH cells AS (
    SELECT j.programme::text AS p, 'total'::text AS h, ''::text AS c, count(*) AS n FROM journey j WHERE j.exit_on IS NULL GROUP BY 1
    UNION ALL SELECT j.programme::text, 'stage', COALESCE(j.stage, ''), count(*) FROM journey j WHERE j.exit_on IS NULL GROUP BY 1, 3
    UNION ALL SELECT j.programme::text, 'break', a.rule::text, count(DISTINCT a.journey_id) FROM alert a
      JOIN journey j ON j.id = a.journey_id WHERE a.status IN ('OUVERTE', 'VUE', 'PRISE_EN_CHARGE', 'REPORTEE') AND j.exit_on IS NULL GROUP BY 1, 3),
  -- Stages add up to the total: where what is hidden adds up to so little, or to so many ones or fours, that its
  -- parts could be found, the next smallest stage is hidden with them; failing one, the total.
  betrayed AS (
    SELECT p FROM cells WHERE h = 'stage' AND n < 5 GROUP BY p HAVING sum(n) < 5 OR sum(n) IN (count(*), 4 * count(*))),
  next_smallest AS (SELECT p, min(n) AS n FROM cells WHERE h = 'stage' AND n >= 5 GROUP BY p)
  SELECT c.p, c.h, c.c, CASE WHEN c.n < 5 OR b.p IS NOT NULL AND (c.h = 'stage' AND c.n = s.n OR c.h = 'total' AND s.n IS NULL)
    THEN NULL ELSE c.n END
  FROM cells c LEFT JOIN betrayed b ON b.p = c.p LEFT JOIN next_smallest s ON s.p = c.p
  WHERE has_role('PILOTAGE') OR has_role(CASE c.p WHEN 'PRE' THEN 'COORD_PRE' ELSE 'COORD_CITE' END);
END $$;
