// A study turned to a file of the user's own that may hold fewer samples than the study asks for.
#pragma once

#include <set>
#include <string>

#include "widthwise/study/document.h"

namespace widthwise {

/// Where a sweep runs on data of name csv or npy, its data.train, data.test and data.validation stand if the file has
/// as many. If not, the file is split 80:20 into training and test samples, or 60:20:20 where validation samples are
/// asked for; with a test file of its own, test samples are as many of that as asked for, and the rest is split 75:25
/// or not at all. Keys of `kept` are left as they are (who gave them on the command line meant them), as are sweeps
/// with an axis among the three (what does not fit there is refused when it is loaded). A function of the study and of
/// the number of samples alone, so that a report finds the runs. Returns what was changed, a sentence a line; empty
/// where nothing was.
/// @throws ConfigError (key only) where the numbers kept are more than the file has; DataError where it cannot be read.
std::string fit_samples(Study& study, const std::set<std::string>& kept = {});

}  // namespace widthwise
