// A name with one sentence on what it means: the rows of `widthwise list`.
#pragma once

#include <string>

namespace widthwise {

struct Named {
  std::string name, sentence;
};

}  // namespace widthwise
