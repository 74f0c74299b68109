#include "widthwise/data/cifar.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <optional>

#include "data/idx_files.h"
#include "widthwise/base/error.h"
#include "widthwise/data/load.h"

namespace widthwise {
namespace {

using testing::HasSubstr;
using testing_data::Bytes;
using testing_data::Folder;

// Records with labels 0, 1, ... 9, 0, ...; pixel p of record i is (label + p) % 251.
Bytes records(int count, int first_label = 0) {
  Bytes bytes;
  for (int i = 0; i < count; ++i) {
    const int label = (first_label + i) % 10;
    bytes.push_back(static_cast<std::uint8_t>(label));
    for (int p = 0; p < cifar_pixels; ++p) bytes.push_back(static_cast<std::uint8_t>((label + p) % 251));
  }
  return bytes;
}

std::optional<std::int64_t> offset_of_error(const Bytes& bytes) {
  try {
    parse_cifar(bytes, "a.bin");
  } catch (const DataError& error) {
    EXPECT_EQ(error.path(), "a.bin");
    return error.offset();
  }
  return {};
}

TEST(Cifar, ReadsLabelsAndPlanes) {
  for (const bool gzip : {false, true}) {
    const Bytes bytes = records(3);
    const CifarBatch batch = parse_cifar(gzip ? testing_data::gzipped(bytes) : bytes, "a.bin");
    EXPECT_EQ(batch.labels, (Bytes{0, 1, 2}));
    ASSERT_EQ(batch.pixels.size(), 3u * cifar_pixels);
    EXPECT_EQ(batch.pixels[0], 0);
    EXPECT_EQ(batch.pixels[cifar_pixels + 5], 6);
  }
}

TEST(Cifar, AnEmptyFileIsRefused) {
  EXPECT_EQ(offset_of_error({}), 0);
}

TEST(Cifar, ARecordCutShortIsRefusedWhereItBegins) {
  Bytes bytes = records(3);
  bytes.pop_back();
  EXPECT_EQ(offset_of_error(bytes), 2 * cifar_record);
}

TEST(Cifar, ALabelAboveNineIsRefusedAtItsByte) {
  Bytes bytes = records(3);
  bytes[cifar_record] = 10;
  EXPECT_EQ(offset_of_error(bytes), cifar_record);
}

TEST(Cifar, TruncatedGzipIsRefused) {
  Bytes bytes = testing_data::gzipped(records(3));
  bytes.resize(bytes.size() / 2);
  EXPECT_TRUE(offset_of_error(bytes).has_value());
}

TEST(Cifar, NoBytesCrashTheReader) {
  const Bytes good = records(2);
  EXPECT_TRUE(rc::check("a damaged file gives records or a DataError", [&] {
    Bytes bytes(good.begin(), good.begin() + *rc::gen::inRange<std::ptrdiff_t>(0, std::ssize(good) + 1));
    for (int change = 0; change < 3 && !bytes.empty(); ++change)
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
    try {
      parse_cifar(bytes, "a.bin");
    } catch (const DataError&) {
    }
  }));
}

DataOptions small(const Folder& folder) {
  DataOptions options;
  options.name = "cifar10";
  options.train = 20;
  options.test = 10;
  options.preprocess = "none";
  options.data_dir = folder.path();
  return options;
}

TEST(Cifar, TheBatchesThatAreThereMakeTheTrainingSet) {
  for (const char* subfolder : {"cifar10/", "cifar-10-batches-bin/", ""}) {
    const Folder folder;
    folder.write(std::string(subfolder) + "data_batch_2.bin", records(10));
    folder.write(std::string(subfolder) + "data_batch_5.bin", records(10));
    folder.write(std::string(subfolder) + "test_batch.bin", records(10));
    const Split split = load_data(small(folder));
    EXPECT_EQ(split.train.image, (ImageShape{3, 32, 32}));
    EXPECT_EQ(split.train.outputs(), 10);
    EXPECT_EQ(split.train.class_names[3], "cat");
    for (Index i = 0; i < 20; ++i)
      for (const Index p : {0, 1024, 3071})
        EXPECT_DOUBLE_EQ(split.train.inputs(i, p) * 255,
                         (split.train.classes[static_cast<std::size_t>(i)] + static_cast<int>(p)) % 251);
  }
}

TEST(Cifar, NoBatchAtAllIsSaid) {
  const Folder folder;
  folder.write("test_batch.bin", records(10));
  if (!where_found("cifar10", folder.path()).empty()) GTEST_SKIP() << "CIFAR-10 lies elsewhere here";
  EXPECT_THAT([&] { load_data(small(folder)); }, testing::ThrowsMessage<ConfigError>(HasSubstr("data_batch_1.bin")));
}

TEST(Cifar, AMissingTestBatchIsSaidByName) {
  const Folder folder;
  folder.write("data_batch_1.bin", records(20));
  EXPECT_THAT([&] { load_data(small(folder)); }, testing::ThrowsMessage<DataError>(HasSubstr("test_batch.bin")));
}

TEST(Cifar, IdxOptionsAreRefused) {
  const Folder folder;
  folder.write("data_batch_1.bin", records(20));
  folder.write("test_batch.bin", records(10));
  DataOptions options = small(folder);
  options.label_offset = 1;
  EXPECT_THAT([&] { load_data(options); }, testing::ThrowsMessage<ConfigError>(HasSubstr("data.label_offset")));
}

// Luma by hand: every pixel of the three planes of image i is label + p, modulo 251.
TEST(Cifar, GreyIsLuma) {
  const Folder folder;
  folder.write("data_batch_1.bin", records(20));
  folder.write("test_batch.bin", records(10));
  DataOptions options = small(folder);
  options.grayscale = true;
  const Split split = load_data(options);
  EXPECT_EQ(split.test.image, (ImageShape{1, 32, 32}));
  for (Index i = 0; i < 10; ++i) {
    const int label = split.test.classes[static_cast<std::size_t>(i)];
    const auto pixel = [&](int at) { return (label + at) % 251 / 255.0; };
    EXPECT_NEAR(split.test.inputs(i, 7), 0.299 * pixel(7) + 0.587 * pixel(1031) + 0.114 * pixel(2055), 1e-15);
  }
  EXPECT_EQ(shape_of(options).inputs, 1024);
}

}  // namespace
}  // namespace widthwise
