-- Thresholds: who reads and sets them, which journeys wait for a recount, what follows a changed clock.
GRANT SELECT, UPDATE ON threshold TO coord_definer;
GRANT SELECT, INSERT, UPDATE ON recompute_queue TO coord_definer;

SET ROLE coord_definer;

-- The structure whose settings a journey follows: where its référent works for that programme. Without a clock: of
-- several roles the one that goes on, then the first given.
CREATE FUNCTION referent_structure(p_referent uuid, p_programme text) RETURNS uuid
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT m.structure_id FROM membership m
  WHERE m.account_id = p_referent AND m.structure_id IS NOT NULL
    AND (m.programme IS NULL OR m.programme = p_programme)
    AND EXISTS (SELECT 1 FROM volet_right v WHERE v.role = m.role AND v.programme = p_programme
                AND v.relation = 'referent')
  ORDER BY m.ended_at DESC NULLS FIRST, m.position LIMIT 1
$$;

-- The journeys of a programme (NULL structure: all of them) wait for a recount.
CREATE FUNCTION queue_journeys(p_programme text, p_structure uuid) RETURNS integer
LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  WITH queued AS (
    INSERT INTO recompute_queue (journey_id, since)
    SELECT j.id, app_now() FROM journey j
    WHERE j.programme = p_programme
      AND (p_structure IS NULL OR referent_structure(j.referent_id, j.programme) = p_structure)
    ON CONFLICT (journey_id) DO UPDATE SET since = EXCLUDED.since
    RETURNING 1)
  SELECT count(*)::integer FROM queued
$$;

-- The same, for who coordinates the programme and has just set a threshold.
CREATE FUNCTION queue_recompute(p_programme text, p_structure uuid) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT (p_programme = 'PRE' AND has_role('COORD_PRE') OR p_programme = 'CITE_EMPLOI' AND has_role('COORD_CITE')) THEN
    RAISE EXCEPTION 'queue_recompute: not for this role' USING ERRCODE = '42501';
  END IF;
  RETURN queue_journeys(p_programme, p_structure);
END $$;

-- The day has come: what was to begin begins, what is past its last day is over. Called by each scan; needs no key.
CREATE FUNCTION begin_thresholds(p_on date) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_place record; v_queued integer := 0;
BEGIN
  FOR v_place IN
    WITH turned AS (
      UPDATE threshold SET status = CASE WHEN valid_until < p_on THEN 'FINI' ELSE 'EN_VIGUEUR' END
      WHERE status = 'A_VENIR' AND valid_from <= p_on OR status = 'EN_VIGUEUR' AND valid_until < p_on
      RETURNING programme, structure_id)
    SELECT DISTINCT programme, structure_id FROM turned
  LOOP
    v_queued := v_queued + queue_journeys(v_place.programme, v_place.structure_id);
  END LOOP;
  RETURN v_queued;
END $$;

-- Every journey that waits, for the operator.
CREATE FUNCTION pending_journeys() RETURNS uuid[]
LANGUAGE sql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
  SELECT CASE WHEN is_operator() THEN
    (SELECT COALESCE(array_agg(journey_id ORDER BY since, journey_id), '{}') FROM recompute_queue)
  ELSE '{}'::uuid[] END
$$;

-- Some rules date their alert by the threshold itself (ages, runs of absences). When only the setting moved, the
-- answer that somebody gave goes along: else what was set aside would come back under another date.
CREATE FUNCTION carry_alerts(p_journeys uuid[], p_wanted jsonb) RETURNS integer
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_mine uuid[]; v_carried integer;
BEGIN
  SELECT COALESCE(array_agg(j), '{}') INTO v_mine FROM unnest(p_journeys) j
  WHERE j = ANY ((SELECT my_writable_journeys())::uuid[]);
  WITH moved AS MATERIALIZED (
    SELECT d.journey_id, d.rule, d.kind, d.subject_id, d.since AS since, w.since AS becomes
    FROM jsonb_to_recordset(p_wanted) AS w (journey uuid, rule text, kind text, subject text, since date)
    JOIN deadline d ON d.journey_id = w.journey AND d.rule = w.rule AND d.kind = w.kind AND d.subject_id = w.subject
    WHERE d.journey_id = ANY (v_mine) AND d.since <> w.since),
  carried AS (
    UPDATE alert a SET since = m.becomes, version = a.version + 1 FROM moved m
    WHERE a.journey_id = m.journey_id AND a.rule = m.rule AND a.kind = m.kind AND a.subject_id = m.subject_id
      AND a.since = m.since AND a.status <> 'RESOLUE'
      AND NOT EXISTS (SELECT 1 FROM alert b WHERE b.journey_id = m.journey_id AND b.rule = m.rule
                      AND b.kind = m.kind AND b.subject_id = m.subject_id AND b.since = m.becomes)
    RETURNING a.journey_id, a.rule, a.kind, a.subject_id, a.since),
  followed AS (
    UPDATE deadline d SET since = c.since FROM carried c
    WHERE d.journey_id = c.journey_id AND d.rule = c.rule AND d.kind = c.kind AND d.subject_id = c.subject_id)
  SELECT count(*) INTO v_carried FROM carried;
  RETURN v_carried;
END $$;

-- Another référent, or another structure of theirs: other settings may stand.
CREATE FUNCTION queue_new_referent() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NEW.referent_id IS DISTINCT FROM OLD.referent_id AND EXISTS (
      SELECT 1 FROM threshold WHERE structure_id IS NOT NULL AND programme = NEW.programme
        AND status IN ('A_VENIR', 'EN_VIGUEUR')) THEN
    INSERT INTO recompute_queue (journey_id, since) VALUES (NEW.id, app_now()) ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;

CREATE FUNCTION queue_new_structure() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF EXISTS (SELECT 1 FROM threshold WHERE structure_id IS NOT NULL AND status IN ('A_VENIR', 'EN_VIGUEUR')) THEN
    INSERT INTO recompute_queue (journey_id, since)
    SELECT j.id, app_now() FROM journey j WHERE j.referent_id = NEW.account_id ON CONFLICT DO NOTHING;
  END IF;
  RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION referent_structure(uuid, text), queue_journeys(text, uuid), queue_recompute(text, uuid),
  begin_thresholds(date), pending_journeys(), carry_alerts(uuid[], jsonb), queue_new_referent(),
  queue_new_structure() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION referent_structure(uuid, text), queue_recompute(text, uuid), pending_journeys(),
  carry_alerts(uuid[], jsonb) TO coord_web;
GRANT EXECUTE ON FUNCTION begin_thresholds(date) TO coord_worker;
-- The owner hangs them on the tables.
GRANT EXECUTE ON FUNCTION queue_new_referent(), queue_new_structure() TO coord_owner;
RESET ROLE;

CREATE TRIGGER queue_new_referent AFTER UPDATE OF referent_id ON journey FOR EACH ROW
  EXECUTE FUNCTION queue_new_referent();
CREATE TRIGGER queue_new_structure AFTER INSERT OR UPDATE OF structure_id, role, programme, ended_at ON membership
  FOR EACH ROW EXECUTE FUNCTION queue_new_structure();

-- Everybody reads what stands, as the lists; who coordinates the programme sets it, in the own name.
ALTER TABLE threshold ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON threshold FOR SELECT TO coord_web, coord_worker USING (true);
CREATE POLICY add ON threshold FOR INSERT TO coord_web WITH CHECK (decided_by = app_actor() AND (
  programme = 'PRE' AND (SELECT has_role('COORD_PRE')) OR programme = 'CITE_EMPLOI' AND (SELECT has_role('COORD_CITE'))));
CREATE POLICY change ON threshold FOR UPDATE TO coord_web USING (
  programme = 'PRE' AND (SELECT has_role('COORD_PRE')) OR programme = 'CITE_EMPLOI' AND (SELECT has_role('COORD_CITE')));
GRANT SELECT, INSERT ON threshold TO coord_web;
GRANT UPDATE (valid_until, status) ON threshold TO coord_web;
GRANT SELECT ON threshold TO coord_worker;

-- A trial counts what a coordinator sees: it stays with the coordinators of the programme.
ALTER TABLE threshold_trial ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON threshold_trial FOR SELECT TO coord_web USING (
  programme = 'PRE' AND (SELECT has_role('COORD_PRE')) OR programme = 'CITE_EMPLOI' AND (SELECT has_role('COORD_CITE')));
CREATE POLICY add ON threshold_trial FOR INSERT TO coord_web WITH CHECK (made_by = app_actor() AND (
  programme = 'PRE' AND (SELECT has_role('COORD_PRE')) OR programme = 'CITE_EMPLOI' AND (SELECT has_role('COORD_CITE'))));
GRANT SELECT, INSERT ON threshold_trial TO coord_web;

-- The functions above fill the queue; who recounts a journey, and so writes in it, takes it out.
ALTER TABLE recompute_queue ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY;
CREATE POLICY see ON recompute_queue FOR SELECT TO coord_web USING (journey_id = ANY ((SELECT my_journeys())::uuid[]));
CREATE POLICY remove ON recompute_queue FOR DELETE TO coord_web
  USING (journey_id = ANY ((SELECT my_writable_journeys())::uuid[]));
GRANT SELECT, DELETE ON recompute_queue TO coord_web;
