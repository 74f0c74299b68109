// CIFAR batches, plain and gzip: whole records of labels that are classes.
#include <algorithm>

#include "target.h"
#include "widthwise/data/cifar.h"

using namespace widthwise;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::answered([&] {
    const CifarBatch batch = parse_cifar({data, size}, "fuzz");
    fuzz::require(!batch.labels.empty(), "at least one record");
    fuzz::require(batch.pixels.size() == batch.labels.size() * cifar_pixels, "an image a label");
    fuzz::require(*std::max_element(batch.labels.begin(), batch.labels.end()) < cifar_classes, "labels are classes");
  });
  return 0;
}
