{# Each photo has as many neighbours as the var neighbours_per_photo says, or all other photos
    if there are fewer. #}
{{ config(meta={
    "finding": "{failures:,} photos have other than {count_expected} rows in photo_neighbours, among them {photo_id}.",
    "advice": "Run `dbt build --full-refresh --select photo_neighbours`.",
}) }}

{{ photos_without_all_neighbours(ref('photos'), ref('photo_neighbours')) }}
