from collections.abc import Sequence
from fractions import Fraction
from os import PathLike
from typing import Any, Literal, TypedDict

import numpy
from numpy.typing import NDArray

__version__: str

class Error(Exception): ...
class ConfigError(Error, ValueError): ...
class ShapeError(Error, ValueError): ...
class DataError(Error, ValueError): ...
class StoreError(Error, OSError): ...

class Answer(TypedDict):
    outcome: Literal["unstable", "stuck", "trivial", "kernel", "feature"]
    stable: bool
    trivial: bool
    regime: Literal["kernel", "feature"] | None
    r: str
    r_per_block: dict[str, str]
    reasons: list[str]
    predictions: dict[str, str]

class TwoLayerLimit(TypedDict):
    engine: Literal["kernel", "mean-field"]
    first: Literal["lin", "log", "perc"]
    later: Literal["lin", "log", "perc"]
    keeps_init: bool

# "class" is a key, which class syntax cannot write; all but stable and reason are None where unstable.
TwoLayerAnswer = TypedDict(
    "TwoLayerAnswer",
    {
        "stable": bool,
        "reason": Literal["diverging", "stagnating"] | None,
        "class": str | None,
        "f0": Literal["vanish", "finite", "diverge"] | None,
        "K0": Literal["vanish", "finite", "diverge"] | None,
        "ratio": Literal["vanish", "finite", "diverge"] | None,
        "kernel": Literal["evolves", "stationary"] | None,
        "limit": TwoLayerLimit | None,
        "annotations": list[str] | None,
        "exponents": dict[str, str] | None,
    },
)

class _Run(TypedDict):
    identity: str
    configuration: dict[str, Any]
    provenance: dict[str, str]
    status: Literal["finished", "stopped", "diverged"]
    reason: str
    last_step: int
    seconds: float
    finals: dict[str, float]
    trace: dict[str, NDArray[Any]]
    arrays: dict[str, NDArray[Any]]

class Run(_Run, total=False):
    weights: list[NDArray[Any]]
    biases: list[NDArray[Any] | None]

def classify(
    scheme: str | None = None,
    input: str | None = None,
    hidden: str | None = None,
    output: str | None = None,
    hidden_layers: int = 3,
    optimizer: str = "sgd",
    activation: str = "relu",
) -> Answer: ...
def classify_two_layer(
    q_sigma: str | int | float | Fraction,
    q_a: str | int | float | Fraction,
    q_w: str | int | float | Fraction,
    init_corrected: bool = False,
) -> TwoLayerAnswer: ...
def train(
    settings: dict[str, Any],
    inputs: NDArray[numpy.float32] | NDArray[numpy.float64] | None = None,
    targets: NDArray[numpy.float32] | NDArray[numpy.float64] | None = None,
    test_inputs: NDArray[numpy.float32] | NDArray[numpy.float64] | None = None,
    test_targets: NDArray[numpy.float32] | NDArray[numpy.float64] | None = None,
    return_weights: bool = False,
) -> Run: ...

class Store:
    def __init__(self, path: str | PathLike[str]) -> None: ...
    def __len__(self) -> int: ...
    def __contains__(self, identity: str) -> bool: ...
    def identities(self) -> list[str]: ...
    def refresh(self) -> None: ...
    def table(self, where: str | Sequence[str] = ()) -> dict[str, NDArray[Any]]: ...
    def run(self, identity: str) -> Run: ...
