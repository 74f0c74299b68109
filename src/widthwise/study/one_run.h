// One run by itself, its weights kept: for programs that have their own data, or go on with the trained network. Grids
// of runs go through run_study and a store, which train many members at once and never repeat one.
//
// Data of the caller are read where they lie, samples x features and samples x outputs, and are taken as they are: no
// preprocessing. No store can find them again, so such a run has no identity, and its configuration no data.name.
#pragma once

#include <variant>
#include <vector>

#include "widthwise/study/run.h"
#include "widthwise/study/saved_state.h"

namespace widthwise {

struct OneRun {
  RunRecord record;
  std::variant<Weights<float>, Weights<double>> weights;  // by training.dtype
};

/// Trains on the data that data.name says, on the calling thread's number of threads.
/// @throws as execute; Interrupted where it was asked to stop (base/interrupt.h).
OneRun train_one(const Configuration& configuration, DataCache& data);

/// Trains on `data`, which must not change meanwhile; the test part may have no rows. training.dtype is that of the
/// data unless `settings` say it too; data.train and data.test are their numbers of samples.
/// @throws ConfigError for a setting of data.*, another training.dtype, or data that are not finite; ShapeError where
/// the arrays do not fit together; otherwise as above.
template <class T>
OneRun train_one(Settings settings, const MeasuredData<T>& data);

extern template OneRun train_one(Settings, const MeasuredData<float>&);
extern template OneRun train_one(Settings, const MeasuredData<double>&);

}  // namespace widthwise
