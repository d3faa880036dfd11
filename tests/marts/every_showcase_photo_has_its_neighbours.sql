{# Each photo that the gallery begins with has all its neighbours, or all other photos if there
    are fewer. #}
{{ config(meta={
    "finding": "{failures} showcase photos have other than {count_expected} similar photos, among them {photo_id}.",
    "advice": "Run `dbt build --select +showcase_similar_photos`.",
}) }}

{{ photos_without_all_neighbours(ref('showcase_query_photos'), ref('showcase_similar_photos')) }}
