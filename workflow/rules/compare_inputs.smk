"""Input functions of the comparison with the paper."""

from tms.paper import stand_ins as printed_models

PAPER = "workflow/resources/paper"


def compared_contamination(models):
    """Reports of the gate on the target tasks of the models that stand for the paper's."""
    return list(
        printed_models.contamination_files(config, list(printed_models.stand_ins(config, models))).values()
    )
