// Data of one's own through the program: one command for a newcomer, and the verb data.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

#include "small_study.h"

namespace widthwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

// The small study asks for 64 + 32 samples of generated data; nothing in it speaks of files.
std::filesystem::path with_table(const std::string& name, int rows, std::string study = small_study) {
  const auto folder = folder_with_study(name, std::move(study));
  std::ofstream table(folder / "mine.csv");
  table << "length,width,kind\n";
  for (int i = 0; i < rows; ++i) table << i % 7 << "," << i % 5 << "," << (i % 3 == 0 ? "small" : "large") << "\n";
  return folder;
}

TEST(OwnData, OneCommandTrainsOnATable) {
  const auto folder = with_table("own-csv", 50);
  const Answer first = widthwise("run s.toml --csv mine.csv --quiet", folder);
  EXPECT_EQ(first.exit, 0) << first.err;
  EXPECT_THAT(first.err, AllOf(HasSubstr("mine.csv has 50 samples"), HasSubstr("40 for training, 10 for test"),
                               HasSubstr("24 done now")));
  // A renamed file is the same data: the runs are found again, by run and by report.
  std::filesystem::rename(folder / "mine.csv", folder / "yours.csv");
  EXPECT_THAT(widthwise("run s.toml --csv yours.csv --quiet", folder).err, HasSubstr("24 found, 0 done now"));
  const Answer report = widthwise("report s.toml --csv yours.csv --json", folder);
  EXPECT_EQ(report.exit, 0) << report.err;
  EXPECT_EQ(nlohmann::json::parse(report.out)["predictions"].size(), 1u);
  // An edited file is not.
  std::ofstream(folder / "yours.csv", std::ios::app) << "1,2,small\n";
  EXPECT_THAT(widthwise("run s.toml --csv yours.csv --dry-run", folder).out, HasSubstr("24 to do"));
}

TEST(OwnData, EnoughSamplesLeaveTheStudyAsItIs) {
  const auto folder = with_table("own-enough", 200);
  const Answer dry = widthwise("run s.toml --csv mine.csv --dry-run", folder);
  EXPECT_EQ(dry.exit, 0) << dry.err;
  EXPECT_THAT(dry.err, Not(HasSubstr("mine.csv")));
}

TEST(OwnData, BadInputIsOneClearError) {
  const auto folder = with_table("own-bad", 50);
  std::ofstream(folder / "ragged.csv") << "a,b,c\n1,2,x\n1,y\n";
  struct Case {
    const char *arguments, *message;
  };
  const Case cases[] = {
      {"run s.toml --csv none.csv", "none.csv"},
      {"run s.toml --csv ragged.csv", "line 3, column 2"},
      {"run s.toml --csv mine.csv --target knd", "did you mean 'kind'?"},
      {"run s.toml --csv mine.csv --set data.train=4096", "data.train"},
      {"run s.toml --csv mine.csv --set data.train=4096 --dry-run", "data.train"},
      {"run s.toml --target kind", "--target"},
      {"run s.toml --npy x.npy", "--npy-targets"},
      {"run s.toml --npy-targets x.npy", "--npy"},
      {"run s.toml --csv mine.csv --npy x.npy --npy-targets y.npy", "--npy"},
      {"report s.toml --csv none.csv", "none.csv"},
      {"data --csv none.csv", "none.csv"},
      {"data --csv mine.csv mnist", "NAME"},
      {"data --csv mine.csv --picture p.pgm", "--picture"},
      {"data --csv mine.csv --show 50", "--show"},
      {"data --csv mine.csv --classes 0 5", "--classes"},
  };
  for (const Case& c : cases) {
    const Answer answer = widthwise(c.arguments, folder);
    EXPECT_EQ(answer.exit, 2) << c.arguments << answer.err;
    EXPECT_THAT(answer.err, AllOf(HasSubstr(c.message), HasSubstr("expected"))) << c.arguments;
  }
}

TEST(Data, TellsWhatATableHolds) {
  const auto folder = with_table("data-csv", 30);
  const Answer told = widthwise("data --csv mine.csv --show 0", folder);
  EXPECT_EQ(told.exit, 0) << told.err;
  EXPECT_THAT(told.out, AllOf(HasSubstr("30 samples of 2 numbers, 2 outputs"), HasSubstr("large"), HasSubstr("small"),
                              HasSubstr("training sample 0")));
  const auto json = nlohmann::json::parse(widthwise("data --csv mine.csv --json", folder).out);
  EXPECT_EQ(json["classes"][0]["name"], "large");
  EXPECT_EQ(json["classes"][0]["train"], 20);
  EXPECT_EQ(json["content"].get<std::string>().size(), 16u);
}

TEST(Data, ListsEverySetAndHowToGetIt) {
  const auto folder = fresh_folder("data-list");
  const Answer list = widthwise("data", folder);
  for (const char* name : {"fashion-mnist", "mnist", "kmnist", "emnist-letters", "emnist-balanced", "cifar10", "csv",
                           "npy", "gaussian", "teacher", "sphere", "power-law"})
    EXPECT_THAT(list.out, HasSubstr(name));
}

TEST(Data, WritesAPicture) {
  const auto folder = fresh_folder("data-picture");
  std::ofstream batch(folder / "data_batch_1.bin", std::ios::binary);
  for (int i = 0; i < 20; ++i)
    batch << static_cast<char>(i % 10) << std::string(1024, '\x80') << std::string(2048, '\x10');
  batch.close();
  const Answer answer =
      widthwise("data cifar10 --data-dir . --preprocess none --picture p.ppm --show 0 --show 1", folder);
  EXPECT_EQ(answer.exit, 0) << answer.err;
  const std::string picture = read_text(folder / "p.ppm");
  EXPECT_EQ(picture.substr(0, 13), "P6\n66 32\n255\n");
  EXPECT_EQ(picture.size(), 13u + 66 * 32 * 3);
  EXPECT_EQ(picture.substr(13, 3), std::string("\xff\0\0", 3));
}

}  // namespace
}  // namespace widthwise::testing
