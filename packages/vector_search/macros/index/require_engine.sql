{#
    At the start of every run: stop before anything is built when the engine lacks what the selected
    models need. Runs without a vector_table or append_only_table may use any engine.
#}

{% macro require_engine(selected_resources) -%}
    {%- set tables = [] -%}
    {%- for id in (selected_resources if execute else [])
        if graph.nodes.get(id, {}).get("config", {}).materialized in ["vector_table", "append_only_table"] -%}
        {%- do tables.append(graph.nodes[id]) -%}
    {%- endfor -%}
    {%- if tables -%}
        {%- do adapter.dispatch("require_engine", "vector_search")(tables) -%}
    {%- endif -%}
{%- endmacro %}

{% macro default__require_engine(tables) -%}
    {%- do vector_search.refuse_engine(tables[0].config.materialized) -%}
{%- endmacro %}

{# ClickHouse has the index since 25.8, and that of inner products since 26.4. #}
{% macro clickhouse__require_engine(tables) -%}
    {%- set version = run_query("select version()").rows[0][0] -%}
    {%- set parts = version.split(".") -%}
    {%- for table in tables if table.config.materialized == "vector_table" -%}
        {%- set is_of_inner_products = table.config.meta.get("vector_index", {}).metric == "IP" -%}
        {%- set oldest = [26, 4] if is_of_inner_products else [25, 8] -%}
        {%- if [parts[0] | int, parts[1] | int] < oldest -%}
            {{ exceptions.raise_compiler_error(
                "ClickHouse " ~ version ~ " lacks the vector index that the model " ~ table.name ~ " needs"
                ~ (" for the metric IP" if is_of_inner_products) ~ ". Use ClickHouse " ~ oldest | join(".")
                ~ " or newer."
            ) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}

{#
    MyScale reads the dimension from a constraint of the table. A SQL model has its constraints in
    the table only if its contract is enforced.
#}
{% macro myscale__require_engine(tables) -%}
    {%- for table in tables if table.config.meta.get("vector_index") is mapping -%}
        {%- set index = table.config.meta.vector_index -%}
        {%- set needed = "length(" ~ index.column ~ ") = " ~ index.dimension -%}
        {%- set constraints = (table.constraints or []) + (table.columns.get(index.column, {}).constraints or []) -%}
        {%- set expressions = constraints | map(attribute="expression") | map("string") | map("replace", " ", "") -%}
        {%- if needed | replace(" ", "") not in expressions | list
            or table.language == "sql" and not table.config.contract.enforced -%}
            {{ exceptions.raise_compiler_error(
                "MyScale needs a constraint on the length of vectors, which the model " ~ table.name ~ " lacks. Give it"
                ~ " an enforced contract and the constraint {type: check, name: dimension, expression: " ~ needed ~ "}."
            ) }}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
