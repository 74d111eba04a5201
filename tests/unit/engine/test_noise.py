import numpy as np
import pytest

from synthohive_spark.engine import noise


def test_words_are_a_function_of_seed_row_and_position():
    ids = np.arange(1000)
    words = noise.row_words(7, ids, 40)
    assert words[0, :2].tolist() == [13069000218789974255, 4315646000111370300]
    np.testing.assert_array_equal(noise.row_words(7, ids[::-1], 40)[::-1], words)
    np.testing.assert_array_equal(noise.row_words(7, ids[5:6], 10), words[5:6, :10])
    assert (noise.row_words(8, ids, 40) != words).all()
    assert (noise.row_words(7, ids, 40, stream=1) != words).all()


def test_normals_and_uniforms_have_their_moments():
    words = noise.row_words(1, np.arange(20_000), 8)
    z = noise.normals(words, 30)
    assert z.shape == (20_000, 30) and z.dtype == np.float32
    assert abs(z.mean()) < 0.005 and abs(z.std() - 1) < 0.005
    u = noise.uniforms(words)
    assert u.min() > 0 and u.max() < 1 and abs(u.mean() - 0.5) < 0.005


@pytest.mark.parametrize(("p", "z"), [(0.5, 0.0), (0.975, 1.959963984540054), (1e-6, -4.753424308822899)])
def test_quantile_and_distribution_function_are_inverse(p, z):
    assert noise.normal_quantile(p) == pytest.approx(z, abs=1e-7)
    assert noise.normal_cdf(np.float32(z)) == pytest.approx(p, abs=1e-5)


def test_derived_seeds_are_stable():
    assert noise.derive_seed(42, "codec", "age") == noise.derive_seed(42, "codec", "age")
    assert noise.derive_seed(42, "codec", "age") != noise.derive_seed(42, "codec", "sex")
