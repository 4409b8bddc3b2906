{#- Keys of several parts as one text. -#}

{#- Parts, all of them texts, joined by a stroke; two keys are equal only where each part is. A stroke or a percent sign
    within a part is written as in an address of the web (%2F, %25), and a missing part as %00, so that parts without
    them are read as they are. Semantic models, where no macro is known, spell the same out. -#}
{% macro joined_key(parts) -%}
  {%- for part in parts -%}
    coalesce(replace(replace({{ part }}, '%', '%25'), '/', '%2F'), '%00'){{ " || '/' || " if not loop.last }}
  {%- endfor -%}
{%- endmacro %}
