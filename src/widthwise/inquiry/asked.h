// What questions of this room share: the settings of the file they are asked about. Internal to this room.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"

namespace widthwise {

/// @throws ConfigError for an option of the question itself.
[[noreturn]] void refuse(const std::string& option, const std::string& expected, const std::string& got);

/// The configuration of `base`. @throws ConfigError that names the file, or the command line where there is none.
Configuration configured(const Settings& base, const std::filesystem::path& file);

/// Keys that no base setting but a sweep of the study sets, seeds and what is measured apart, and those of `ours`: a
/// sentence each, with what is asked of instead.
std::vector<std::string> sentences_on_sweeps(const Study& study, const Settings& base, const Configuration& asked,
                                             const std::function<bool(const std::string&)>& ours);

}  // namespace widthwise
