{#
    Every build begins from the answers of the last one. A pair is measured again only when one of its
    photos is new or changed, or has lost a neighbour; the new ones may enter the lists of the old.

    No index serves a join, so all pairs are measured, exactly. Small blocks keep the vectors in the
    processor's cache. For the ten nearest, distance and photo become one number: 31 bits behind the
    point, and then the photo's place in the order of photo_id, which settles ties.
#}
{{ config(
    order_by=["target_photo_id", "similarity_rank"],
    query_settings={"max_block_size": 512, "max_joined_block_size_rows": 512},
) }}
{%- set top_k = 10 -%}
{%- set continues = execute and load_relation(this) is not none and not should_full_refresh() -%}
{%- set nothing -%}
    (select '' as target_photo_id, '' as photo_id, 0.0 as distance, 0 as pair_hash where 1 = 0)
{%- endset %}

with

photos as (

    select
        photo_id,
        photo_embed,
        row_number() over (order by photo_id asc) as photo_number,
        L2Norm(photo_embed) as vector_norm,
        cityHash64(photo_embed) as vector_hash

    from {{ ref('photos') }}

),

last_built as (

    select * from {{ this if continues else nothing }}

),

kept as (

    select
        targets.photo_number as target_number,
        neighbours.photo_number as photo_number,
        last_built.distance as distance

    from last_built

    inner join photos as targets
        on last_built.target_photo_id = targets.photo_id

    inner join photos as neighbours
        on last_built.photo_id = neighbours.photo_id

    where last_built.pair_hash = cityHash64(targets.vector_hash, neighbours.vector_hash)

),

complete as (

    select target_number
    from kept
    group by target_number
    having count() >= least({{ top_k }}, (select count() - 1 from {{ ref('photos') }}))

),

incomplete as (

    select *
    from photos
    where photo_number not in (select complete.target_number from complete)

),

everyone as (

    select
        *,
        photo_number in (select complete.target_number from complete) as is_complete

    from photos

),

measured as (

    select
        incomplete.photo_number as target_number,
        everyone.photo_number as photo_number,
        everyone.is_complete as is_complete,
        {{ distance_of_pair('everyone', 'incomplete') }} as distance

    from everyone

    cross join incomplete

    where everyone.photo_number != incomplete.photo_number

),

candidates as (

    select
        target_number,
        photo_number,
        distance

    from kept

    where
        target_number in (select complete.target_number from complete)
        and photo_number in (select complete.target_number from complete)

    union all

    select
        target_number,
        photo_number,
        distance

    from measured

    union all

    select
        measured.photo_number as target_number,
        measured.target_number as photo_number,
        measured.distance as distance

    from measured

    where measured.is_complete

),

nearest as (

    select
        target_number,
        {{ smallest_of_each(
            "toUInt64(greatest(distance, 0) * exp2(31)) * toUInt64(exp2(32)) + photo_number", top_k
        ) }} as packed

    from candidates

    group by target_number

),

ranked as (

    select
        target_number,
        similarity_rank,
        intDiv(packed_one, toUInt64(exp2(32))) / exp2(31) as distance,
        packed_one % toUInt64(exp2(32)) as photo_number

    from nearest

    array join
        packed as packed_one,
        arrayEnumerate(packed) as similarity_rank

)

select
    ---------- ids
    targets.photo_id as target_photo_id,
    neighbours.photo_id as photo_id,

    ---------- numerics
    ranked.similarity_rank as similarity_rank,
    ranked.distance as distance,
    cityHash64(targets.vector_hash, neighbours.vector_hash) as pair_hash

from ranked

inner join photos as targets
    on ranked.target_number = targets.photo_number

inner join photos as neighbours
    on ranked.photo_number = neighbours.photo_number
