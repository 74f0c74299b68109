// Executes one group of runs: data, architecture, scaling, ensemble, training, recorder; a record for each run.
#pragma once

#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "widthwise/data/dataset.h"
#include "widthwise/observable/recorder.h"
#include "widthwise/parameterization/scaling.h"
#include "widthwise/store/record.h"
#include "widthwise/study/checkpoints.h"
#include "widthwise/study/group.h"
#include "widthwise/study/start.h"

namespace widthwise {

/// A data set as runs use it, read-only.
struct LoadedData {
  Split split;
  // The same in single precision.
  Matrix<float> train_inputs, train_targets, test_inputs, test_targets, validation_inputs, validation_targets;
};

/// Data sets loaded once a process and shared by all threads.
class DataCache {
 public:
  explicit DataCache(std::filesystem::path data_dir = {});
  /// @throws ConfigError, DataError as load_data
  std::shared_ptr<const LoadedData> get(const Configuration& configuration);

 private:
  std::filesystem::path data_dir_;
  std::mutex mutex_;
  std::map<std::string, std::shared_ptr<const LoadedData>> loaded_;
};

/// Multipliers, deviations and rates of a run on data of `inputs` features.
Scaling make_scaling(const Configuration& configuration, Index inputs);
/// The same at another width; of an mlp.
Scaling make_scaling(const Configuration& configuration, Index inputs, double width);

/// The members of the ensemble that a group trains as, for data of `inputs` features.
std::vector<Member> make_members(const RunGroup& group, Index inputs);

/// Trains the group on the calling thread's number of threads. Runs that were interrupted have no record.
/// @param ancestors of runs that start from others (start.h). Flows are kept in, and taken up from, `checkpoints`,
/// whose files stay until their runs are recorded. @throws ConfigError, DataError, ShapeError
std::vector<RunRecord> execute(const RunGroup& group, DataCache& data, const Ancestors& ancestors = {},
                               const Checkpoints& checkpoints = {});

/// Called with the trained ensemble before it goes: for who wants the weights too.
template <class T>
using AfterTraining = std::function<void(const Ensemble<T>&)>;

/// What a record says of where its data came from.
struct DataOrigin {
  std::string source;
  std::uint64_t fingerprint = 0;
};

/// The same for a group whose training.dtype is T: on data by name, or on data in the caller's memory, read in place.
template <class T>
std::vector<RunRecord> execute(const RunGroup& group, DataCache& data, const AfterTraining<T>& after,
                               const Ancestors& ancestors = {}, const Checkpoints& checkpoints = {});
template <class T>
std::vector<RunRecord> execute(const RunGroup& group, const MeasuredData<T>& data, const DataOrigin& origin,
                               const AfterTraining<T>& after);

}  // namespace widthwise
