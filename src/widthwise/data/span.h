// Points in an orthonormal basis of their span: as many features as there are points, with the same inner products, by
// a QR decomposition. To a first layer of independent normal weights under gradient descent, whose updates lie in the
// span, the law of everything it does stays the same, at any width and all through training, and its products cost
// points / features of what they did. Not for uniform weights, rules that divide entry by entry (adam, rmsprop),
// convolutions or features that mean something one by one; sizes of entries of W_1 are others.
#pragma once

#include <vector>

#include "widthwise/data/dataset.h"
#include "widthwise/linalg/matrix.h"

namespace widthwise {

/// The rows of all parts (points x features) in one basis; unchanged where there are no more features than points.
void write_in_span(const std::vector<Matrix<double>*>& parts);

/// Of `features` features, what write_in_span leaves of them for `points` points.
Index features_in_span(Index features, Index points);

}  // namespace widthwise
