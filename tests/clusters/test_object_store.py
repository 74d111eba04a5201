"""Models, reports and files of declarations in an object store, which a server of this machine stands for."""

import json
import os

import pandas as pd
import pytest

from synthohive_spark import Autoregressive, Metadata, SerializationError, Synthesizer, SynthesizerTransformerModel
from synthohive_spark.declarations.job import read_job
from synthohive_spark.engine.training.checkpoint import check_checkpoint_dir
from synthohive_spark.model_directory.directory import read_model
from synthohive_spark.model_directory.saving import write_model
from synthohive_spark.model_directory.storage import Folder, read_file, write_file
from tests.helpers.concurrent_saves import files_of, save_at_once

ROUNDS = 4


@pytest.fixture(autouse=True)
def nothing_local(tmp_path, monkeypatch):
    """No path of an object store becomes a folder of this machine."""
    monkeypatch.chdir(tmp_path)
    yield
    assert not [name for name in os.listdir(tmp_path) if name.startswith(("s3", "bucket"))]


def test_a_model_directory_is_saved_replaced_and_loaded_by_the_names_of_spark_and_of_python(
    bucket, spark, shop, fake_estimator
):
    path = f"{bucket}/models/shop"
    model = fake_estimator(idCol="id").fit(shop)
    model.save(path.replace("s3://", "s3a://"))
    again = SynthesizerTransformerModel.load(path)
    assert again.sample(50, seed=3).collect() == model.sample(50, seed=3).collect()
    with pytest.raises(SerializationError, match="is there already; give overwrite=True"):
        model.save(path)
    other = fake_estimator(idCol="id", excludeCols=["rate"]).fit(shop)
    other.write().overwrite().save(path)
    assert SynthesizerTransformerModel.load(path).sample(5, seed=3).columns == ["id", "region", "amount"]
    names = Folder.at(path).names()
    assert names[:2] == ["metadata", "metadata.json"] and len(names) == 3
    with pytest.raises(SerializationError, match="there is no model in '.*/none': metadata.json is missing"):
        SynthesizerTransformerModel.load(f"{bucket}/none")


def test_reports_declarations_and_job_files_lie_there_as_well(bucket, spark, shop, tmp_path, fake_engine):
    declared = Metadata().add_table("shop", pk="id")
    write_file(f"{bucket}/declared/shop.yaml", declared.to_yaml().encode())
    again = Metadata.from_file(f"{bucket}/declared/shop.yaml")
    assert again.to_dict() == declared.to_dict()
    synthesizer = Synthesizer(again, spark, engine=fake_engine, progress=False).fit({"shop": shop}, seed=1)
    synthesizer.save(f"{bucket}/database")
    loaded = Synthesizer.load(f"{bucket}/database", spark)
    made = loaded.sample({"shop": 100}, seed=2)
    report = loaded.generate_validation_report({"shop": shop}, made, f"{bucket}/report.html")
    report.write_json(f"{bucket}/report.json")
    assert b"</html>" in read_file(f"{bucket}/report.html", 1 << 24)
    assert json.loads(read_file(f"{bucket}/report.json", 1 << 24)) == report.to_json()
    write_file(f"{bucket}/job.yaml", b"fit: {table: shop.customers, model: s3://models/customers}\n")
    assert read_job("fit", f"{bucket}/job.yaml", {}).model == "s3://models/customers"


def test_writers_beside_each_other_lose_no_model(bucket):
    path = f"{bucket}/m"
    write_model(path, files_of(0, 0), {"writer": 0, "turn": 0})
    saved, read, problems = save_at_once(path, writers=2, rounds=ROUNDS, readers=1)
    assert problems == [] and saved == 2 * ROUNDS and read > 0
    found = read_model(path)
    assert found.files == files_of(found.metadata["writer"], found.metadata["turn"])
    assert len(Folder.at(path).names()) == 2


def test_what_is_not_there_or_cannot_be_reached_is_said_in_a_line(bucket, monkeypatch):
    rows = pd.DataFrame({"a": [1, 2] * 50})
    model = Autoregressive(epochs=1, progress=False).fit(rows, seed=1)
    with pytest.raises(SerializationError, match=r"'s3://none/m' cannot be written: Bucket 'none' not found$"):
        model.save("s3://none/m")
    with pytest.raises(SerializationError, match="checkpoint_dir needs a local or mounted folder, got 's3://"):
        check_checkpoint_dir(f"{bucket}/checkpoints")
