"""What seeds a rollout, and the weights that sample it."""

import sys
from types import SimpleNamespace

import pytest
import torch
from helpers.on_policy_run import load

from tms.generation.chat import ChatFormat
from tms.generation.sampling import Sampling
from tms.on_policy import rollouts

PROMPTS = [[5, 6], [5, 6], [7, 8]]


def trainer(model, step: int) -> SimpleNamespace:
    """As much of a trainer as a sampler looks at."""
    accelerator = SimpleNamespace(unwrap_model=lambda model: model, autocast=torch.no_grad)
    state = SimpleNamespace(global_step=step)
    return SimpleNamespace(is_fsdp_enabled=False, accelerator=accelerator, model=model, state=state)


def test_processes_steps_and_places_draw_apart(tiny_model):
    model, chat = load(tiny_model), ChatFormat(tiny_model)
    found = []
    for rank, step in ((0, 0), (1, 0), (0, 1)):
        sampler = rollouts.EngineRollouts(chat, Sampling(max_new_tokens=12), 0, rank)
        found += sampler(PROMPTS[:2], trainer(model, step))[0]
        again = rollouts.EngineRollouts(chat, Sampling(max_new_tokens=12), 0, rank)
        assert again(PROMPTS[:2], trainer(model, step))[0] == found[-2:]
    assert len({tuple(ids) for ids in found}) == 6


class Generation:
    """In the place of TRL's: keeps when it got weights, and says the seed of each call."""

    def __init__(self, *place, **settings):
        self.settings, self.synced = settings, 0

    def sync_weights(self):
        self.synced += 1

    def generate(self, prompts, images, num_generations):
        ids = [[torch.randint(1 << 30, ()).item()] for _ in prompts]
        return prompts, ids, [[[-0.5]] for _ in prompts], None


@pytest.fixture
def vllm(monkeypatch, tiny_model):
    """Call `vllm(rank)`: a sampler on a stand-in for vLLM."""
    module = SimpleNamespace(VLLMGeneration=Generation)
    monkeypatch.setitem(sys.modules, "trl.generation.vllm_generation", module)
    chat = ChatFormat(tiny_model)
    return lambda rank: rollouts.VllmRollouts(chat, Sampling(top_p=0.9, max_new_tokens=12), 0, rank, 40)


def test_vllm_gets_the_weights_once_a_step(vllm):
    sampler, synced = vllm(0), []
    for step in (0, 0, 1, 2, 2):  # TRAPO samples several times a step
        completions, logprobs = sampler(PROMPTS, trainer(None, step))
        assert len(completions) == 3 and logprobs == [[-0.5]] * 3
        synced.append(sampler.vllm.synced)
    assert synced == [1, 1, 2, 3, 3]
    asked = ("top_p", "max_completion_length", "max_model_length", "generation_kwargs")
    assert [sampler.vllm.settings[name] for name in asked] == [0.9, 12, 40, {"stop_token_ids": [2]}]


def test_vllm_draws_anew_in_each_process_step_and_call_and_again_in_a_second_run(vllm):
    def run(rank):
        sampler = vllm(rank)
        return [sampler(PROMPTS, trainer(None, step))[0] for step in (0, 0, 1)]

    assert run(0) == run(0)
    drawn = [tuple(ids) for rank in (0, 1) for call in run(rank) for ids in call]
    assert len(set(drawn)) == len(drawn)


def test_trls_own_engine_is_taken_where_the_trainer_has_one(vllm):
    sampler, grpo = vllm(0), trainer(None, 0)
    grpo.vllm_generation = Generation()
    sampler(PROMPTS, grpo)
    assert sampler.vllm is None and grpo.vllm_generation.synced == 0
