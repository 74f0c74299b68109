// Inputs brought to a common scale. Whatever is estimated is estimated on the training samples alone and applied to the
// test samples as it is.
//
//   none                  as read (pixels in 0..1)
//   standardise           (x - m) / s with one mean m and one standard deviation s over all entries of the training set
//   standardise-features  the same with m_j and s_j for each feature j; a feature that never varies is only centred
//   sphere                x sqrt(d) / |x|: every sample on the sphere of radius sqrt(d), d features
//   centred-sphere        x_j - m_j with the training mean of each feature, then sphere
//
// standardise keeps the picture (every pixel moves alike) and is the choice for images; the spheres make |x|^2 / d the
// same for all samples, as kernel theory likes it.
#pragma once

#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/data/dataset.h"

namespace widthwise {

/// Changes the inputs of both sets in place, fitted on `train`. On the spheres a sample that is zero stays zero. Throws
/// ConfigError (data.preprocess) for an unknown name, ShapeError where the two sets differ in features or train is
/// empty.
void preprocess(std::string_view how, Dataset& train, Dataset& test);
/// The names above, a sentence each.
std::vector<Named> known_preprocessing();

}  // namespace widthwise
