#include "widthwise/data/idx.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "data/idx_files.h"
#include "widthwise/base/error.h"

namespace widthwise {
namespace {

using testing_data::Bytes;
using testing_data::Folder;
using testing_data::gzipped;
using testing_data::idx_bytes;

// Where and how a reading fails; offset -1 where it does not.
struct Failure {
  std::int64_t offset = -1;
  std::string message;
};

Failure failure_of(const Bytes& bytes, int dimensions) {
  try {
    parse_idx(bytes, "some.idx", dimensions);
  } catch (const DataError& error) {
    return {error.offset(), error.what()};
  }
  return {};
}

const Bytes two_images = idx_bytes({2, 2, 3}, {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12});  // header of 16 bytes

TEST(Idx, ReadsPlainAndGzipAlike) {
  const IdxArray plain = parse_idx(two_images, "some.idx", 3), packed = parse_idx(gzipped(two_images), "some.gz", 3);
  EXPECT_THAT(plain.dimensions, testing::ElementsAre(2, 2, 3));
  EXPECT_THAT(plain.values, testing::ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12));
  EXPECT_EQ(packed.dimensions, plain.dimensions);
  EXPECT_EQ(packed.values, plain.values);
}

TEST(Idx, ReadsGzipOfSeveralMembers) {
  // RFC 1952: a gzip file is a series of members; their contents are joined.
  const Bytes first(two_images.begin(), two_images.begin() + 20), rest(two_images.begin() + 20, two_images.end());
  Bytes joined = gzipped(first);
  const Bytes second = gzipped(rest);
  joined.insert(joined.end(), second.begin(), second.end());
  EXPECT_EQ(parse_idx(joined, "some.gz", 3).values.size(), 12u);
}

TEST(Idx, WrongMagicIsAnErrorAtByteZero) {
  const Failure failure = failure_of(idx_bytes({2}, {1, 2}), 3);  // labels where images are expected
  EXPECT_EQ(failure.offset, 0);
  EXPECT_THAT(failure.message, testing::AllOf(testing::HasSubstr("00 00 08 03"), testing::HasSubstr("00 00 08 01"),
                                              testing::HasSubstr("some.idx")));
}

TEST(Idx, EveryTruncationIsAnErrorInsideWhatIsLeft) {
  for (const Bytes& whole : {two_images, gzipped(two_images)})
    for (std::size_t kept = 0; kept < whole.size(); ++kept) {
      const Failure failure = failure_of(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(kept)), 3);
      EXPECT_GE(failure.offset, 0) << kept << " of " << whole.size() << " bytes were taken for the whole";
      EXPECT_LE(failure.offset, static_cast<std::int64_t>(two_images.size() + whole.size()));
    }
}

TEST(Idx, BytesBehindTheBodyAreAnError) {
  Bytes longer = two_images;
  longer.push_back(0);
  EXPECT_EQ(failure_of(longer, 3).offset, 28);           // 16 of header, 12 values
  EXPECT_EQ(failure_of(gzipped(longer), 3).offset, 28);  // counted after decompression
  Bytes behind_gzip = gzipped(two_images);
  const auto end = static_cast<std::int64_t>(behind_gzip.size());
  behind_gzip.push_back('x');
  EXPECT_EQ(failure_of(behind_gzip, 3).offset, end);  // in the compressed file
}

TEST(Idx, EveryDamagedByteOfAGzipTrailerIsFound) {
  // The last eight bytes are the checksum and the length of the contents.
  const Bytes sound = gzipped(two_images);
  for (std::size_t i = sound.size() - 8; i < sound.size(); ++i) {
    Bytes damaged = sound;
    damaged[i] ^= 0x10;
    EXPECT_THAT(failure_of(damaged, 3).message, testing::HasSubstr("damaged"));
  }
}

TEST(Idx, HostileSizesAreRefusedBeforeAnythingIsAllocated) {
  // 2^32-1 in each dimension: the product overflows 64 bits. Then one that fits the bound but not the file.
  EXPECT_EQ(failure_of(idx_bytes({0xffffffff, 0xffffffff, 0xffffffff}, {1}), 3).offset, 4);
  EXPECT_EQ(failure_of(idx_bytes({1, 0xffffffff, 1}, {1}), 3).offset, 8);
  EXPECT_EQ(failure_of(idx_bytes({1, 1 << 15, 1 << 15}, {1}), 3).offset, 16);
  EXPECT_EQ(failure_of(gzipped(idx_bytes({1, 1 << 15, 1 << 15}, {1})), 3).offset, 16);
  EXPECT_EQ(failure_of(idx_bytes({2, 0, 3}, {}), 3).offset, 8);
}

TEST(Idx, ArbitraryBytesAreReadOrRefused) {
  // Neither a crash nor another exception, whatever comes: damage anywhere in a plain or a gzip file.
  EXPECT_TRUE(rc::check("one changed byte", [](bool gzip) {
    Bytes bytes = gzip ? gzipped(two_images) : two_images;
    bytes[*rc::gen::inRange<std::size_t>(0, bytes.size())] = *rc::gen::arbitrary<std::uint8_t>();
    try {
      RC_ASSERT(parse_idx(bytes, "some.idx", 3).values.size() == 12u);
    } catch (const DataError&) {
    }
  }));
}

TEST(Idx, MissingFilesAndFoldersAreDataErrors) {
  const Folder folder;
  EXPECT_THROW(read_idx(folder.path() + "/none", 3), DataError);
  EXPECT_THROW(read_idx(folder.path(), 3), DataError);
  EXPECT_THROW(read_idx("/dev/zero", 3), DataError);
}

TEST(LabelledImages, ReadsBothFiles) {
  const Folder folder;
  const std::string images = folder.write("images", two_images),
                    labels = folder.write("labels", idx_bytes({2}, {9, 0}));
  const LabelledImages read = read_labelled_images(images, labels, 10);
  EXPECT_EQ(read.images.dimensions[0], 2);
  EXPECT_THAT(read.labels.values, testing::ElementsAre(9, 0));
}

TEST(LabelledImages, RefusesCountsThatDifferAndLabelsThatAreNoClass) {
  const Folder folder;
  const std::string images = folder.write("images", two_images);
  const auto offset_with = [&](const Bytes& labels) -> std::int64_t {
    try {
      read_labelled_images(images, folder.write("labels", labels), 10);
    } catch (const DataError& error) {
      EXPECT_THAT(error.path(), testing::EndsWith("labels"));
      return error.offset();
    }
    return -1;
  };
  EXPECT_EQ(offset_with(idx_bytes({3}, {1, 2, 3})), 4);  // where the count is
  EXPECT_EQ(offset_with(idx_bytes({2}, {1, 10})), 9);    // the second label, behind a header of 8 bytes
}

}  // namespace
}  // namespace widthwise
