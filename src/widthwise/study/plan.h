// The work a study asks for, in groups; shared by planning and running.
#pragma once

#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/group.h"

namespace widthwise {

/// @throws ConfigError for a study of more than runs_without_consent runs, unless `consent`. Builds none of them.
void ask_consent(const Study& study, bool consent);

/// All distinct runs of a study, grouped. @throws ConfigError with the file; also for more than runs_without_consent
/// runs unless `consent`.
std::vector<RunGroup> grouped_runs(const Study& study, bool consent);

/// A run beyond the machine's memory would not fail but be killed, perhaps with other programs.
/// @throws ConfigError (key only) with its bytes and the key to change.
void check_memory(const std::vector<RunGroup>& groups);

}  // namespace widthwise
