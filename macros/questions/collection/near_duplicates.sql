{#
    Pairs of photos that are nearly the same picture, and the groups that they form. A photo is in
    the group of every photo that it is paired with.
#}

{% macro near_duplicates(max_distance=none, output="table", out=none) -%}
    {%- if max_distance is none -%}
        {%- set max_distance = "(select near_duplicate_distance from " ~ ref("vector_health") ~ ")" -%}
    {%- else -%}
        {%- set max_distance = vector_search.require_number("near_duplicates", "max_distance", max_distance, 0, 0.2) -%}
    {%- endif -%}
    {%- set pairs -%}
select
    least(query_photo_id, neighbours.photo_id) as photo_id,
    greatest(query_photo_id, neighbours.photo_id) as duplicate_photo_id,
    min(neighbours.distance) as distance

from {{ ref('photo_neighbours') }} as neighbours

where neighbours.distance <= {{ max_distance }}

group by photo_id, duplicate_photo_id
    {%- endset -%}
    {%- set pairs_in_groups -%}
select
    groups.group_photo_id as group_photo_id,
    groups.count_group_photos as count_group_photos,
    pairs.photo_id as photo_id,
    pairs.duplicate_photo_id as duplicate_photo_id,
    pairs.distance as distance

from (
    {{ pairs | indent(4) }}
) as pairs

inner join (
    {{ _connected_groups(pairs) | indent(4) }}
) as groups
    on pairs.photo_id = groups.photo_id

order by group_photo_id asc, photo_id asc, duplicate_photo_id asc
    {%- endset -%}
    {{ return(answer("near_duplicates", pairs_in_groups, output, out)) }}
{%- endmacro %}

{#
    Hash-to-Min (Rastogi and others, ICDE 2013). In each round every photo sends the first member
    that it knows to all members, and all members to the first. The first photo of a group soon
    knows all of it, and the others know only the first. So the work grows with the pairs and not
    with their square. Twelve rounds connect chains of 500 photos in any order.
#}
{% macro _connected_groups(pairs) -%}
{%- set rounds = namespace(sql="select [photo_id, duplicate_photo_id] as members\n\nfrom (\n    "
    ~ pairs | indent(4) ~ "\n)") -%}
{%- for round in range(12) -%}
    {%- set rounds.sql -%}
with
    arraySort(told.members)[1] as first_member,
    arrayZip(told.members, arrayWithConstant(length(told.members), [first_member])) as to_members,
    arrayJoin(arrayPushBack(to_members, (first_member, told.members))) as message

select
    message.1 as photo_id,
    groupUniqArrayArray(message.2) as members

from (
    {{ rounds.sql | indent(4) }}
) as told

group by photo_id
    {%- endset -%}
{%- endfor -%}
select
    photo_id,
    arraySort(members)[1] as group_photo_id,
    count() over (partition by group_photo_id) as count_group_photos

from (
    {{ rounds.sql | indent(4) }}
)
{%- endmacro %}
