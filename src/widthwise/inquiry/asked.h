// What questions of this room share: the settings of the file they are asked about. Internal to this room.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/grid.h"

namespace widthwise {

/// @throws ConfigError for an option of the question itself.
[[noreturn]] void refuse(const std::string& option, const std::string& expected, const std::string& got);

/// The study in `file`, whose base settings describe a network. @throws ConfigError (limit.kind) for deep linear
/// networks told by keys of limit alone, which have no architecture; what read_study throws.
Study read_network_study(const std::filesystem::path& file, const std::string& variant,
                         const std::vector<std::pair<std::string, std::string>>& settings);

/// The configuration of `base`. @throws ConfigError that names the file, or the command line where there is none.
Configuration configured(const Settings& base, const std::filesystem::path& file);

/// Keys that no base setting but a sweep of the study sets, seeds and what is measured apart, and those of `ours`: a
/// sentence each, with what is asked of instead.
std::vector<std::string> sentences_on_sweeps(const Study& study, const Settings& base, const Configuration& asked,
                                             const std::function<bool(const std::string&)>& ours);

}  // namespace widthwise
