#include "widthwise/data/fingerprint.h"

#include <gtest/gtest.h>

#include <set>

namespace widthwise {
namespace {

Dataset some() {
  Dataset data;
  data.inputs = Matrix<double>::Zero(4, 6);
  data.targets = Matrix<double>::Zero(4, 1);
  data.classes = {0, 1, 2, 3};
  return data;
}

TEST(Fingerprint, EveryChangeOfOneEntryShows) {
  std::set<std::uint64_t> seen = {fingerprint(some())};
  std::size_t changes = 0;
  const auto note = [&](const Dataset& changed) {
    seen.insert(fingerprint(changed));
    ++changes;
  };
  for (Index i = 0; i < 4; ++i) {
    for (Index j = 0; j < 6; ++j)
      for (const double value : {1.0, -0.5, 1e-300}) {
        Dataset changed = some();
        changed.inputs(i, j) = value;
        note(changed);
      }
    Dataset relabelled = some();
    relabelled.targets(i, 0) = 1;
    note(relabelled);
    relabelled = some();
    relabelled.classes[static_cast<std::size_t>(i)] = 7;
    note(relabelled);
  }
  EXPECT_EQ(seen.size(), changes + 1);
}

TEST(Fingerprint, ShapeCountsAndTheNameDoesNot) {
  Dataset reshaped = some(), renamed = some();
  reshaped.inputs = Matrix<double>::Zero(6, 4);  // the same bytes
  renamed.name = "another";
  EXPECT_NE(fingerprint(reshaped), fingerprint(some()));
  EXPECT_EQ(fingerprint(renamed), fingerprint(some()));
}

}  // namespace
}  // namespace widthwise
