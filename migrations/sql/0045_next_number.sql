-- As before; a number of five figures and more is whole, and one reference far from the others decides for nobody.
-- One to six figures, as `is_usual` (cases/references.py). Numbers are counted by the thousand, so that a million
-- costs no sort: the run is that of the middle journey, and ends before a thousand that nobody has begun. Where it
-- goes to the last number, the smallest that is free; NULL where none is.
SET ROLE coord_definer;
CREATE OR REPLACE FUNCTION next_ref(p_programme text) RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = public, pg_temp AS $$
DECLARE v_prefix text := CASE p_programme WHEN 'PRE' THEN 'PRE-' ELSE 'CITE-' END;
  v_usual text := '^' || v_prefix || '[0-9]{1,6}$'; v_first int := length(v_prefix) + 1; v_number int;
BEGIN
  IF NOT may_open(p_programme) THEN
    RAISE EXCEPTION 'next_ref: no role opens journeys of this programme' USING ERRCODE = '42501';
  END IF;
  SELECT COALESCE(min(last), 0) + 1 INTO v_number
  FROM (SELECT last, lead(thousand) OVER upward IS DISTINCT FROM thousand + 1 AS ends,
               2 * sum(held) OVER upward >= sum(held) OVER () AS after_middle
        FROM (SELECT substr(ref, v_first)::int / 1000 AS thousand, max(substr(ref, v_first)::int) AS last,
                     count(*) AS held
              FROM journey WHERE ref ~ v_usual GROUP BY 1) AS thousands
        WINDOW upward AS (ORDER BY thousand)) AS spaced
  WHERE ends AND after_middle;
  IF v_number > 999999 THEN
    SELECT min(n) + 1 INTO v_number
    FROM (SELECT n, lead(n) OVER (ORDER BY n) AS next
          FROM (SELECT 0 AS n UNION ALL SELECT substr(ref, v_first)::int FROM journey WHERE ref ~ v_usual) AS taken)
      AS followed
    WHERE n < 999999 AND (next > n + 1 OR next IS NULL);
  END IF;
  RETURN v_prefix || lpad(v_number::text, GREATEST(4, length(v_number::text)), '0');
END $$;
RESET ROLE;
