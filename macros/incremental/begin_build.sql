{#
    What comes before a table is built: no second run of dbt beside, for two would drop each other's
    work, nothing left of an earlier one, and the model's hooks.
#}

{% macro begin_build(building) -%}
    {%- if another_run_builds(model.unique_id) -%}
        {{ exceptions.raise_compiler_error(
            "Another run of dbt is building " ~ this ~ ". Wait for it to finish, then run this again."
        ) }}
    {%- endif -%}
    {{ drop_relation_if_exists(load_cached_relation(building)) }}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
{%- endmacro %}
