{# The `limit` most used keywords of each photo. With aliases, `bees` counts as `bee`. #}

{% macro _top_keywords(limit, aliases, condition) -%}
select
    photo_id,
    {{ _keyword_column(aliases) }} as keyword,
    sum(count_downloads) as count_keyword_downloads,
    row_number() over (
        partition by photo_id
        order by count_keyword_downloads desc, keyword asc
    ) as keyword_rank

from {{ ref('photo_keywords') }}

where {{ condition }}

group by photo_id, keyword

order by photo_id asc, keyword_rank asc

limit {{ limit }} by photo_id
{%- endmacro %}

{# The same in one row per photo, as an array. #}
{% macro _top_keywords_in_arrays(limit, condition) -%}
select
    photo_id,
    arrayMap(ranked -> ranked.2, arraySort(groupArray((keyword_rank, keyword)))) as top_keywords

from (
    {{ _top_keywords(limit, true, condition) | indent(4) }}
)

group by photo_id
{%- endmacro %}
