-- The family of a journey, as it was until 0026.
SET ROLE coord_definer;

CREATE OR REPLACE FUNCTION siblings(p_journey uuid) RETURNS TABLE (journey_id uuid, referent text)
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

RESET ROLE;
