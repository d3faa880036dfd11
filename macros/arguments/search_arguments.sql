{#
    The arguments that all questions about similar photos share, checked. Such a question declares its
    own arguments and passes the others on as **kwargs, so they are declared here alone.
#}

{% macro search_arguments(
    macro_name, photo_id, top_k, vector=none, like=none, unlike=none,
    filters=none, max_distance=none, after=none, exact=false, output="table", out=none
) -%}
    {%- for argument in kwargs -%}
        {{ exceptions.raise_compiler_error(
            macro_name ~ "() has no argument `" ~ argument
            ~ "`. See its arguments in docs/questions.md."
        ) }}
    {%- endfor -%}
    {%- for argument, value in {"photo_id": photo_id, "after": after}.items() if value is not none -%}
        {%- do require_photo_id(macro_name, argument, value) -%}
    {%- endfor -%}
    {%- for argument, value in {"like": like, "unlike": unlike}.items() if value is not none -%}
        {%- do require_photo_ids(macro_name, argument, value) -%}
    {%- endfor -%}
    {%- set search = vector_search.search(
        ref("photos"), photo_id, vector, like, unlike, top_k,
        where=filter_conditions(macro_name, filters),
        max_distance=max_distance, after=after, exact=exact,
        words={
            "macro": macro_name, "to": "photo_id", "row": "a photo", "rows": "photos",
            "example": " (`dbt run-operation random_photo` names one)",
            "fill": "Run `photo-search load`, then `dbt build`.",
        },
    ) -%}
    {{ return(dict(search, macro_name=macro_name, output=output, out=out)) }}
{%- endmacro %}
