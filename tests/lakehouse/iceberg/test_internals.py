"""What the door into PyIceberg uses is where it was; see `tests.doors`."""

from __future__ import annotations

import pytest

from tests.doors import Member, require

DOOR = "lakehouse_assets/lakehouse/iceberg/_internals.py"
_PRODUCER = "pyiceberg.table.update.snapshot:_SnapshotProducer"
MEMBERS = [
    Member("pyiceberg.table:Transaction._table", of_instance=True),
    Member("pyiceberg.table:Transaction._updates", of_instance=True),
    Member("pyiceberg.table:Transaction._requirements", of_instance=True),
    Member(
        "pyiceberg.catalog.sql:SqlCatalog._update_and_stage_table",
        ("current_table", "table_identifier", "requirements", "updates"),
    ),
    Member("pyiceberg.catalog.sql:SqlCatalog._write_metadata", ("metadata", "io", "metadata_path")),
    Member("pyiceberg.catalog.sql:SqlCatalog._load_file_io", ("properties", "location")),
    Member(_PRODUCER, ("operation", "transaction", "io", "snapshot_properties")),
    Member(f"{_PRODUCER}._manifests"),
    Member(f"{_PRODUCER}._deleted_entries"),
    Member(f"{_PRODUCER}._existing_manifests"),
    Member(f"{_PRODUCER}._build_manifest_evaluator", ("spec_id",)),
    *(
        Member(f"{_PRODUCER}.{name}", of_instance=True)
        for name in (
            "_operation",
            "_deleted_data_files",
            "_added_data_files",
            "_io",
            "_transaction",
            "_target_branch",
            "_predicate",
        )
    ),
    Member("pyiceberg.table:ManifestGroupPlanner", ("table_metadata", "io", "row_filter")),
    Member("pyiceberg.table:ManifestGroupPlanner.plan_files", ("manifests",)),
]


@pytest.mark.parametrize("member", MEMBERS, ids=lambda m: m.place)
def test_it_is_where_it_was(member: Member) -> None:
    require(DOOR, "pyiceberg", member)


def test_a_manifest_is_a_record_of_fields_by_position() -> None:
    from pyiceberg.manifest import ManifestFile

    from lakehouse_assets.lakehouse.iceberg._internals import recast

    class Own(ManifestFile):
        pass

    manifest = ManifestFile.from_args(
        manifest_path="a.avro", manifest_length=7, partition_spec_id=0, added_snapshot_id=1, added_files_count=2
    )
    own = recast(manifest, Own)
    assert isinstance(own, Own), f"PyIceberg moved the fields of a manifest: change {DOOR}"
    told = [(m.manifest_path, m.manifest_length, m.added_files_count) for m in (manifest, own)]
    assert told == [("a.avro", 7, 2)] * 2, f"PyIceberg moved the fields of a manifest: change {DOOR}"
