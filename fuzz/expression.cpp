// Numbers written as expressions: a value, if there is one, is finite.
#include <cmath>

#include "target.h"
#include "widthwise/study/expression.h"

using namespace widthwise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz::as_text({data, size});
  const auto lookup = [](const std::string& key) -> double {
    if (key == "architecture.width") return 64;
    if (key == "training.steps") return 0;
    throw ConfigError({"", key}, "a known key", key);
  };
  fuzz::answered([&] {
    fuzz::require(std::isfinite(evaluate_expression(text, "training.learning_rate", lookup)), "a finite value");
  });
  fuzz::answered([&] { fuzz::require(std::isfinite(evaluate_constant(text, "tolerance")), "a finite constant"); });
  return 0;
}
