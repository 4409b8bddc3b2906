{#- What became of the records that were received for bronze tables: of use to any domain that keeps a record_key. -#}

{#- Query for load_date, table_name, tenant_id, records_received, records_repeated, records_refused, records_held_back of
    some bronze tables. `held_back` is a relation of what silver holds back, with table_name (without layer) and
    record_key. A record is counted once: repeated before held back. -#}
{% macro received_records(tables, held_back) -%}
  select
    load_date,
    table_name,
    tenant_id,
    count(*) as records_received,
    count(case when fate = 'REPEATED' then 1 end) as records_repeated,
    count(case when fate = 'REFUSED' then 1 end) as records_refused,
    count(case when fate = 'HELD_BACK' then 1 end) as records_held_back
  from (
    {%- for table in tables %}
    select
      {{ business_day("copies.loaded_at") }} as load_date,
      '{{ table }}' as table_name,
      copies.tenant_id,
      case when copies.copy_no > 1 then 'REPEATED' when held.record_key is not null then 'HELD_BACK' end as fate
    from (
      select
        loaded_at,
        tenant_id,
        record_key,
        row_number() over (partition by record_key order by loaded_at, load_id, source_row) as copy_no
      from {{ source("bronze", table) }}
    ) as copies
    left join (
      select distinct record_key
      from {{ held_back }}
      where table_name = '{{ table }}'
    ) as held
      on copies.record_key = held.record_key
    union all
    {%- endfor %}
    select
      {{ business_day("refused.loaded_at") }} as load_date,
      substr(refused.target_table, 8) as table_name,
      refused.tenant_id,
      'REFUSED' as fate
    from {{ source("bronze", "quarantine") }} as refused
    left join {{ source("bronze", "quarantine_resolutions") }} as settled
      on refused.quarantine_id = settled.quarantine_id
    where
      settled.quarantine_id is null
      and refused.target_table in (
        {%- for table in tables %}'bronze.{{ table }}'{{ ", " if not loop.last }}{% endfor -%}
      )
  ) as records
  group by load_date, table_name, tenant_id
{%- endmacro %}
