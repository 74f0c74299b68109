// Data by name: from a name and how many samples to matrices a run can use.
//
// Image sets (image_sets.h) are looked for in this order:
//   the folder given (--data-dir), the folder in the environment variable WIDTHWISE_DATA, /usr/share/datasets;
//   in each first in its subfolder named like the set, then in the folder itself unless it bears the name of another
//   set (the files of several sets are called the same).
// Test samples are taken from the set's own test files, so no test sample is ever trained on. Data of the user's own
// (csv, npy) may have none: then they are split off.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/base/named.h"
#include "widthwise/data/choose.h"
#include "widthwise/data/dataset.h"
#include "widthwise/data/options.h"
#include "widthwise/data/source.h"

namespace widthwise {

/// The data, subset chosen (class-balanced for images, see split.h), preprocessed and with targets. Throws ConfigError
/// (data.name, data.train, ...) for what cannot be had, with the places looked at and the command that gets the set;
/// DataError for a file that is damaged.
Split load_data(const DataOptions& options);

/// All samples of the files of an image set or of the user's own, none chosen. Throws as load_data.
Source load_source(const DataOptions& options);

/// What a network sees of a set, without loading it where headers or published sizes tell (the user's own files are
/// read, once a process).
struct DataShape {
  Index inputs = 0, outputs = 0;
  ImageShape image{};    // of samples that are images after preprocessing
  Index own_inputs = 0;  // features before they were written in the basis of the points: what a fan-in counts
};
/// Throws ConfigError (data.name, data.classes), DataError for files of the user's own.
DataShape shape_of(const DataOptions& options);

/// How many samples the user's own files give to choose from; ConfigError (data.name) for other data.
Available available_samples(const DataOptions& options);

/// All names, a sentence each.
std::vector<Named> known_data();
/// Kinds of labels, a sentence each.
std::vector<Named> known_labels();

/// Folders looked at for an image set, in order; empty for generated data and unknown names.
std::vector<std::string> places_of(std::string_view name, const std::string& data_dir = {});
/// The first of them that holds its training images; "" where none does, "generated" for generated data.
std::string where_found(std::string_view name, const std::string& data_dir = {});
/// How to get a set that is not there: a sentence with the command. Empty for generated data and unknown names.
std::string how_to_get(std::string_view name);

}  // namespace widthwise
