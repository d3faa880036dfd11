{# After a table is built: give it grants and descriptions, run the model's hooks, release the lock. #}

{% macro finish_build(target_relation, existing) -%}
    {%- do apply_grants(target_relation, config.get("grants"), should_revoke=existing is not none) -%}
    {%- do persist_docs(target_relation, model) -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {%- do adapter.commit() -%}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {%- do vector_search.release_build_lock(target_relation) -%}
{%- endmacro %}
