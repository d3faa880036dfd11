{# The `top_k` photos most like one photo, a vector or the mean of several photos. #}

{% macro similar_photos(
    photo_id=none, top_k=10, vector=none, like=none, unlike=none,
    filters=none, max_distance=none, after=none, exact=false, output="table", out=none
) -%}
    {%- set similar = _similar_photos(
        "similar_photos", photo_id, top_k, vector, like, unlike, filters, max_distance, after, exact
    ) -%}
    {{ return(answer("similar_photos", similar.select ~ similar.settings, output, out)) }}
{%- endmacro %}

{#
    What every question about similar photos shares: its arguments checked, the select statement and
    the settings that belong at the very end of the question.
#}
{% macro _similar_photos(
    macro_name, photo_id, top_k, vector, like, unlike, filters, max_distance, after, exact
) -%}
    {%- set top_k = require_whole_number(macro_name, "top_k", top_k, 1, search_limits().top_k) -%}
    {%- do require_one_of(macro_name, "exact", exact, [true, false]) -%}
    {%- set target = search_target(macro_name, photo_id, vector, like, unlike) -%}
    {%- set conditions = filter_conditions(macro_name, filters) -%}
    {%- set exact = exact or conditions | length > 0 or after is not none -%}
    {%- set answers = [] -%}
    {%- if target.photo_ids -%}
        {%- do answers.append("photo_id not in (" ~ text_literals(target.photo_ids) ~ ")") -%}
    {%- endif -%}
    {%- if max_distance is not none -%}
        {%- set max_distance = require_number(macro_name, "max_distance", max_distance, 0, 2) -%}
        {%- do answers.append("distance <= " ~ max_distance) -%}
    {%- endif -%}
    {%- if after is none -%}
        {%- set candidates = count_candidates(top_k, target.photo_ids | length) -%}
        {%- set nearest = _nearest_photos(target, candidates, conditions, exact) -%}
        {%- set select = _ranked_photos(nearest, top_k, answers) -%}
    {%- else -%}
        {%- do require_photo_id(macro_name, "after", after) -%}
        {%- do require_known_photos(macro_name, "after", [after]) -%}
        {%- set nearest = _nearest_photos(target, none, conditions, exact) -%}
        {%- set select = _photos_after(_ranked_photos(nearest, none, answers), after, target, top_k) -%}
    {%- endif -%}
    {{ return({"select": select, "settings": search_settings(exact)}) }}
{%- endmacro %}

{#
    The index serves only one form: the bare table, one order by, a limit, no where. A where would be
    applied after the index has chosen, and shorten the answer without a word; so what is left out of
    the answer is left out later, and count_candidates() asks the index for a few more. To complete more
    ties by a scan would need a second search in every question, which takes 1.6 to 2 times as long. The second key makes it a scan, which no condition can shorten.
#}
{% macro _nearest_photos(target, candidates, conditions, exact) -%}
select
    {{ target.target_photo_id }} as target_photo_id,
    photo_id,
    {{ exact_distance('photo_embed', target.embedding) if exact
        else searched_distance('photo_embed', target.embedding) }} as distance

from {{ ref('photos') }}

{% if conditions -%}
where {{ conditions | join("\n    and ") }}

{% endif -%}
order by distance asc{{ ", photo_id asc" if exact }}

{% if candidates -%}
limit {{ candidates }}
{%- endif -%}
{%- endmacro %}

{# From candidates to answers: some left out, ranks without gaps, ties in the order of photo_id. #}
{% macro _ranked_photos(candidates, top_k, conditions) -%}
select
    target_photo_id,
    row_number() over (order by distance asc, photo_id asc) as similarity_rank,
    photo_id,
    distance

from (
    {{ candidates | indent(4) }}
)

{% if conditions -%}
where {{ conditions | join("\n    and ") }}

{% endif -%}
order by similarity_rank asc

{% if top_k -%}
limit {{ top_k }}
{%- endif -%}
{%- endmacro %}

{# The page that follows the photo `after`; its place is found by distance, so it may itself be filtered out. #}
{% macro _photos_after(ranked, after, target, top_k) -%}
select *

from (
    {{ ranked | indent(4) }}
)

where (distance, photo_id) > (
    (
        select {{ exact_distance('photo_embed', target.embedding) }}
        from {{ ref('photos') }}
        where photo_id = {{ text_literal(after) }}
    ),
    {{ text_literal(after) }}
)

order by similarity_rank asc

limit {{ top_k }}
{%- endmacro %}
