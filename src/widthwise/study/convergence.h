// Whether a run reached what it was to reach. A run that is given a margin (training.stop_margin) or a loss
// (training.target_loss) to stop at, and ended by its last step, its time or its patience instead, has not converged:
// what is compared with others then is how far it had got. Such runs are counted wherever runs are compared.
#pragma once

#include <string_view>

#include "widthwise/study/grid.h"

namespace widthwise {

/// Whether a run that left a record with this status and reason was to reach something and did not. A run that diverged
/// is not called unconverged, it is called diverged.
bool unconverged(const Configuration& run, std::string_view status, std::string_view reason);

}  // namespace widthwise
