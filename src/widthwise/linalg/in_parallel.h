// Whether the calling thread is inside parallel(). Internal to linalg: others ask threads().
#pragma once

namespace widthwise::linalg {

bool& in_parallel();

}  // namespace widthwise::linalg
