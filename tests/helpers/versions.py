"""What not every Spark that the package runs on can do."""

import pyspark
import pytest

SPARK = tuple(int(part) for part in pyspark.__version__.split(".")[:2])
needs_sketches = pytest.mark.skipif(SPARK < (4, 1), reason="sketches of frequent values came with Spark 4.1")
needs_pipelines = pytest.mark.skipif(SPARK < (4, 1), reason="declarative pipelines came with Spark 4.1")
needs_streams = pytest.mark.skipif(SPARK < (4, 2), reason="streams of synthetic rows need Spark 4.2")
