"""An engine's settings reach every door from one definition."""

import inspect
import subprocess
import sys
from dataclasses import dataclass

import pytest

from synthohive_spark import CTGAN, SchemaError, SynthesizerTransformer
from synthohive_spark.declarations.spelling import camel_case
from synthohive_spark.engine.settings import TrainingSettings
from synthohive_spark.engine.table import registry
from synthohive_spark.engine.table.registry import engine_settings
from synthohive_spark.relational.fit_params import stage_params


def test_every_setting_is_a_param_with_a_getter_and_documented():
    estimator = SynthesizerTransformer()
    for setting in engine_settings().values():
        name = camel_case(setting.name)
        assert estimator.hasParam(name) and estimator.getParam(name).doc == setting.doc != ""
        assert f"        {name}: " in (SynthesizerTransformer.__doc__ or ""), name
    for param in estimator.params:
        getter = getattr(estimator, f"get{param.name[0].upper()}{param.name[1:]}")
        assert getter() == (estimator.getOrDefault(param) if estimator.isDefined(param) else None)


def test_settings_of_one_engine_arrive_and_the_other_refuses_them():
    chosen = {"dropout": 0.25, "epochs": 3, "threads": 2}
    assert (
        vars(SynthesizerTransformer(engine="autoregressive", **chosen).make_engine().settings).items() >= chosen.items()
    )
    widths = SynthesizerTransformer(generatorDim=[64, 32], embeddingDim=16).make_engine().settings
    assert (widths.generator_dim, widths.embedding_dim) == ((64, 32), 16)
    with pytest.raises(SchemaError, match="the engine 'ctgan' has no setting 'dropout'"):
        SynthesizerTransformer(**chosen).make_engine()
    assert stage_params({"generator_dim": (64,), "max_training_rows": 5}) == {
        "generatorDim": (64,),
        "maxTrainingRows": 5,
    }


def test_names_that_are_wrong_come_with_the_nearest_and_all_at_once():
    with pytest.raises(SchemaError) as found:
        SynthesizerTransformer(epoch=3, batchsize=5, seed="x")
    assert len(found.value.problems) == 3
    assert "there is no Param 'epoch'; did you mean 'epochs'?" in found.value.problems
    with pytest.raises(SchemaError, match="fit has no parameter 'epoch'; did you mean 'epochs'"):
        stage_params({"epoch": 3})
    with pytest.raises(SchemaError, match="has no setting 'pack'; did you mean 'pac'"):
        CTGAN(pack=2)


@dataclass(frozen=True)
class NeighbourSettings(TrainingSettings):
    """The settings of an engine of a stranger.

    Attributes:
        neighbours: Rows that are looked at.
    """

    neighbours: int = 5


class Neighbours:
    """As much of an engine as its settings need."""

    name = "neighbours"
    settings_class = NeighbourSettings

    def __init__(self, settings):
        self.settings = settings


def test_a_setting_of_a_new_engine_needs_its_folder_and_a_line(monkeypatch):
    real = registry.import_module
    module = inspect.getmodule(Neighbours)
    monkeypatch.setitem(registry.ENGINES, "neighbours", ("a.folder.of.its.own", "Neighbours"))
    monkeypatch.setattr(registry, "import_module", lambda name: module if name == "a.folder.of.its.own" else real(name))
    found = engine_settings()["neighbours"]
    assert (found.doc, found.type, found.engines) == ("Rows that are looked at.", int, ("neighbours",))
    assert stage_params({"neighbours": 9}) == {"neighbours": 9}
    made = registry.make_engine("neighbours", {"neighbours": 9, "epochs": 2})
    assert made.settings == NeighbourSettings(epochs=2, neighbours=9)


STRANGER = '''
from dataclasses import dataclass
from synthohive_spark.engine.interface import Encoding
from synthohive_spark.engine.settings import TrainingSettings

@dataclass(frozen=True)
class Settings(TrainingSettings):
    """The settings of a stranger's engine.

    Attributes:
        most_neighbours: Rows that are looked at.
    """

    most_neighbours: int = 5

class Neighbours:
    name, settings_class, encoding = "neighbours", Settings, Encoding()
    def __init__(self, settings):
        self.settings = settings
'''
DOORS = """
import sys
from synthohive_spark.engine.table.registry import ENGINES
ENGINES["neighbours"] = ("stranger", "Neighbours")
from typer.testing import CliRunner
from synthohive_spark import SynthesizerTransformer
from synthohive_spark.jobs import app
from synthohive_spark.local.pandas_synthesizer import PandasSynthesizer
from synthohive_spark.relational.fit_params import stage_params

estimator = SynthesizerTransformer(engine="neighbours", **stage_params({"most_neighbours": 9}))
print(estimator.mostNeighbours.doc, estimator.getMostNeighbours(), estimator.make_engine().settings.most_neighbours)
print(estimator.copy({estimator.mostNeighbours: 8}).make_engine().settings.most_neighbours)
print(type("Neighbours", (PandasSynthesizer,), {"engine": "neighbours"})(most_neighbours=7).settings.most_neighbours)
fit = ["fit", "--table", "t", "--model", "m", "--engine"]
print(CliRunner().invoke(app, [*fit, "neighbours", "--param", "mostNeighbour=3"]).output.strip())
print(CliRunner().invoke(app, [*fit, "ctgan", "--param", "mostNeighbours=3"]).output.split(";")[0])
print("torch" in sys.modules)
"""


def test_a_setting_of_a_new_engine_reaches_every_door(tmp_path):
    (tmp_path / "stranger.py").write_text(STRANGER)
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r})\n{DOORS}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "Rows that are looked at. 9 9",
        "8",
        "7",
        "synthohive: there is no Param 'mostNeighbour'; did you mean 'mostNeighbours'?",
        "synthohive: the engine 'ctgan' has no setting 'most_neighbours'",
        "False",
    ]
