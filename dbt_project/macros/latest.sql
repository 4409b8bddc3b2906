{#- Copies: the same record loaded again or corrected, of which one counts. -#}

{#- Order in which the copy loaded last comes first, by what every bronze table has. -#}
{% macro loaded_last() -%} loaded_at desc, load_id desc, source_row desc {%- endmacro %}

{#- From-clause item: the rows of a relation for which a predicate holds, but of those with the same key only the first in
    an order. The key has no nulls. -#}
{% macro latest_copies(relation, key=["record_key"], order=none, where="true") -%}
  {%- set rows_ -%} (select * from {{ relation }} where {{ where }}) as rows_ {%- endset -%}
  {%- if var("reads_little") -%}
    {{ _ranked_copies(rows_, key, order or loaded_last()) }}
  {%- else -%}
    {{ _single_and_ranked_copies(rows_, key, order or loaded_last()) }}
  {%- endif -%}
{%- endmacro %}

{% macro _ranked_copies(rows_, key, order) -%}
  (
    select *
    from (
      select
        rows_.*,
        row_number() over (
          partition by rows_.{{ key | join(", rows_.") }}
          order by {{ order }}
        ) as copy_no
      from {{ rows_ }}
    ) as ranked
    where copy_no = 1
  )
{%- endmacro %}

{#- Ranking sorts whole rows, beyond the memory on disk. Few things have copies, so their keys are looked for first: what
    has none passes as it is read, and only what has is ranked. -#}
{% macro _single_and_ranked_copies(rows_, key, order) -%}
  {%- set same_key -%}
    {% for name in key %}rows_.{{ name }} = copied.{{ name }}{{ " and " if not loop.last }}{% endfor %}
  {%- endset -%}
  (
    with

    copied as (
      select {{ key | join(", ") }}
      from {{ rows_ }}
      group by {{ key | join(", ") }}
      having count(*) > 1
    )

    select
      rows_.*,
      1 as copy_no
    from {{ rows_ }}
    left join copied on {{ same_key }}
    where copied.{{ key[0] }} is null
    union all
    select *
    from {{ _ranked_copies(rows_ ~ " inner join copied on " ~ same_key, key, order) }} as copies
  )
{%- endmacro %}
