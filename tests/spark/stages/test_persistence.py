import json
import sys

import pytest
from pyspark.ml import Pipeline, PipelineModel
from pyspark.ml.feature import SQLTransformer

from synthohive_spark import (
    SerializationError,
    Synthesizer,
    SynthesizerTransformer,
    SynthesizerTransformerModel,
    load_pipeline,
)
from tests.helpers.frames import assert_same_rows

OWN_FILES = {
    "ctgan": ["generator.safetensors", "discriminator.safetensors", "embedding_layers.safetensors"],
    "autoregressive": ["heads.safetensors", "parts.safetensors"],
}


def test_a_loaded_model_draws_the_same_rows(tmp_path, engine, model):
    path = str(tmp_path / "m")
    model.write().save(path)
    loaded = SynthesizerTransformerModel.load(path)
    assert loaded.uid == model.uid
    assert loaded.extractParamMap().values().__len__() == model.extractParamMap().values().__len__()
    assert loaded.getOrDefault("epochs") == 2 and loaded.trainingSummary == model.trainingSummary
    assert_same_rows(loaded.sample(600, seed=5), model.sample(600, seed=5))
    files = {p.name for p in (tmp_path / "m").glob("v-*/*")}
    assert files == {
        "transformer.json",
        "context_transformer.json",
        "data_column_info.json",
        "named",
        *OWN_FILES[engine],
    }


def test_overwrite_must_be_asked_for(tmp_path, shop_model):
    path = str(tmp_path / "m")
    shop_model.save(path)
    with pytest.raises(SerializationError, match="overwrite=True"):
        shop_model.save(path)
    shop_model.copy({shop_model.samplingSeed: 3}).write().overwrite().save(path)
    assert SynthesizerTransformerModel.load(path).getOrDefault("samplingSeed") == 3


def test_an_altered_model_does_not_load(tmp_path, engine, shop_model):
    shop_model.save(str(tmp_path / "m"))
    name = OWN_FILES[engine][0]
    (weights,) = (tmp_path / "m").glob(f"v-*/{name}")
    content = bytearray(weights.read_bytes())
    content[len(content) // 2] ^= 1
    weights.write_bytes(content)
    with pytest.raises(SerializationError, match=name):
        SynthesizerTransformerModel.load(str(tmp_path / "m"))


def test_no_training_value_that_is_rare_or_unique_is_in_the_directory(tmp_path, all_types, model):
    model.save(str(tmp_path / "m"))
    content = b"".join(p.read_bytes() for p in (tmp_path / "m").rglob("*") if p.is_file())
    for row in all_types.select("name").collect():
        assert row.name.encode() not in content


def test_estimator_and_pipelines_save_and_load(tmp_path, spark, shop, estimator):
    stage = estimator(idCol="id", conditionCols=["region"], passthroughCols=["id"])
    pipeline = Pipeline(stages=[SQLTransformer(statement="SELECT * FROM __THIS__"), stage])
    pipeline.write().overwrite().save(str(tmp_path / "pipeline"))
    pipeline = Pipeline.load(str(tmp_path / "pipeline"))
    assert pipeline.getStages()[1].getOrDefault("conditionCols") == ["region"]
    assert not pipeline.getStages()[1].isDefined("maxSeconds")
    fitted = pipeline.fit(shop)
    for _ in range(2):
        fitted.write().overwrite().save(str(tmp_path / "fitted"))
    loaded = PipelineModel.load(str(tmp_path / "fitted"))
    seats = spark.sql("SELECT id, 'north' AS region FROM range(40)")
    made = fitted.transform(seats)
    assert made.columns == ["id", "region", "amount", "rate"]
    assert_same_rows(loaded.transform(seats), made)
    assert_same_rows(load_pipeline(tmp_path / "fitted").transform(seats), made)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda record: {**record, "class": "antigravity.Nothing"}, "names the class 'antigravity.Nothing'"),
        (lambda record: {**record, "class": "pyspark.ml.util.json"}, "names the class 'pyspark.ml.util.json'"),
        (lambda record: {**record, "paramMap": {"stageUids": ["../../../elsewhere"]}}, "names stages that no pipeline"),
        (lambda record: [record], "no record of a stage"),
    ],
)
def test_a_pipeline_that_names_other_classes_is_refused_before_any_is_imported(tmp_path, spark, change, message):
    stages = [SQLTransformer(statement="SELECT * FROM __THIS__"), PipelineModel([])]
    PipelineModel(stages).write().save(str(tmp_path / "p"))
    assert len(load_pipeline(tmp_path / "p").stages) == 2
    (part,) = (tmp_path / "p/stages").glob("1_*/metadata/part-*")
    part.write_text(json.dumps(change(json.loads(part.read_text()))))
    with pytest.raises(SerializationError, match=message):
        load_pipeline(str(tmp_path / "p"))
    assert "antigravity" not in sys.modules


def test_a_pipeline_with_a_stage_elsewhere_or_hidden_is_refused(tmp_path, spark):
    PipelineModel([SQLTransformer(statement="SELECT 1")]).write().save(str(tmp_path / "p"))
    (stage,) = (tmp_path / "p/stages").iterdir()
    (stage / "metadata/more.gz").write_bytes(b"")
    with pytest.raises(SerializationError, match="more.gz in .* is no record of a stage"):
        load_pipeline(tmp_path / "p")
    stage.rename(tmp_path / "elsewhere")
    stage.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SerializationError, match="is a link"):
        load_pipeline(tmp_path / "p")
    with pytest.raises(SerializationError, match="there is no pipeline"):
        load_pipeline(tmp_path / "none")


def test_estimator_overwrite_and_errors(tmp_path, estimator):
    path = str(tmp_path / "e")
    estimator().save(path)
    with pytest.raises(SerializationError, match="overwrite"):
        estimator().save(path)
    estimator(epochs=9).write().overwrite().save(path)
    assert SynthesizerTransformer.load(path).getOrDefault("epochs") == 9
    with pytest.raises(SerializationError, match="no estimator"):
        SynthesizerTransformer.load(str(tmp_path / "none"))
    with pytest.raises(
        SerializationError, match="could not be saved to 's3a://bucket/e': Spark lacks the jars of this"
    ):
        estimator().save("s3a://bucket/e")


def test_a_model_is_no_estimator_and_a_stage_no_database(tmp_path, shop_model):
    shop_model.save(str(tmp_path / "m"))
    with pytest.raises(
        SerializationError, match="no SynthesizerTransformer; load it with SynthesizerTransformerModel.load"
    ):
        SynthesizerTransformer.load(str(tmp_path / "m"))
    with pytest.raises(SerializationError, match="a single table is loaded with SynthesizerTransformerModel.load"):
        Synthesizer.load(str(tmp_path / "m"))


def test_the_pointer_describes_the_model(tmp_path, engine, shop_model):
    shop_model.save(str(tmp_path / "m"))
    pointer = json.loads((tmp_path / "m/metadata.json").read_text())
    assert [c["type"] for c in pointer["columns"]] == ["string", "int", "double"]
    assert pointer["engine"] == engine and pointer["engine_parameters"]["embedding_threshold"] == 256
    assert set(pointer["files"]["transformer.json"]) == {"sha256", "bytes"}
