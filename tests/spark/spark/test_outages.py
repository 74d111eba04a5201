import pytest

from synthohive_spark.spark.outages import outage

STAGE = "/w/shop.db/t__synthohive_new_5e9763f0_20261128231617_fd453273_8070"
LOST = "org.apache.thrift.transport.TTransportException: java.net.ConnectException: Connection refused"

FULL = (
    f"[TASK_WRITE_FAILED] Task failed while writing rows to file:{STAGE}/rows. SQLSTATE: 58030\n"
    "Caused by: java.io.IOException: No space left on device"
)


@pytest.mark.parametrize(
    ("message", "said"),
    [
        (f"HiveException: Unable to fetch table t. Could not connect to meta store. {LOST}", "the Hive metastore does"),
        (
            "Unable to instantiate org.apache.hadoop.hive.ql.metadata.SessionHiveMetaStoreClient",
            "the Hive metastore does",
        ),
        (
            FULL,
            "the disk that holds file:/w/shop.db is full (No space left on device); make room",
        ),
        ("java.io.IOException: No space left on device", "a disk that Spark writes to is full (No space"),
        (
            "java.io.FileNotFoundException: /w/shop.db/t/part-00001-4ac0.snappy.parquet (Read-only file system)",
            "nothing can be written to /w/shop.db/t; mend",
        ),
        (
            "java.io.FileNotFoundException: /w/t/_temporary/0 (Permission denied)",
            "nothing can be written to /w/t; mend",
        ),
        (f"java.io.IOException: Mkdirs failed to create file:{STAGE}/rows/_temporary/0", "written to file:/w/shop.db;"),
        ("[DELTA_CANNOT_CREATE_LOG_PATH] Cannot create file:/w/t/_delta_log", "nothing can be written to file:/w/t;"),
        (f"MetaException(message:file:{STAGE} is not a directory or unable to create one)", "to file:/w/shop.db; mend"),
    ],
    ids=["lost", "gone", "full", "scratch", "read_only", "denied", "folder", "delta", "hive"],
)
def test_what_failed_is_said_with_a_place_that_can_be_found(message, said):
    assert said in outage(message)


def test_what_only_passes_through_the_metastores_client_is_no_outage():
    trace = (
        "AlreadyExistsException(message:Table t already exists)\n\tat SessionHiveMetaStoreClient.create_table(X.java)"
    )
    assert outage(trace) is None
