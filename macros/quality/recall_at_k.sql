{#
    What share of the true nearest photos a search through the index finds: one row. A few photos are
    asked about, always the same ones, each by a statement of its own, similar_photos() as everybody
    asks it: united in one, most would be answered without the index. All distances to them are
    measured beside. An equally near photo is as good as the true one.
#}

{% macro recall_at_k(top_k=10, photos=30) -%}
{%- set targets -%}
    (select photo_id from {{ ref('photos') }} order by cityHash64(photo_id) asc limit {{ photos }})
{%- endset -%}
{%- set found = [] -%}
{%- for photo_id in _photo_ids(targets) -%}
    {%- for neighbour in run_query(similar_photos(photo_id, top_k=top_k)).columns["photo_id"] -%}
        {%- do found.append("(" ~ text_literals([photo_id, neighbour]) ~ ")") -%}
    {%- endfor -%}
{%- endfor -%}
with

measured as (

    {{ _nearest_photos_of_each(targets) | indent(4) }}

),

of_each as (

    select
        target_photo_id,
        {{ smallest_of_each('distance', top_k) }} as nearest,
        groupArrayIf(
            distance,
            (target_photo_id, photo_id) in ({{ found | join(", ") or "('', '')" }})
        ) as found_distances

    from measured

    where photo_id != target_photo_id

    group by target_photo_id

)

select
    count() as count_targets,
    sum(arrayCount(distance -> distance <= arrayMax(nearest) + 1e-6, found_distances))
        / sum(length(nearest)) as recall

from of_each
{%- endmacro %}

{# None before the table is built, so that the statement compiles; docs need no measurement either. #}
{% macro _photo_ids(targets) -%}
    {%- if execute and flags.WHICH != "generate" and load_relation(ref('photos')) is not none -%}
        {{ return(run_query(targets).columns[0].values()) }}
    {%- endif -%}
    {{ return([]) }}
{%- endmacro %}
