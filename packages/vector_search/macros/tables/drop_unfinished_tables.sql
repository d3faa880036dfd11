{# At the end of every run: drop what failed models were building, if this run has their lock. #}

{% macro drop_unfinished_tables(results) -%}
    {%- for result in results
        if result.status == "error"
        and result.node.config.materialized in ["vector_table", "append_only_table"] -%}
        {%- set relation = api.Relation.create(
            schema=result.node.schema,
            identifier=result.node.alias,
            type="table",
            can_on_cluster=adapter.should_on_cluster(),
        ) -%}
        {%- if vector_search.has_build_lock(relation) -%}
            {%- do adapter.drop_relation(make_intermediate_relation(relation)) -%}
            {%- do vector_search.release_build_lock(relation) -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
