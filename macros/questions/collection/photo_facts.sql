{# The facts of photos, how often they were downloaded, and for which keywords. #}

{% macro photo_facts(photo_ids, keywords_per_photo=5, output="table", out=none) -%}
    {%- do require_photo_ids("photo_facts", "photo_ids", photo_ids) -%}
    {%- set keywords_per_photo = require_whole_number(
        "photo_facts", "keywords_per_photo", keywords_per_photo, 1, 1000
    ) -%}
    {{ return(answer("photo_facts", _photo_facts(photo_ids, keywords_per_photo), output, out)) }}
{%- endmacro %}

{% macro _photo_facts(photo_ids, keywords_per_photo) -%}
{%- set wanted = "photo_id in (" ~ text_literals(photo_ids) ~ ")" -%}
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

    select
        photo_id,
        arrayMap(ranked -> ranked.2, arraySort(groupArray((keyword_rank, keyword)))) as top_keywords

    from (
        {{ _top_keywords(keywords_per_photo, true, wanted) | indent(8) }}
    )

    group by photo_id

)

select *

from photos_and_downloads

left join keywords_of_photos
    using (photo_id)

order by photo_id
{%- endmacro %}
