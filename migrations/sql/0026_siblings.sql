-- The family of one journey is asked of the few journeys that it holds, not of all that a coordinator sees.
SET ROLE coord_definer;

-- As before; what the actor sees is looked up for this family alone, whatever a page keeps its transaction to.
CREATE OR REPLACE FUNCTION siblings(p_journey uuid) RETURNS TABLE (journey_id uuid, referent text)
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE
  v_before text := COALESCE(current_setting('app.scope', true), '');
  v_others uuid[] := ARRAY(
    SELECT other.journey_id FROM household_member mine
    JOIN household_member other ON other.household_id = mine.household_id AND other.journey_id <> mine.journey_id
    WHERE mine.journey_id = p_journey);
  v_seen uuid[];
  v_writes boolean;
BEGIN
  IF v_others = '{}' THEN RETURN; END IF;
  PERFORM set_config('app.scope', (v_others || p_journey)::text, true);
  v_seen := my_journeys();
  v_writes := p_journey = ANY (my_writable_journeys());
  PERFORM set_config('app.scope', v_before, true);
  IF NOT v_writes THEN RETURN; END IF;
  RETURN QUERY
    SELECT CASE WHEN j.id = ANY (v_seen) THEN j.id END, COALESCE(a.display_name, '')::text
    FROM journey j
    LEFT JOIN account a ON a.id = j.referent_id
    WHERE j.id = ANY (v_others)
      AND (j.id = ANY (v_seen)
           OR j.exit_on IS NULL AND j.stage IS DISTINCT FROM 'NON_RETENU'
              AND j.agreement_status IS DISTINCT FROM 'REFUS' AND j.agreement_status IS DISTINCT FROM 'RETIRE'
              AND (j.programme <> 'PRE' OR j.agreement_status = 'SIGNE'))
    ORDER BY 2, 1;
END $$;

RESET ROLE;
