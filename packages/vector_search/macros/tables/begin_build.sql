{#
    Before a table is built: stop if a second run builds it, because the two would drop each other's
    work. Then drop what an earlier run left, and run the model's hooks.
#}

{% macro begin_build(building) -%}
    {%- if not vector_search.take_build_lock() -%}
        {{ exceptions.raise_compiler_error(
            "Another run of dbt is building " ~ this ~ ". Wait for it to finish, then run this again."
        ) }}
    {%- endif -%}
    {{ drop_relation_if_exists(load_cached_relation(building)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
{%- endmacro %}
