{# What comes after a table is built: grants, descriptions and the model's hooks. #}

{% macro finish_build(target_relation, existing) -%}
    {%- do apply_grants(target_relation, config.get("grants"), should_revoke=existing is not none) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
{%- endmacro %}
