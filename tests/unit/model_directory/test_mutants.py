"""Whatever is in a model directory: typed errors or a model that draws, and nothing outside it touched."""

import json
import resource
import shutil
import signal
import tracemalloc
import warnings

import pytest

from synthohive_spark.errors import SerializationError, SynthoHiveError
from tests.helpers.mutants import Mutants
from tests.helpers.small_models import KINDS

MUTANTS = 100
SECONDS, MEGABYTES = 60, 600
TABLES = ("ctgan", "autoregressive")


@pytest.fixture(scope="module")
def mutants(tmp_path_factory):
    made = {}
    for kind, (make, _) in KINDS.items():
        path = tmp_path_factory.mktemp(kind) / "m"
        make(str(path))
        made[kind] = Mutants(path)
    return made


@pytest.fixture
def no_hang():
    def hung(*_):
        pytest.exit(f"loading a mutant took more than {SECONDS} seconds", returncode=1)

    old = signal.signal(signal.SIGALRM, hung)
    yield lambda: signal.alarm(SECONDS)
    signal.alarm(0)
    signal.signal(signal.SIGALRM, old)


@pytest.mark.parametrize("kind", KINDS)
def test_mutants_are_refused_by_a_typed_error_or_draw(tmp_path, mutants, no_hang, kind):
    draw = KINDS[kind][1]
    outside = tmp_path / "outside"
    outside.write_text("untouched")
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    refused = []
    for number in range(MUTANTS):
        said = mutants[kind].write(number, tmp_path / "folder" / "m")
        no_hang()
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                draw(str(tmp_path / "folder" / "m"))
        except SynthoHiveError as error:
            refused.append(str(error))
        except Exception as error:
            raise AssertionError(f"mutant {number} ({said}) raised {error!r}") from error
        shutil.rmtree(tmp_path / "folder")
    assert 0.5 * MUTANTS < len(refused) < MUTANTS
    assert max(map(len, refused)) < 1_000
    assert [p.name for p in tmp_path.iterdir()] == ["outside"] and outside.read_text() == "untouched"
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < MEGABYTES


def codecs_of(documents, kind):
    found = [
        item["codec"] for document in documents.values() for item in document.get("columns", ()) if "codec" in item
    ]
    return [codec for codec in found if codec["codec"] == kind]


def numbers_of(documents):
    return next(codec for codec in codecs_of(documents, "numeric") if codec["knots"] and codec["type"] == "double")


def forms_of(pointer, kind):
    return [own["form"] for own in pointer["dependencies"]["written"] if own.get("form", {}).get("format") == kind]


def _nested(depth):
    value = []
    for _ in range(depth):
        value = [value]
    return value


ATTACKS = {
    "a pattern of a billion": lambda p, d: codecs_of(d, "text")[0]["patterns"][0][0].__setitem__(2, 10**9),
    "texts of one length": lambda p, d: codecs_of(d, "text")[0]["patterns"][0][0].__setitem__(
        3, {**{f"t{i}": 1e-6 for i in range(2_000)}, "x" * 10_000: 0.1}
    ),
    "heads longer than their texts": lambda p, d: codecs_of(d, "text")[0]["patterns"][0][0].__setitem__(
        4, [[1, 1.0, {"abc": 1.0}, []]]
    ),
    "two characters at a place": lambda p, d: codecs_of(d, "text")[0]["patterns"][0][0].__setitem__(
        slice(1, 5), [2, 2, {}, [[2, 1.0, {}, [{"ab": 1.0}]]]]
    ),
    "shapes of lengths beyond": lambda p, d: codecs_of(d, "text")[0]["patterns"][0][0].__setitem__(
        4, [[10**9, 1.0, {}, []]]
    ),
    "a billion bins": lambda p, d: numbers_of(d).update(bins=10**9),
    "a step beyond the range": lambda p, d: codecs_of(d, "numeric")[0].update(step=10**9),
    "knots reversed": lambda p, d: numbers_of(d)["knots"].reverse(),
    "an infinite knot": lambda p, d: numbers_of(d)["knots"].append(float("inf")),
    "a knot that is no number": lambda p, d: numbers_of(d)["knots"].__setitem__(0, float("nan")),
    "ranks reversed": lambda p, d: numbers_of(d)["grid"].reverse(),
    "a rank less": lambda p, d: numbers_of(d)["grid"].pop(),
    "nulls": lambda p, d: codecs_of(d, "categorical")[0].update(
        has_null=not codecs_of(d, "categorical")[0]["has_null"]
    ),
    "nulls that are a number": lambda p, d: numbers_of(d).update(has_null=0),
    "nulls with a share": lambda p, d: numbers_of(d).update(
        has_null=True, frequencies=[0.5, *numbers_of(d)["frequencies"]]
    ),
    "nulls of the layout": lambda p, d: d["data_column_info.json"]["columns"][0].update(null=True),
    "a value twice": lambda p, d: codecs_of(d, "categorical")[0]["values"].__setitem__(
        0, codecs_of(d, "categorical")[0]["values"][1]
    ),
    "a share that is none": lambda p, d: codecs_of(d, "categorical")[0]["frequencies"].__setitem__(0, float("nan")),
    "more codes than there are": lambda p, d: d["data_column_info.json"]["columns"][0]["frequencies"].append(0.1),
    "a code that is not there": lambda p, d: d["data_column_info.json"]["functional"][0]["table"].__setitem__(0, 99),
    "another column": lambda p, d: p["columns"][0].update(name="another"),
    "columns in another order": lambda p, d: p["columns"].reverse(),
    "another type": lambda p, d: p["columns"][0].update(type="double"),
    "an unknown key": lambda p, d: numbers_of(d).update(more=1),
    "a long name": lambda p, d: p["columns"][0].update(name="n" * 10_000),
    "a dtype of a gigabyte": lambda p, d: p["pandas"]["dtypes"].update(city="S1000000000"),
    "a dtype of no column": lambda p, d: p["pandas"]["dtypes"].update(nothing="int64"),
    "nested values": lambda p, d: p.update(more=_nested(900)),
    "digits of a format": lambda p, d: forms_of(p, "number")[0].update(digits=10**9),
    "a separator of a megabyte": lambda p, d: forms_of(p, "clock")[0].update(separator="x" * 10**6),
    "a factor of a billion digits": lambda p, d: p["dependencies"]["relations"]["linear"][0]["factors"].__setitem__(
        0, "1e999999999"
    ),
    "digits of a sum": lambda p, d: p["dependencies"]["relations"]["linear"][0]["parts"][0].update(digits=10**9),
    "a padding of a gigabyte": lambda p, d: p["dependencies"]["templates"][0]["fields"][0].update(
        form="padded with zeros", size=10**9
    ),
    "decimals of a billion digits": lambda p, d: p["columns"][0].update(type="decimal(999999999,0)"),
    "the engine": lambda p, d: p.update(engine="another"),
    "a truth value as text": lambda p, d: p["columns"][0].update(nullable="true"),
}


@pytest.mark.parametrize("attack", ATTACKS)
@pytest.mark.parametrize("kind", TABLES)
def test_parts_that_do_not_agree_are_found_when_loading(tmp_path, mutants, kind, attack):
    own = mutants[kind]
    pointer, files = own.copies()
    documents = {name: json.loads(content) for name, content in files.items() if name.endswith(".json")}
    ATTACKS[attack](pointer, documents)
    changed = {name: json.dumps(document).encode() for name, document in documents.items()}
    own.put(tmp_path / "m", pointer, {**files, **changed})
    tracemalloc.start()
    try:
        with pytest.raises(SerializationError) as caught:
            KINDS[kind][1](str(tmp_path / "m"))
        assert tracemalloc.get_traced_memory()[1] < 64 << 20
    finally:
        tracemalloc.stop()
    assert len(str(caught.value)) < 1_000


@pytest.mark.parametrize("setting", ["embedding_dim", "generator_dim"])
def test_dimensions_that_the_weights_do_not_have(tmp_path, mutants, setting):
    pointer, files = mutants["ctgan"].copies()
    pointer["engine_parameters"][setting] = [10**9] if setting == "generator_dim" else 10**9
    mutants["ctgan"].put(tmp_path / "m", pointer, files)
    with pytest.raises(SerializationError, match="do not fit the layout"):
        KINDS["ctgan"][1](str(tmp_path / "m"))


def test_a_file_nested_deep(tmp_path, mutants):
    for name in ("transformer.json", "metadata.json"):
        pointer, files = mutants["ctgan"].copies()
        mutants["ctgan"].put(tmp_path / "m", pointer, {**files, "transformer.json": b"[" * 100_000})
        if name == "metadata.json":
            (tmp_path / "m" / name).write_bytes(b'{"a":' * 100_000)
        with pytest.raises(SerializationError, match=f"{name} is not JSON that a model has: it is nested more than 64"):
            KINDS["ctgan"][1](str(tmp_path / "m"))
