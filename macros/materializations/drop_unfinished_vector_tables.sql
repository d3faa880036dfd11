{# At the end of every run: a vector_table that failed half-way leaves nothing behind but its reason. #}

{% macro drop_unfinished_vector_tables(results) -%}
    {%- for result in results
        if result.status == "error" and result.node.config.materialized == "vector_table" -%}
        {%- set relation = api.Relation.create(
            schema=result.node.schema, identifier=result.node.alias, type="table"
        ) -%}
        {%- do adapter.drop_relation(make_intermediate_relation(relation)) -%}
    {%- endfor -%}
{%- endmacro %}
