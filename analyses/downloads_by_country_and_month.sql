-- Where do our downloads come from, and is that changing? Change `by` to count by keyword or
-- device. Leave out the share if the counts are enough.

with

downloads as (

    {{ keyword_rollup(by=["month", "country"], limit=10000) | indent(4) }}

)

select
    month,
    country,
    count_downloads,
    round(
        100 * count_downloads / sum(count_downloads) over (partition by month), 1
    ) as percent_of_month

from downloads

order by month asc, count_downloads desc, country asc
