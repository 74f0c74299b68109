"""The theory of wide neural networks, executable: ask, train, read recorded runs.

>>> widthwise.classify("mup")["outcome"]
'feature'
"""

from ._widthwise import (
    ConfigError,
    DataError,
    Error,
    ShapeError,
    Store,
    StoreError,
    __version__,
    classify,
    classify_two_layer,
    train,
)

__all__ = [
    "ConfigError",
    "DataError",
    "Error",
    "ShapeError",
    "Store",
    "StoreError",
    "__version__",
    "classify",
    "classify_two_layer",
    "train",
]
