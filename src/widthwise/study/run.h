// Executes one group of runs: data, architecture, scaling, ensemble, training, recorder; a record for each run.
#pragma once

#include <filesystem>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "widthwise/data/dataset.h"
#include "widthwise/parameterization/scaling.h"
#include "widthwise/store/record.h"
#include "widthwise/study/group.h"

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

/// Trains the group on the calling thread's number of threads. Runs that were interrupted have no record.
/// @throws ConfigError, DataError, ShapeError
std::vector<RunRecord> execute(const RunGroup& group, DataCache& data);

}  // namespace widthwise
