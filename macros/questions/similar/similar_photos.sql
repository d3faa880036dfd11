{# The `top_k` photos most like one photo, a vector or the mean of several photos. #}

{% macro similar_photos(photo_id=none, top_k=10) -%}
    {%- set search = search_arguments("similar_photos", photo_id, top_k, **kwargs) -%}
    {{ return(search_answer(search, _similar_photos(search))) }}
{%- endmacro %}

{% macro _similar_photos(search) -%}
    {%- set answers = [] -%}
    {%- if search.query.photo_ids -%}
        {%- do answers.append("photo_id not in (" ~ text_literals(search.query.photo_ids) ~ ")") -%}
    {%- endif -%}
    {%- if search.max_distance is not none -%}
        {%- do answers.append("distance <= " ~ search.max_distance) -%}
    {%- endif -%}
    {%- if search.after is none -%}
        {%- set candidates = count_candidates(search.top_k, search.query.photo_ids | length) -%}
        {{ return(_ranked_photos(_nearest_photos(search, candidates), search.top_k, answers)) }}
    {%- endif -%}
    {{ return(_photos_after(_ranked_photos(_nearest_photos(search), none, answers), search)) }}
{%- endmacro %}

{#
    The index serves only a select from the bare table with an order by and a limit. A where would
    apply after the index has chosen, and silently shorten the answer. So photos are left out later,
    and count_candidates() asks for a few more. Completing more ties would need a second search, and
    take 1.6 to 2 times as long. The second key of the order makes it a scan.
#}
{% macro _nearest_photos(search, candidates=none) -%}
select
    {{ search.query.query_photo_id }} as query_photo_id,
    photo_id,
    {{ exact_distance('photo_embed', search.query.embedding) if search.exact
        else searched_distance('photo_embed', search.query.embedding) }} as distance

from {{ ref('photos') }}

{% if search.conditions -%}
where {{ search.conditions | join("\n    and ") }}

{% endif -%}
order by distance asc{{ ", photo_id asc" if search.exact }}

{% if candidates -%}
limit {{ candidates }}
{%- endif -%}
{%- endmacro %}

{# Leaves out what is no answer and ranks the rest without gaps, ties in the order of photo_id. #}
{% macro _ranked_photos(nearest, top_k, conditions) -%}
select
    query_photo_id,
    row_number() over (order by distance asc, photo_id asc) as similarity_rank,
    photo_id,
    distance

from (
    {{ nearest | indent(4) }}
)

{% if conditions -%}
where {{ conditions | join("\n    and ") }}

{% endif -%}
order by similarity_rank asc

{% if top_k -%}
limit {{ top_k }}
{%- endif -%}
{%- endmacro %}

{# The page that follows the photo `after`. Its distance gives its place, so filters may exclude it. #}
{% macro _photos_after(ranked, search) -%}
select *

from (
    {{ ranked | indent(4) }}
)

where (distance, photo_id) > (
    (
        select {{ exact_distance('photo_embed', search.query.embedding) }}
        from {{ ref('photos') }}
        where photo_id = {{ text_literal(search.after) }}
    ),
    {{ text_literal(search.after) }}
)

order by similarity_rank asc

limit {{ search.top_k }}
{%- endmacro %}
