{# The `top_k` photos most like one photo. #}

{% macro similar_photos(photo_id, top_k=10, output="table") -%}
    {%- set similar = _similar_photos("similar_photos", photo_id, top_k) -%}
    {{ return(answer("similar_photos", similar ~ search_settings(), output)) }}
{%- endmacro %}

{% macro _similar_photos(macro_name, photo_id, top_k) -%}
    {%- do require_photo_id(macro_name, "photo_id", photo_id) -%}
    {%- do require_whole_number(macro_name, "top_k", top_k, 1, 1000) -%}
    {%- do require_known_photo(macro_name, photo_id) -%}
    {{ return(_ranked_photos(_nearest_photos(photo_id, top_k), top_k)) }}
{%- endmacro %}

{#
    The index serves only this form: the bare table, one order by, a limit, no where. A where would be
    applied after the index has chosen, and shorten the answer without a word. So it is asked for a few
    more: the target itself, and 16 for ties, which _ranked_photos() then puts in order.
#}
{% macro _nearest_photos(photo_id, top_k) -%}
{%- set target_embed -%}
    (select photo_embed from {{ ref('photos') }} where photo_id = {{ text_literal(photo_id) }})
{%- endset -%}
select
    {{ text_literal(photo_id) }} as target_photo_id,
    photo_id,
    {{ searched_distance('photo_embed', target_embed) }} as distance

from {{ ref('photos') }}

order by distance asc

limit {{ top_k + 17 }}
{%- endmacro %}

{# From candidates to answers: the target left out, ranks without gaps, ties in the order of photo_id. #}
{% macro _ranked_photos(candidates, top_k) -%}
select
    target_photo_id,
    row_number() over (
        partition by target_photo_id
        order by distance asc, photo_id asc
    ) as similarity_rank,
    photo_id,
    distance

from (
    {{ candidates | indent(4) }}
)

where photo_id != target_photo_id

order by target_photo_id asc, similarity_rank asc

limit {{ top_k }} by target_photo_id
{%- endmacro %}

{# The same for every photo of a small table at once: no index serves a join, so each pair is measured. #}
{% macro _nearest_photos_of_each(targets) -%}
select
    targets.photo_id as target_photo_id,
    photos.photo_id as photo_id,
    cosineDistance(photos.photo_embed, targets.photo_embed) as distance

from {{ ref('photos') }} as photos

cross join (
    select photo_id, photo_embed
    from {{ ref('photos') }}
    where photo_id in (select photo_id from {{ targets }})
) as targets
{%- endmacro %}
