// The user's own data: a CSV table (csv.h), or NPY arrays (npy.h) of inputs (samples x features, samples x height x
// width, samples x height x width x channels) and of labels or targets (samples, or samples x outputs).
//
// Labels are classes, numbered in the order of their sorted distinct values, unless data.labels = values. Test samples
// come from files of their own where these are named, else they are split off. Files are read once a process and kept.
#pragma once

#include <memory>
#include <string_view>

#include "widthwise/data/options.h"
#include "widthwise/data/source.h"

namespace widthwise {

/// csv or npy.
bool is_user_data(std::string_view name);

/// More distinct classes than this are taken for a mistake.
inline constexpr int most_user_classes = 1000;

/// All samples of the files that `options` names, with their fingerprint: over the bytes of the files as they lie (gzip
/// as gzip) and the choice of columns, not over paths. Throws ConfigError (data.file, data.targets_file, data.labels,
/// ...) for files not named, DataError for every mistake in them, also where options.content is set and differs.
std::shared_ptr<const Source> user_source(const DataOptions& options);

/// The fingerprint alone, 16 hex digits: what data.content is by default.
std::string user_content(const DataOptions& options);

}  // namespace widthwise
