{#
    The query vector, which exactly one of `photo_id`, `vector` and `like` gives. Returns a dict:
    `embedding` is an expression, `photo_ids` are left out of the answer, and `query_photo_id` is
    null unless the query is one photo.
#}

{% macro query_vector(macro_name, photo_id, vector, like, unlike) -%}
    {%- set given = [] -%}
    {%- for name, value in {"photo_id": photo_id, "vector": vector, "like": like}.items()
        if value is not none -%}
        {%- do given.append(name) -%}
    {%- endfor -%}
    {%- if given | length != 1 -%}
        {%- do refuse_argument(
            macro_name, "photo_id", "given, or else `vector`, or else `like`",
            given | join(" and ") or "none of them"
        ) -%}
    {%- elif unlike is not none and like is none -%}
        {%- do refuse_argument(macro_name, "unlike", "given with `like`", given[0]) -%}
    {%- elif photo_id is not none -%}
        {{ return(_vector_of_photo(macro_name, photo_id)) }}
    {%- elif vector is not none -%}
        {{ return(_given_vector(macro_name, vector)) }}
    {%- else -%}
        {{ return(_mean_vector(macro_name, like, unlike)) }}
    {%- endif -%}
{%- endmacro %}

{% macro _vector_of_photo(macro_name, photo_id) -%}
    {%- do require_photo_id(macro_name, "photo_id", photo_id) -%}
    {%- do require_known_photos(macro_name, "photo_id", [photo_id]) -%}
    {%- set embedding -%}
        (select photo_embed from {{ ref('photos') }} where photo_id = {{ text_literal(photo_id) }})
    {%- endset -%}
    {{ return({
        "query_photo_id": text_literal(photo_id), "embedding": embedding, "photo_ids": [photo_id]
    }) }}
{%- endmacro %}

{# The engine parses text faster than an array of numbers. #}
{% macro _given_vector(macro_name, vector) -%}
    {%- set dimension = var("embedding_dimension") -%}
    {%- set allowed = "a list of " ~ dimension ~ " numbers that are not all 0" -%}
    {%- if vector is string or vector is mapping or vector is not sequence
        or vector | length != dimension -%}
        {%- do refuse_argument(macro_name, "vector", allowed, vector) -%}
    {%- endif -%}
    {%- set numbers = [] -%}
    {%- for value in vector -%}
        {%- do numbers.append(
            require_number(macro_name, "vector[" ~ loop.index0 ~ "]", value, -1e9, 1e9)
        ) -%}
    {%- endfor -%}
    {%- if not numbers | select | list -%}
        {%- do refuse_argument(macro_name, "vector", allowed, vector) -%}
    {%- endif -%}
    {{ return({
        "query_photo_id": "cast(null as Nullable(String))",
        "embedding": text_literal("[" ~ numbers | join(", ") ~ "]") ~ "::Array(Float32)",
        "photo_ids": [],
    }) }}
{%- endmacro %}

{# The mean of the unit vectors of `like` minus the mean of those of `unlike`. #}
{% macro _mean_vector(macro_name, like, unlike) -%}
    {%- do require_photo_ids(macro_name, "like", like) -%}
    {%- if unlike is not none -%}
        {%- do require_photo_ids(macro_name, "unlike", unlike) -%}
    {%- endif -%}
    {%- set like = like | unique(case_sensitive=true) | list -%}
    {%- set unlike = (unlike or []) | unique(case_sensitive=true) | list -%}
    {%- if like | select("in", unlike) | list -%}
        {%- do refuse_argument(macro_name, "unlike", "photos that are not in `like`", unlike) -%}
    {%- endif -%}
    {%- do require_known_photos(macro_name, "like", like) -%}
    {%- if unlike -%}
        {%- do require_known_photos(macro_name, "unlike", unlike) -%}
    {%- endif -%}
    {%- set embedding -%}
        (
            select cast(sumForEach(arrayMap(
                x -> x * if(
                    photo_id in ({{ text_literals(like) }}),
                    {{ 1 / like | length }},
                    {{ -1 / (unlike | length or 1) }}
                ),
                photo_embed
            )) as Array(Float32))
            from {{ ref('photos') }}
            where photo_id in ({{ text_literals(like + unlike) }})
        )
    {%- endset -%}
    {{ return({
        "query_photo_id": "cast(null as Nullable(String))",
        "embedding": embedding,
        "photo_ids": like + unlike,
    }) }}
{%- endmacro %}
