// Verdicts on the terminal and as JSON: the same for `run` and `report`.
#pragma once

#include <vector>

#include "widthwise/study/document.h"
#include "widthwise/study/prediction.h"
#include "widthwise/study/schedule.h"

namespace widthwise {
class StoreReader;
}

namespace widthwise::cli {

/// On standard error: how many runs there were, and what became of them.
void print_summary(const Summary& summary);

/// The table of verdicts on standard output, or their JSON, with the derived quantities of the study beside them.
void print_verdicts(const Study& study, const std::vector<Judgement>& judgements, const StoreReader& reader, bool json);

/// Whether there is no judgement but "agrees".
bool all_agree(const std::vector<Judgement>& judgements);

}  // namespace widthwise::cli
