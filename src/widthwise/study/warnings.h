// Conditions that are no mistakes but that whoever runs a study must hear before it runs: settings under which a scheme
// does not do what it is known for. Decided by the outcome engine (parameterization/outcome.h), which says by how much.
//
// - phi(0) != 0 under integrable, ip-llr, ip-bias, ip-non-centered, hp, hpz: where that changes exponents;
// - a parameterization.homogeneity that is not the activation's degree: what the first update of ip-llr then comes to;
// - parameterization.decay_exponents under which a step takes a share of a weight that grows with the width.
//
// The former two not where first rates are calibrated by what they do (parameterization.calibration = "full").
#pragma once

#include <string>
#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"

namespace widthwise {

/// Of one run, a sentence each; of trained networks whose sums theory has exponents for (no residual sums).
std::vector<std::string> warnings(const Configuration& run);
/// Of all runs of a study, each sentence once. @throws what expand throws.
std::vector<std::string> warnings(const Study& study);

}  // namespace widthwise
