import pytest

from synthohive_spark import SchemaError
from synthohive_spark.declarations.spelling import camel_case, in_known_spelling, snake_case
from synthohive_spark.engine.table.registry import engine_settings
from synthohive_spark.stages.estimator import SynthesizerTransformer


def test_every_setting_and_param_is_the_same_after_there_and_back():
    for name in engine_settings():
        assert snake_case(camel_case(name)) == name
    for param in SynthesizerTransformer().params:
        assert camel_case(snake_case(param.name)) == param.name


@pytest.mark.parametrize("name", ["max_seconds", "maxSeconds"])
def test_a_setting_is_known_in_either_spelling_whichever_is_its_own(name):
    assert in_known_spelling({name: 5}, ["max_seconds"], "fit") == {"max_seconds": 5}
    assert in_known_spelling({name: 5}, ["maxSeconds"], "fit") == {"maxSeconds": 5}


@pytest.mark.parametrize("name", ["max_Seconds", "MaxSeconds", "max_second", "max-seconds"])
def test_nothing_else_is_taken_for_it(name):
    assert in_known_spelling({name: 5}, ["maxSeconds"], "fit") == {name: 5}


def test_both_spellings_at_once_and_names_that_are_no_text_are_all_listed():
    with pytest.raises(SchemaError) as caught:
        in_known_spelling({"maxSeconds": 5, "max_seconds": 5, 7: 1}, ["max_seconds"], "fit.params")
    assert caught.value.problems == (
        "fit.params: maxSeconds and max_seconds are two spellings of one setting; give one of them",
        "fit.params: the name of a setting must be text, got 7",
    )
