#include "widthwise/data/npy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <cmath>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>

#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using ::testing::ElementsAre;

template <class T>
class Npy : public ::testing::Test {};
using Types = ::testing::Types<double, float, std::int64_t>;
TYPED_TEST_SUITE(Npy, Types);

TYPED_TEST(Npy, DecodesWhatItEncoded) {
  const std::vector<TypeParam> values = {1, 2, 3, 4, 5, 6};
  const auto array = npy::decode<TypeParam>(npy::encode<TypeParam>(values, {2, 3}));
  EXPECT_THAT(array.shape, ElementsAre(2, 3));
  EXPECT_EQ(array.values, values);
}

TYPED_TEST(Npy, EntriesBeginOnA64ByteLine) {
  // NumPy promises this alignment (format version 1.0), so that files can be mapped into memory.
  const std::string bytes = npy::encode<TypeParam>(std::vector<TypeParam>(7));
  EXPECT_EQ(npy::read_header(bytes).data_offset % 64, 0U);
  EXPECT_EQ(bytes.size(), npy::read_header(bytes).data_offset + 7 * sizeof(TypeParam));
}

TYPED_TEST(Npy, EmptyAndZeroDimensionalArrays) {
  EXPECT_TRUE(npy::decode<TypeParam>(npy::encode<TypeParam>(std::vector<TypeParam>{})).values.empty());
  const std::vector<TypeParam> one = {TypeParam{5}};
  const auto scalar = npy::decode<TypeParam>(npy::encode<TypeParam>(one, {}));
  EXPECT_TRUE(scalar.shape.empty());
  EXPECT_EQ(scalar.values, one);
}

TEST(NpyBytes, KeepsNaNInfinityAndSignedZero) {
  const double nan = std::numeric_limits<double>::quiet_NaN(), infinity = std::numeric_limits<double>::infinity();
  const auto values = npy::decode<double>(npy::encode<double>({nan, infinity, -0.0})).values;
  EXPECT_TRUE(std::isnan(values[0]));
  EXPECT_EQ(values[1], infinity);
  EXPECT_TRUE(std::signbit(values[2]));
}

TEST(NpyBytes, FortranOrderIsRearranged) {
  // The matrix [[1, 2, 3], [4, 5, 6]] column by column.
  std::string bytes = npy::encode<double>(std::vector<double>{1, 4, 2, 5, 3, 6}, {2, 3});
  const std::size_t at = bytes.find("False");
  bytes.replace(at, 5, "True ");
  EXPECT_THAT(npy::decode<double>(bytes).values, ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(NpyBytes, RefusesOtherTypesAndShapesThatDoNotFit) {
  EXPECT_THROW(npy::decode<float>(npy::encode<double>({1.0})), DataError);
  EXPECT_THROW(npy::encode<double>(std::vector<double>{1, 2, 3}, {2, 2}), ShapeError);
  std::string bytes = npy::encode<double>(std::vector<double>{1, 2}, {2});
  bytes.pop_back();
  EXPECT_THROW(npy::decode<double>(bytes), DataError);
  // A shape whose product leaves 64 bits must not become a small number by wrapping around.
  std::string huge = npy::encode<double>(std::vector<double>{}, {0, 1000000});
  huge.replace(huge.find("(0, 1000000)"), 12, "(4294967296,4294967296)");
  EXPECT_THROW(npy::decode<double>(huge), DataError);
}

TEST(NpyBytes, NoBytesCrashTheReader) {
  const std::string good = npy::encode<double>({1.0, 2.0, 3.0});
  EXPECT_TRUE(rc::check("a damaged file gives an array or a DataError", [&] {
    std::string bytes = good.substr(0, *rc::gen::inRange<std::size_t>(0, good.size() + 1));
    for (int change = 0; change < 3 && !bytes.empty(); ++change)
      bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<char>();
    try {
      npy::decode<double>(bytes);
    } catch (const DataError&) {
    }
  }));
}

class NpyFile : public ::testing::Test {
 protected:
  NpyFile() {
    std::string name = ::testing::TempDir() + "widthwise-npy-test-XXXXXX";
    folder_ = mkdtemp(name.data());
  }
  ~NpyFile() override { std::filesystem::remove_all(folder_); }

  std::filesystem::path folder_;
};

/// The first Python that has NumPy: Debian's, where another one comes before it on the path.
std::string python_with_numpy() {
  for (const std::string python : {"python3", "/usr/bin/python3"})
    if (std::system((python + " -c 'import numpy' 2>/dev/null").c_str()) == 0) return python;
  return {};
}

TEST_F(NpyFile, NumpyLoadsIt) {
  const std::string python = python_with_numpy();
  if (python.empty()) GTEST_SKIP() << "python3 with numpy is not here";
  const auto write = [&](const char* name, const std::string& bytes) {
    std::ofstream(folder_ / name, std::ios::binary) << bytes;
  };
  write("d.npy", npy::encode<double>(std::vector<double>{1, 2, 3, 4, 5, 6}, {2, 3}));
  write("f.npy", npy::encode<float>(std::vector<float>{0.5F}));
  write("i.npy", npy::encode<std::int64_t>(std::vector<std::int64_t>{-1, 1LL << 40}));
  const std::string script =
      "import numpy as n; d, f, i = (n.load(p + '.npy') for p in 'dfi');"
      "assert d.dtype == n.float64 and d.tolist() == [[1, 2, 3], [4, 5, 6]];"
      "assert f.dtype == n.float32 and f.tolist() == [0.5];"
      "assert i.dtype == n.int64 and i.tolist() == [-1, 2**40];"
      "n.save('back.npy', n.arange(6.).reshape(2, 3).T)";
  ASSERT_EQ(std::system(("cd '" + folder_.string() + "' && " + python + " -c \"" + script + "\"").c_str()), 0);
  // And back: the transpose is saved in Fortran order.
  std::ifstream in(folder_ / "back.npy", std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(in)), {});
  EXPECT_THAT(npy::decode<double>(bytes).values, ElementsAre(0, 3, 1, 4, 2, 5));
}

}  // namespace
}  // namespace widthwise
