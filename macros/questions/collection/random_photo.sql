{# One photo to begin with. With a `seed` it is the same one every time. #}

{% macro random_photo(seed=none, output="table", out=none) -%}
    {%- if seed is not none -%}
        {%- set seed = vector_search.require_whole_number("random_photo", "seed", seed, 0, 4294967295) -%}
    {%- endif -%}
    {%- set photo -%}
select
    photo_id,
    photo_url,
    photographer_name,
    photo_description

from {{ ref('photos') }}

order by {{ "rand()" if seed is none else "cityHash64(photo_id, " ~ seed ~ "), photo_id" }}

limit 1
    {%- endset -%}
    {{ return(answer("random_photo", photo, output, out)) }}
{%- endmacro %}
