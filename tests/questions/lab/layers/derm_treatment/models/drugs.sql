select *, date '2021-11-01' as snapshot_date, case when fda_appr_dt is null then 'no' else 'yes' end as fda_approved from main.drugs
