// Whether the best value of a setting transfers: read off the records of its study (transfer_study.h) and judged by
// numerics/transfer.h, along the width at every depth and along the depth at every width.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "widthwise/inquiry/transfer_study.h"
#include "widthwise/numerics/transfer.h"

namespace widthwise {

class StoreReader;

/// The scales along one axis, at one value of the other.
struct TransferLine {
  std::string along, other;  // keys of the axis and of the other one
  std::optional<double> at;  // the other's value, where both are asked over
  Transfer transfer;
};

struct TransferAnswer {
  TransferGrid grid;
  std::vector<TransferLine> lines;    // along the width first; over both: by the value of the other axis
  std::optional<LimitOrders> orders;  // over both
  /// Of all lines: drifts where one does, transfers where all do. Undecided where runs are missing.
  Transfer::Word word = Transfer::Word::undecided;
  std::vector<std::string> sentences;  // the answer, and what would decide it
  std::vector<std::string> notes;      // transfer_notes
  std::size_t runs = 0, diverged = 0, missing = 0;

  /// A place as a value of the setting.
  double value_at(double place) const;
};

/// @param question the one whose transfer_study is `study`. @throws what select throws; Interrupted.
TransferAnswer answer_transfer(const TransferQuestion& question, const Study& study, const StoreReader& reader);

/// The same question over a wider grid: two octaves (a quarter of a grid that is even in the setting) beyond each end
/// at which some scale has its optimum, or below where all values diverged; nothing where no optimum lies at an end, or
/// the setting cannot go further.
std::optional<TransferQuestion> widened_question(const TransferQuestion& question, const Study& study,
                                                 const StoreReader& reader);

}  // namespace widthwise
