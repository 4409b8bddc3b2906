-- One row per document, in the months in which the run touches a day.
-- It reads {{ retail_read() }}.
{{ config(replaces="touched", touched="retail_touched_days") }}
select
    document_date,
    issued_at,
    tenant_id,
    document_id,
    document_type,
    store_id,
    supplier,
    total_amount,
    content,
    record_key,
    load_id,
    loaded_at
from {{ retail_latest("retail_documents", "document_date") }} as latest
{{ retail_kept("document_date") }}
