"""Rows that engine `transformers` decodes at once, by the bytes that they may take; the memory plan's too."""

MAX_ROWS = 512
ROW_STEP = 32  # batches are padded to whole steps of rows: on a card to no more rows than the budget holds
SIMULATOR_BUDGET = 8 << 30  # bytes of a simulator's batch on a card, whose rest its caller takes
LOGITS = 32  # bytes of a row's logits, the noise's integers and their copies, by token of the vocabulary


def slot_bytes(layers: int, heads: int, key_value_heads: int, channels: int, width: int, copied: bool) -> int:
    """Bytes of a token of a row: its keys and values.

    Args:
        layers: of the decoder.
        heads: of queries.
        key_value_heads: groups of heads share one.
        channels: of a head.
        width: bytes of a number.
        copied: whether a layer that attends copies those that heads share for each of them, as on a card
            (`packed.attention`).
    """
    copies = heads if copied and heads > key_value_heads else 0
    return 2 * (layers * key_value_heads + copies) * channels * width


def batch_rows(budget: float, row: int, most: int = MAX_ROWS) -> int:
    """Rows of a batch within a budget, but at least one; of more than `ROW_STEP` whole steps.

    Args:
        budget: bytes.
        row: bytes of the longest row.
        most: rows.
    """
    rows = int(max(1, min(most, budget // row)))
    return rows if rows < ROW_STEP else rows // ROW_STEP * ROW_STEP
