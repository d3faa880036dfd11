{#
    The `relations` that have fewer rows than the last build noted in their comment, or other rows
    than the load noted. A table without a note is not checked.
#}

{% macro damaged_tables(relations) -%}
    {%- set checks = [] -%}
    {%- set note = "(load|dbt build): ([0-9]+) rows(?: with the checksum ([0-9]+))?" -%}
    {%- for schema, name, comment in vector_search._comments_of(relations) -%}
        {%- set noted = modules.re.search(note, comment) -%}
        {%- if noted -%}
            {%- do checks.append(
                "select " ~ vector_search.text_literal(schema ~ "." ~ name) ~ " as name, count() as found, "
                ~ noted[2] ~ " as noted, "
                ~ (noted[1] == "load") ~ " as is_loaded from "
                ~ api.Relation.create(schema=schema, identifier=name) ~ " having "
                ~ ("found != noted or sum(row_hash) != " ~ noted[3] if noted[3] else "found < noted")
            ) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(run_query(checks | join(" union all ")).rows if checks else []) }}
{%- endmacro %}

{% macro is_whole(relation) -%}
    {{ return(vector_search.damaged_tables([relation]) | length == 0) }}
{%- endmacro %}

{# Schema, name and comment of the `relations` that exist. #}
{% macro _comments_of(relations) -%}
    {%- set names = [] -%}
    {%- for relation in relations -%}
        {%- do names.append("(" ~ vector_search.literals([relation.schema, relation.identifier]) ~ ")") -%}
    {%- endfor -%}
    {%- if not names -%}
        {{ return([]) }}
    {%- endif -%}
    {{ return(run_query(
        "select database, name, comment from system.tables where (database, name) in ("
        ~ names | unique(case_sensitive=true) | join(", ") ~ ")"
    ).rows) }}
{%- endmacro %}
