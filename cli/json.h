// What several verbs answer as JSON.
#pragma once

#include <nlohmann/json.hpp>

#include "widthwise/study/prediction.h"

namespace widthwise::cli {

/// null where the number is not finite, which JSON cannot say.
nlohmann::json json_number(double value);
nlohmann::json json_interval(double low, double high);
nlohmann::json as_json(const Judgement& judgement);

}  // namespace widthwise::cli
