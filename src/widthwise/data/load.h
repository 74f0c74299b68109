// Data by name: from a name and how many samples to two matrices a run can use.
//
// Image sets (fashion-mnist, mnist) are looked for as four IDX files, plain or gzip, in this order:
//   the folder given (--data-dir), the folder in the environment variable WIDTHWISE_DATA, /usr/share/datasets;
//   in each first in its subfolder named like the set, then in the folder itself unless it bears the name of another
//   set (the files of both sets are called the same).
// Test samples are taken from the set's own test files, so no test sample is ever trained on.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "widthwise/base/key.h"
#include "widthwise/base/named.h"
#include "widthwise/data/dataset.h"

namespace widthwise {

/// What to load; the keys of [data] in a study bear the same names.
struct DataOptions {
  std::string name = "fashion-mnist";  // one of known_data()
  Index train = 0;                     // training samples, >= 1
  Index test = 0;                      // test samples; 0: none
  std::string labels;                  // images: classes (default), parity. gaussian: sign (default), classes, values,
                                       // random. teacher: values (default), sign, classes
  std::string preprocess;              // see preprocess.h; default: standardise for images, none for generated data
  Index dimension = 0;                 // generated data: input dimension; images have their own (0, or that number)
  Index outputs = 0;                   // 0: what the labels give (10 classes; 1 otherwise)
  Index teacher_width = 8;             // neurons of the teacher
  Key key;                             // Key(seed.data): which samples, and all draws
  std::string data_dir;                // empty: not given
};

/// The data, subset chosen (class-balanced for images, see split.h), preprocessed and with targets. Throws ConfigError
/// (data.name, data.train, ...) for what cannot be had, with the places looked at and the command that gets the set;
/// DataError for a file that is damaged.
Split load_data(const DataOptions& options);

/// All names, a sentence each.
std::vector<Named> known_data();
/// Kinds of labels, a sentence each.
std::vector<Named> known_labels();

/// Folders looked at for an image set, in order; empty for generated data and unknown names.
std::vector<std::string> places_of(std::string_view name, const std::string& data_dir = {});
/// The first of them that holds its training images; "" where none does, "generated" for generated data.
std::string where_found(std::string_view name, const std::string& data_dir = {});
/// How to get an image set that is not there: a sentence with the command. Empty for generated data and unknown names.
std::string how_to_get(std::string_view name);

}  // namespace widthwise
