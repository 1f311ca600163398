"""The noise is Gumbel, independent in every index, and a pure function of (row, step, token)."""

import math

import torch

from tms.generation.noise import bits, gumbel
from tms.generation.noise_key import noise_key


def keys_and_steps(count: int, step: int = 0):
    generator = torch.Generator().manual_seed(0)
    keys = torch.randint(0, 2**63 - 1, (count,), generator=generator)
    return keys, torch.full((count,), step)


def test_golden():
    """Stored rows rely on these numbers: if they change, FORMAT of the noise must change with them."""
    keys, steps = torch.tensor([0, 1, 2**63 - 1]), torch.tensor([0, 7, 4095])
    assert bits(keys, steps, 3).tolist() == GOLDEN_BITS
    torch.testing.assert_close(gumbel(keys, steps, 3), torch.tensor(GOLDEN_NOISE), rtol=0, atol=1e-6)
    assert noise_key("weights", [1, 2, 3], 4, 5) == GOLDEN_KEY


def test_bits_follow_the_definition():
    """Plain integers modulo 2**64 give what the tensors give."""

    def mix(x):
        x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 % 2**64
        x = (x ^ (x >> 27)) * 0x94D049BB133111EB % 2**64
        return x ^ (x >> 31)

    gamma = 0x9E3779B97F4A7C15
    for key, step, token in [(0, 0, 0), (12345, 3, 77), (2**63 - 1, 4095, 151_935)]:
        stream = mix((mix(key) + (step + 1) * gamma) % 2**64)
        expected = mix((stream + (token + 1) * gamma) % 2**64) >> 1
        assert bits(torch.tensor([key]), torch.tensor([step]), token + 1)[0, token].item() == expected


def test_distribution():
    """Kolmogorov-Smirnov against the Gumbel distribution, at the 0.1 % level."""
    draws = gumbel(*keys_and_steps(400), 500).flatten().double().sort().values
    assert torch.isfinite(draws).all()
    expected = torch.exp(-torch.exp(-draws))
    ranks = torch.arange(1, len(draws) + 1) / len(draws)
    assert (ranks - expected).abs().max() < 1.95 / math.sqrt(len(draws))


def test_tail_is_fine():
    """The largest draws are spread like the largest of a Gumbel sample, not cut off by float32."""
    maxima = gumbel(*keys_and_steps(200), 50_000).amax(-1).double() - math.log(50_000)
    expected = torch.exp(-torch.exp(-maxima.sort().values))
    ranks = torch.arange(1, 201) / 200
    assert (ranks - expected).abs().max() < 1.95 / math.sqrt(200)
    assert len(set(maxima.tolist())) == 200


def test_independent_in_every_index():
    keys, steps = keys_and_steps(300)
    here = gumbel(keys, steps, 300)
    variants = {
        "next key": gumbel(keys + 1, steps, 300),
        "next step": gumbel(keys, steps + 1, 300),
        "next token": gumbel(keys, steps, 301)[:, 1:],
        "key and step traded": gumbel(keys + 1, steps - 1, 300),
    }
    for name, other in variants.items():
        correlation = torch.corrcoef(torch.stack([here.flatten(), other.flatten()]))[0, 1]
        assert abs(correlation) < 4 / math.sqrt(here.numel()), name
    assert len(set(bits(keys, steps, 300).flatten().tolist())) == 300 * 300


def test_no_dependence_on_batch_or_vocabulary():
    keys, steps = keys_and_steps(64)
    whole = gumbel(keys, steps, 373)
    assert torch.equal(gumbel(keys[5:6], steps[5:6], 373)[0], whole[5])
    assert torch.equal(gumbel(keys.flip(0), steps, 373).flip(0), whole)
    assert torch.equal(gumbel(keys, steps, 101), whole[:, :101])


def test_noise_key_depends_on_every_part():
    parts = ("weights", [1, 2, 3], 4, 5)
    others = [
        ("other", [1, 2, 3], 4, 5),
        ("weights", [1, 2], 4, 5),
        ("weights", [1, 2, 3], 5, 5),
        (*parts[:3], 6),
    ]
    found = {noise_key(*parts), *(noise_key(*other) for other in others)}
    assert len(found) == 5
    assert all(0 <= key < 2**63 for key in found)


GOLDEN_BITS = [
    [6017775124710473527, 6467540162864785327, 3570589976667487115],
    [1688635948606171376, 3513639007940068024, 1978730537255051044],
    [2807416364280888862, 1144580212913422255, 5985478212137993331],
]
GOLDEN_NOISE = [
    [-0.0552855, -0.1889838, 0.7141811],
    [1.5984144, 0.7348687, 1.4209744],
    [1.0134827, 2.0211849, -0.0457546],
]
GOLDEN_KEY = 8068640600012288830
