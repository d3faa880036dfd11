{#
    The hook of a table whose `column` questions look up by photo_id: a dictionary of it, which the
    engine reads into memory when it is first asked. Every build declares it anew, and so no answer
    comes from the rows before. Only chDB has it: a server would want a password in the declaration.
#}

{% macro keep_in_memory(column, data_type) -%}
    {{ return(adapter.dispatch("keep_in_memory")(column, data_type)) }}
{%- endmacro %}

{% macro default__keep_in_memory(column, data_type) -%}
    {%- do refuse_engine("keep_in_memory") -%}
{%- endmacro %}

{% macro clickhouse__keep_in_memory(column, data_type) -%}
{%- endmacro %}

{% macro chdb__keep_in_memory(column, data_type) -%}
create or replace dictionary {{ _in_memory(this) }} (photo_id String, {{ column }} {{ data_type }})
primary key photo_id
source(clickhouse(query {{ text_literal("select photo_id, " ~ column ~ " from " ~ this) }}))
layout(complex_key_hashed())
lifetime(0)
{%- endmacro %}

{# Expression: what keep_in_memory() keeps of one photo; 0 or empty for a photo that is not there. #}
{% macro from_memory(relation, column, photo_id) -%}
    {%- set dictionary = _in_memory(relation) -%}
    dictGet('{{ dictionary.schema }}.{{ dictionary.identifier }}', '{{ column }}', {{ photo_id }})
{%- endmacro %}

{% macro _in_memory(relation) -%}
    {{ return(relation.incorporate(path={"identifier": relation.identifier ~ "_in_memory"})) }}
{%- endmacro %}
