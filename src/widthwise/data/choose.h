// From all samples of a set to the parts a run uses: classes kept, samples chosen (split.h), targets made (labels.h).
#pragma once

#include "widthwise/data/options.h"
#include "widthwise/data/source.h"

namespace widthwise {

/// How many samples there are to choose from, once only options.classes are kept.
struct Available {
  Index train = 0;  // also those that test and validation samples are split off
  Index test = 0;   // of files of their own
  bool own_test = true;
};
Available available(const Source& source, const DataOptions& options);

/// The position in source.class_names of each class to keep: of a set whose names are whole numbers by that number, of
/// others by position. All where options.classes is empty. Throws ConfigError (data.classes) for a class that is not
/// there or comes twice, and for fewer than two.
std::vector<int> kept_classes(const std::vector<std::string>& class_names, const std::vector<int>& wanted);

/// The parts, not preprocessed, with source and fingerprint. Throws ConfigError (data.train, data.test,
/// data.validation, data.classes, data.labels, data.dimension, data.outputs) for what cannot be had.
Split choose(const Source& source, const DataOptions& options);

}  // namespace widthwise
