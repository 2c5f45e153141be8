-- The coordinator of the Cité chooses who follows, and may choose themself: that opens nothing which their own role
-- keeps closed. Who also has a role that follows (conseiller, référent PLIE) has it by that role.
DELETE FROM volet_right WHERE role = 'COORD_CITE' AND volet = 'sante';
DELETE FROM access a USING folder f, journey j
WHERE f.id = a.folder_id AND f.volet = 'sante' AND j.id = a.journey_id AND a.basis IN ('referent', 'backup')
  AND NOT EXISTS (SELECT 1 FROM membership m
                  JOIN volet_right v ON v.role = m.role AND v.programme = j.programme AND v.relation = 'referent'
                  WHERE m.account_id = a.actor_id AND v.volet = 'sante'
                    AND (m.programme IS NULL OR m.programme = j.programme)
                    AND (m.ended_at IS NULL OR m.ended_at > now()));

SET ROLE coord_definer;
-- As in 0006; what was granted beyond the team ends with each volet, also where a new signature covers fewer.
CREATE OR REPLACE FUNCTION follow_agreement(p_journeys uuid[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_frozen uuid[]; v_signed uuid[];
BEGIN
  IF NOT p_journeys <@ my_writable_journeys() THEN
    RAISE EXCEPTION 'follow_agreement: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  SELECT COALESCE(array_agg(id) FILTER (WHERE signed), '{}'),
         COALESCE(array_agg(id) FILTER (WHERE NOT signed AND (programme = 'PRE' OR refused)), '{}')
  INTO v_signed, v_frozen
  FROM (SELECT id, programme, agreement_status IS NOT DISTINCT FROM 'SIGNE' AND agreement_on IS NOT NULL AS signed,
               COALESCE(agreement_status IN ('REFUS', 'RETIRE'), false) AS refused
        FROM journey WHERE id = ANY (p_journeys)) AS j;
  UPDATE folder SET open = agreed WHERE journey_id = ANY (v_signed) AND open <> agreed;
  UPDATE folder SET open = false WHERE journey_id = ANY (v_frozen) AND open AND volet <> 'coordination';
  UPDATE access SET until_at = app_now()
  WHERE (journey_id = ANY (v_frozen)
         OR journey_id = ANY (v_signed) AND folder_id IN (SELECT id FROM folder WHERE NOT open))
    AND basis NOT IN ('referent', 'backup', 'coordinator', 'opening', 'operator')
    AND (until_at IS NULL OR until_at > app_now());
END $$;

-- A refusal or a withdrawal of the Cité noted by mistake is taken back: what it closed opens again, and no more than
-- the last signature covered. The PRE opens nothing without a signature.
CREATE FUNCTION open_again(p_journey uuid) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT p_journey = ANY (my_writable_journeys()) THEN
    RAISE EXCEPTION 'open_again: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  UPDATE folder f SET open = true FROM journey j
  WHERE j.id = p_journey AND f.journey_id = j.id AND f.agreed AND NOT f.open AND j.programme = 'CITE_EMPLOI'
    AND (j.agreement_status IS NULL OR j.agreement_status NOT IN ('REFUS', 'RETIRE'));
END $$;
REVOKE ALL ON FUNCTION open_again(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION open_again(uuid) TO coord_web;
RESET ROLE;
