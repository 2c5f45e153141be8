-- Volets follow the agreement both ways: a signature opens those that exist, what needed one closes without it.
SET ROLE coord_definer;

-- A PRE journey shares nothing without a dated signature; a journey of the Cité de l'emploi nothing once the
-- person has refused or withdrawn. What was granted beyond the team ends with the volets. It takes no wish from
-- its caller: the agreement alone decides.
CREATE FUNCTION follow_agreement(p_journeys uuid[]) RETURNS void
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
  UPDATE access SET until_at = app_now() WHERE journey_id = ANY (v_frozen)
    AND basis NOT IN ('referent', 'backup', 'coordinator', 'opening', 'operator')
    AND (until_at IS NULL OR until_at > app_now());
END $$;

-- What a signature covers, of the volets that need one: all but coordination, and protection, which a measure
-- opens. What is not covered closes with `follow_agreement`.
CREATE FUNCTION agree_volets(p_journey uuid, p_volets text[]) RETURNS void
LANGUAGE plpgsql VOLATILE SECURITY DEFINER SET search_path = public, pg_temp AS $$
BEGIN
  IF NOT p_journey = ANY (my_writable_journeys()) THEN
    RAISE EXCEPTION 'agree_volets: not a journey of the actor' USING ERRCODE = '42501';
  END IF;
  UPDATE folder SET agreed = volet = ANY (p_volets)
  WHERE journey_id = p_journey AND volet NOT IN ('coordination', 'protection');
END $$;

REVOKE ALL ON FUNCTION agree_volets(uuid, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION agree_volets(uuid, text[]) TO coord_web;
REVOKE ALL ON FUNCTION follow_agreement(uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION follow_agreement(uuid[]) TO coord_web;
RESET ROLE;
