"""Writes trained networks as ONNX graphs, and those in int8."""

import logging
import warnings
from pathlib import Path
from typing import Any

import torch


def export_graph(model: Any, path: Path) -> None:
    """Writes the ONNX graph, which takes any number of texts of any length."""
    ids = torch.tensor([[2, 5, 3], [2, 3, 0]])
    axes = {0: "texts", 1: "tokens"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter by tracing is called old; it takes a second
        torch.onnx.export(
            model.eval(),
            (ids, (ids > 0).long()),
            str(path),
            input_names=["input_ids", "attention_mask"],
            output_names=["scores"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "scores": {0: "texts"}},
            opset_version=17,
            dynamo=False,
        )


def quantize(path: Path, out: Path) -> None:
    """Writes a graph whose weights are int8, and whose activations become it as they come."""
    from onnxruntime.quantization import QuantType, quantize_dynamic

    logging.disable(logging.WARNING)  # it recommends a step that is for convolutions
    try:
        quantize_dynamic(path, out, weight_type=QuantType.QInt8, per_channel=True)
    finally:
        logging.disable(logging.NOTSET)
