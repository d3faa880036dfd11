{#
    Whether another run of dbt is building the model `unique_id` of this schema. dbt signs its
    statements with the model's id, and the server lists the statements that run. Between two
    statements it lists none, so this looks for five seconds before it says no.
#}

{% macro another_run_builds(unique_id) -%}
    {%- for look in range(50) -%}
        {%- set statements = run_query(
            "select " ~ ("sleep(0.1)" if look else "0") ~ ", count() from system.processes"
            ~ " where query_id != queryID() and current_database = currentDatabase()"
            ~ " and position(query, " ~ vector_search.text_literal('"node_id": "' ~ unique_id ~ '"') ~ ") > 0"
        ) -%}
        {%- if statements.rows[0][1] > 0 -%}
            {{ return(true) }}
        {%- endif -%}
    {%- endfor -%}
    {{ return(false) }}
{%- endmacro %}
