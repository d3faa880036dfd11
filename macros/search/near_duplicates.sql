{#
    Pairs of photos that are nearly the same picture, and the groups they form: whoever is near to one
    of a group belongs to it. A photo brings at most the ten pairs that photo_neighbours holds of it.
#}

{% macro near_duplicates(max_distance=none, output="table", out=none) -%}
    {%- set max_distance = var("near_duplicate_distance") if max_distance is none else max_distance -%}
    {%- do require_number("near_duplicates", "max_distance", max_distance, 0, 0.2) -%}
    {{ return(answer("near_duplicates", _near_duplicates(max_distance), output, out)) }}
{%- endmacro %}

{% macro _near_duplicates(max_distance) -%}
{%- set pairs -%}
select
    least(target_photo_id, neighbours.photo_id) as photo_id,
    greatest(target_photo_id, neighbours.photo_id) as duplicate_photo_id,
    min(neighbours.distance) as distance

from {{ ref('photo_neighbours') }} as neighbours

where neighbours.distance <= {{ max_distance }}

group by photo_id, duplicate_photo_id
{%- endset -%}
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
{%- endmacro %}

{#
    Each photo tells all it is connected with to all it is connected with. That doubles how far each
    one sees; after six rounds, 64 steps. The largest group decides the cost, by its square.
#}
{% macro _connected_groups(pairs) -%}
{%- set rounds = namespace(sql="select [photo_id, duplicate_photo_id] as members\n\nfrom (\n    "
    ~ pairs | indent(4) ~ "\n)") -%}
{%- for round in range(7) -%}
    {%- set rounds.sql -%}
select
    arrayJoin(told.members) as photo_id,
    groupUniqArrayArray(told.members) as members

from (
    {{ rounds.sql | indent(4) }}
) as told

group by photo_id
    {%- endset -%}
{%- endfor -%}
select
    photo_id,
    arraySort(members)[1] as group_photo_id,
    length(members) as count_group_photos

from (
    {{ rounds.sql | indent(4) }}
)
{%- endmacro %}
