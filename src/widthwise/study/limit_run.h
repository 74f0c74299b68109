// Runs of limits at infinite width (limit.kind), with the data, loss, exponents, reference and rates that the run's
// settings describe. Of two-layer, what they leave is what the limit says of a network of architecture.width,
//
//   f = F (width / reference_width)^kappa            (at step 0 g0 (width / reference_width)^nu)
//
// so that outputs and losses can be set beside those of that network; at the reference width f = F.
//
// Of hpz (limit/integrable.h) it is f, the same at all widths: at the reference width n variances and rates are
// var W^1, n var W^l, n^2 var W^{L+1} and rate_1 / n, rate_l, n rate_{L+1}, hidden ones in step 0 times
// limit.first_rate.
//
// Of observables there are train_loss, train_error, test_loss, test_error, output_size, output_magnitude, at the
// measured steps, of hpz also output_error, the root mean square of the standard error of training outputs (NaN: none);
// of arrays the outputs.
#pragma once

#include "widthwise/network/ensemble.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/study/frozen_model.h"
#include "widthwise/study/grid.h"
#include "widthwise/training/training.h"

namespace widthwise {

bool is_limit_run(const Configuration& run);
/// Whether it begins with the output of the network of its width.
bool needs_network(const Configuration& run);
/// Of those, the limits of one hidden layer that classify_two_layer names; the others are of hpz.
bool is_two_layer_limit(const Configuration& run);
/// The observables above.
const std::vector<std::string>& limit_observables();
/// @throws ConfigError for what such a run cannot have.
void check_limit_run(const Configuration& run);

/// Bytes and operations of one.
struct LimitCost {
  double flops = 0, memory = 0;
};
LimitCost limit_cost(const Configuration& run, Index inputs);

/// Follows the limit of a run. @param ensemble, member the network of its width at initialization, where one is needed;
/// else null @param data whole parts @param options the order of batches
template <class T>
FrozenRun follow_limit(const Configuration& run, const Ensemble<T>* ensemble, Index member, const MeasuredData<T>& data,
                       const std::shared_ptr<const Loss>& loss, const TrainingOptions& options,
                       const std::vector<std::int64_t>& measured);

}  // namespace widthwise
