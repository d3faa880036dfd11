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
    {%- set top_k = require_whole_number(macro_name, "top_k", top_k, 1, search_limits().top_k) -%}
    {%- do require_one_of(macro_name, "exact", exact, [true, false]) -%}
    {%- set query = query_vector(macro_name, photo_id, vector, like, unlike) -%}
    {%- set conditions = filter_conditions(macro_name, filters) -%}
    {%- if max_distance is not none -%}
        {%- set max_distance = require_number(macro_name, "max_distance", max_distance, 0, 2) -%}
    {%- endif -%}
    {%- if after is not none -%}
        {%- do require_photo_id(macro_name, "after", after) -%}
        {%- do require_known_photos(macro_name, "after", [after]) -%}
    {%- endif -%}
    {{ return({
        "macro_name": macro_name,
        "query": query,
        "top_k": top_k,
        "conditions": conditions,
        "max_distance": max_distance,
        "after": after,
        "exact": exact or conditions | length > 0 or after is not none,
        "output": output,
        "out": out,
    }) }}
{%- endmacro %}
