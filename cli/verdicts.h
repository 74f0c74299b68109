// Verdicts on the terminal and as JSON: the same for `run` and `report`.
#pragma once

#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/prediction.h"

namespace widthwise::cli {

/// The table of verdicts on standard output, or their JSON.
void print_verdicts(const Study& study, const std::vector<Judgement>& judgements, bool json);

/// Whether there is no judgement but "agrees".
bool all_agree(const std::vector<Judgement>& judgements);

}  // namespace widthwise::cli
