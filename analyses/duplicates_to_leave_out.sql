-- A page should not show the same picture twice. Which photos can we leave out? We keep the most
-- downloaded photo of each group of near-duplicates.

with

pairs as (

    {{ near_duplicates() | indent(4) }}

),

members as (

    select distinct
        group_photo_id,
        arrayJoin([photo_id, duplicate_photo_id]) as photo_id

    from pairs

)

select
    members.group_photo_id as group_photo_id,
    first_value(members.photo_id) over (
        partition by members.group_photo_id
        order by downloads.count_downloads desc, members.photo_id asc
    ) as kept_photo_id,
    members.photo_id as photo_id,
    downloads.count_downloads as count_downloads

from members

inner join {{ ref('photo_downloads') }} as downloads
    on members.photo_id = downloads.photo_id

order by group_photo_id asc, count_downloads desc, photo_id asc
