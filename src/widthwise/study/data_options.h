// The data a run asks for, in the words of the data room.
#pragma once

#include <map>
#include <string>

#include "widthwise/data/load.h"
#include "widthwise/study/value.h"

namespace widthwise {

/// From the settings of a run, all keys present and evaluated; data_dir is left empty.
DataOptions data_options(const std::map<std::string, Value>& settings);

/// A text that is the same for the same data.
std::string data_key(const DataOptions& options);

}  // namespace widthwise
