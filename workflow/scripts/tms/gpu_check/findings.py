"""Rows of the table, and figures for the cost estimate, from how the parts of a check ended."""

from statistics import median

from tms.gpu_check import trials
from tms.gpu_check.cards import peak_tflops
from tms.gpu_check.parts import KINDS, Machine, generating, missing, training_name
from tms.gpu_check.planned import planned_peak
from tms.gpu_check.rows import FAIL, PASS, SKIPPED, Row
from tms.gpu_check.runner import Ended
from tms.gpu_check.shapes import Shape

FULL = 0.97  # of a card: the driver takes the rest
SEEDED = 0.5  # share of equal first tokens: near 1 where rows are seeded, near 0 where they are not
INSTALL = "make gpu (docs/running.md)"
LESS_MEMORY = "lower training.device_batch of the model, or set its training.gradient_checkpointing: true"


class Findings:
    """Finding of a check.

    Args:
        shapes: that were checked.
        machine: that checked them.
        ended: how the parts ended, by name.
        log: where a part's log lies, with {} for its name.

    Attributes:
        rows: of the table.
        speeds: figures for the cost estimate, as its file holds them, of what was measured.
        peak: 10^12 operations a second of a card; 0 on a CPU.
        extrapolated: whether some training was not measured at its full size.
    """

    def __init__(self, shapes: list[Shape], machine: Machine, ended: dict[str, Ended], log: str):
        self.machine, self.ended, self.log = machine, ended, log
        self.rows: list[Row] = []
        self.peak, self.extrapolated = 0.0, False
        self.shares: dict[str, list[float]] = {"training": [], "forward": []}
        self.starts: dict[str, list[float]] = {"train": [], "generate": []}
        self.written: dict[float, float] = {}
        for kind in KINDS:
            if packages := missing(kind):
                what = f"{', '.join(packages)} is not installed"
                self.rows.append(Row(kind, SKIPPED, what, INSTALL))
        if "cards" in ended:
            self._cards()
        if "all-reduce" in ended:
            self._all_reduce()
        for part in ("train", "on-policy"):
            for shape in shapes:
                if shape.part == part and not missing(part):
                    self._train(shape)
        for shape in generating(shapes):
            if f"generate {shape.name}" in ended:
                self._generate(shape)

    @property
    def speeds(self) -> dict:
        found = {name: median(shares) for name, shares in self.shares.items() if shares}
        found |= {"generation": self.written} if self.written else {}
        start = {name: median(seconds) for name, seconds in self.starts.items() if seconds}
        return rounded(found | ({"start": start} if start else {}))

    def _failed(self, check: str, name: str, remedy: str) -> bool:
        """Add the row of a part that did not measure; whether that is so."""
        how = self.ended[name]
        if not how.error:
            return False
        if how.skipped:
            self.rows.append(Row(check, SKIPPED, how.error, "give it more: --seconds, --only, more cards"))
        else:
            self.rows.append(Row(check, FAIL, how.error, f"{remedy}; log: {self.log.format(name)}"))
        return True

    def _cards(self) -> None:
        if self._failed("cards", "cards", "reinstall torch for this driver: make gpu"):
            return
        found = self.ended["cards"].first
        cards = found["cards"]
        rates = [card["tflops"] for card in cards]
        self.peak = peak_tflops(cards[0]["name"], max(rates)) if self.machine.on_gpu else 0.0
        built = f"torch {found['torch']}, built for {'CUDA ' + found['cuda'] if found['cuda'] else 'CPUs'}"
        if self.machine.on_gpu and (cards[0]["name"] == "CPU" or len(cards) < len(self.machine.names)):
            what = f"{built}, does not see the {len(self.machine.names)} cards that the driver names"
            self.rows.append(Row("cards", FAIL, what, "make gpu, or a newer driver for that CUDA"))
            return
        if not all(card["bf16"] for card in cards):
            self.rows.append(Row("cards", FAIL, f"{built}; no bf16", "take cards of Ampere or newer"))
            return
        what = f"{built}; matrix products at {min(rates):.3g} to {max(rates):.3g} TFLOPS"
        peak = f" of {self.peak:.4g}" if self.peak else ""
        self.rows.append(Row("cards", PASS, what + peak))

    def _all_reduce(self) -> None:
        remedy = "run with NCCL_DEBUG=INFO; in a container give it --ipc=host"
        if self._failed("all-reduce", "all-reduce", remedy):
            return
        found = self.ended["all-reduce"].first
        speed = f", {found['bytes_a_second'] / 1e9:.3g} GB/s" if found["processes"] > 1 else ""
        what = f"{found['version']} over {found['processes']} processes{speed}"
        self.rows.append(Row("all-reduce", PASS, what))

    def _train(self, shape: Shape) -> None:
        check = f"{shape.kind} {shape.name}"
        machine = self.machine
        tried = trials.plan(shape, len(machine.names), machine.card_bytes)
        if not tried:
            what = f"does not fit on {len(machine.names)} of {shape.cards} cards, even with two layers"
            self.rows.append(Row(check, SKIPPED, what, f"check it on {shape.cards} cards"))
            return
        names = [training_name(shape, trial) for trial in tried]
        if any(name not in self.ended for name in names):
            return  # another kind of part was asked for
        if any(self._failed(check, name, LESS_MEMORY) for name in names):
            return
        found = [worst(self.ended[name].found) for name in names]
        measured = trials.combine(shape, tried, found, machine.card_bytes)
        self.rows.append(self._training_row(check, shape, measured))
        if shape.part == "on-policy":
            return  # its rollouts are not sampled: it has no speed
        self.starts["train"].append(max(one["start_seconds"] for one in found))
        self.extrapolated |= bool(measured.how)
        if self.peak:
            self.shares["training"].append(measured.flops / 1e12 / self.peak)

    def _training_row(self, check: str, shape: Shape, measured: trials.Measured) -> Row:
        machine, peak = self.machine, measured.peak_bytes
        kind = "sharded over" if shape.sharded(machine.card_bytes) else "copied to"
        cards = f"{kind} {shape.cards} cards" if shape.cards > 1 else "on one device"
        rows = "rollouts" if shape.part == "on-policy" else "rows"
        what = f"{cards}, {shape.device_batch} {rows} x {shape.tokens} tokens: {peak / 1e9:.3g} GB"
        what += f" of {machine.card_bytes / 1e9:.3g}" if machine.on_gpu else " resident"
        if (planned := planned_peak(shape, machine.card_bytes)) is not None and machine.on_gpu:
            what += f" (plan {planned / 1e9:.3g})"
        what += f", {measured.tokens_a_second:.3g} tokens/s" if shape.part == "train" else ""
        if self.peak and shape.part == "train":
            what += f", {measured.flops / 1e12 / self.peak:.0%} of the peak"
        what += f"; {measured.how}" if measured.how else ""
        if machine.on_gpu and peak > FULL * machine.card_bytes:
            return Row(check, FAIL, what, LESS_MEMORY)
        return Row(check, PASS, what)

    def _generate(self, shape: Shape) -> None:
        name = check = f"generate {shape.name}"
        if self._failed(check, name, "see the log, or set engine: transformers"):
            return
        found, cards = self.ended[name].first, max(shape.generating_cards, 1)
        trial = trials.generating(shape, len(self.machine.names), self.machine.card_bytes)
        # Of a model with fewer layers on fewer cards: as if all layers took as long, and all cards as much.
        factor = trial.layers / shape.layers * cards / trial.processes
        read, write = (factor * found[f"{way}_tokens_a_second"] for way in ("read", "write"))
        what = f"{found['engine']}: start {found['start_seconds']:.0f} s"
        what += f", reads {read:.3g} and writes {write:.3g} tokens/s"
        what += f"; equal in other batches: {found['equal_rows']:.0%} of rows"
        what += f", {found['equal_first']:.0%} of first tokens"
        whole = (trial.layers, trial.processes) == (shape.layers, cards)
        if not whole:
            of_layers = f"{trial.layers} of {shape.layers} layers"
            what += f"; extrapolated from {of_layers} on {trial.processes} of {cards} cards"
        if found["equal_first"] < SEEDED:
            remedy = "rows are not seeded, so nothing may be stored by row; set engine: transformers"
            self.rows.append(Row(check, FAIL, what, remedy))
            return
        self.rows.append(Row(check, PASS, what))
        if not whole:
            return
        self.starts["generate"].append(found["start_seconds"])
        self.written[float(shape.parameters)] = write / cards
        if self.peak:
            self.shares["forward"].append(2 * shape.parameters * read / cards / 1e12 / self.peak)


def worst(found: list[dict]) -> dict:
    """Finding of the first process of a trial, with the highest peak of all."""
    return found[0] | {"peak_bytes": max(one["peak_bytes"] for one in found)}


def rounded(figures: dict) -> dict:
    """Figures to four digits."""
    return {
        name: rounded(value) if isinstance(value, dict) else float(f"{value:.4g}")
        for name, value in figures.items()
    }
