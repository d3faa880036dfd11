{# The facts of photos, how often they were downloaded, and for which keywords. #}

{% macro photo_facts(photo_ids, keywords_per_photo=5, output="table", out=none) -%}
    {%- do require_photo_ids("photo_facts", "photo_ids", photo_ids) -%}
    {%- set keywords_per_photo = vector_search.require_whole_number(
        "photo_facts", "keywords_per_photo", keywords_per_photo, 1, 1000
    ) -%}
    {%- set wanted = "photo_id in (" ~ vector_search.literals(photo_ids) ~ ")" -%}
    {%- set facts -%}
with

photos as (

    select * except (photo_embed)
    from {{ ref('photos') }}
    where {{ wanted }}

),

photo_downloads as (

    select *
    from {{ ref('photo_downloads') }}
    where {{ wanted }}

),

photos_and_downloads as ( -- one join at a time: older engines take no two with `using`

    select *

    from photos

    left join photo_downloads
        using (photo_id)

),

keywords_of_photos as (

    {{ _top_keywords_in_arrays(keywords_per_photo, wanted) | indent(4) }}

)

select *

from photos_and_downloads

left join keywords_of_photos
    using (photo_id)

order by photo_id
    {%- endset -%}
    {{ return(answer("photo_facts", facts, output, out)) }}
{%- endmacro %}
