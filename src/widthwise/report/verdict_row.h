// A judgement in words and numbers for people: a row of the table of verdicts, with the explanation behind it.
#pragma once

#include <string>
#include <vector>

#include "widthwise/report/page_model.h"
#include "widthwise/study/prediction.h"

namespace widthwise::report {

/// A judgement without a measured value, some of whose runs are missing, is `waiting`.
VerdictRow verdict_row(const Judgement& judgement);
std::vector<VerdictRow> verdict_rows(const std::vector<Judgement>& judgements);

}  // namespace widthwise::report
