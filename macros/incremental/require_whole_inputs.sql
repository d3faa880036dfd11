{#
    Hook before a table is built. An engine that finds a broken part at its start drops the part
    silently, so a table may have lost rows. A table that is built from such a table must not
    replace a good one.
#}

{% macro require_whole_inputs() -%}
    {%- if execute and model.config.materialized not in ["view", "ephemeral"] -%}
        {%- for table in vector_search.damaged_tables(_input_tables(model.depends_on.nodes)) -%}
            {%- set remedy = "`photo-search load`" if table.is_loaded
                else "`dbt build --select " ~ table.name.split(".")[1] ~ "`" -%}
            {{ exceptions.raise_compiler_error(
                _what_is_damaged(table) ~ " " ~ this.identifier ~ " was not built and stays as it is. Run "
                ~ remedy ~ ", then this again."
            ) }}
        {%- endfor -%}
        {%- if model.config.materialized == "incremental" and not should_full_refresh() -%}
            {%- for table in vector_search.damaged_tables([this]) -%}
                {%- if config.get("full_refresh") == false -%}
                    {%- do exceptions.warn(_what_is_damaged(table) ~ " The build adds to what is left.") -%}
                {%- else -%}
                    {{ exceptions.raise_compiler_error(
                        _what_is_damaged(table) ~ " Run `dbt build --full-refresh --select " ~ model.name ~ "`."
                    ) }}
                {%- endif -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}

{% macro _what_is_damaged(table) -%}
    The table {{ table.name }} is damaged:
    {%- if table.found == table.noted %} some of its {{ table.found }} rows were changed after the load.
    {%- else %} it has {{ table.found }} rows, not the {{ table.noted }} that the
        {{- " load" if table.is_loaded else " last build" }} left in it.
    {%- endif -%}
{%- endmacro %}

{# The tables that a model reads, directly or through views. #}
{% macro _input_tables(unique_ids) -%}
    {%- set tables = [] -%}
    {%- for unique_id in unique_ids -%}
        {%- set node = graph.sources.get(unique_id) or graph.nodes[unique_id] -%}
        {%- if node.config.materialized in ["view", "ephemeral"] -%}
            {%- do tables.extend(_input_tables(node.depends_on.nodes)) -%}
        {%- else -%}
            {%- do tables.append(api.Relation.create(schema=node.schema, identifier=node.alias or node.identifier)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(tables) }}
{%- endmacro %}
