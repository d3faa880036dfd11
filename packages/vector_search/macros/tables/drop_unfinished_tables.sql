{# At the end of every run: drop what failed models were building, unless another run builds it now. #}

{% macro drop_unfinished_tables(results) -%}
    {%- for result in results
        if result.status == "error"
        and result.node.config.materialized in ["vector_table", "append_only_table"]
        and not vector_search.another_run_builds(result.node.unique_id) -%}
        {%- set relation = api.Relation.create(
            schema=result.node.schema,
            identifier=result.node.alias,
            type="table",
            can_on_cluster=adapter.should_on_cluster(),
        ) -%}
        {%- do adapter.drop_relation(make_intermediate_relation(relation)) -%}
    {%- endfor -%}
{%- endmacro %}
