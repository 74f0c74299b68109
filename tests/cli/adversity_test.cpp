// Damaged data, stores that cannot be used, output nobody takes: what the program says and what it leaves alone.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#if defined(__linux__)
#include <sys/mount.h>
#endif

#include <nlohmann/json.hpp>

#include "small_study.h"

namespace widthwise::testing {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;

std::string bytes(std::initializer_list<int> values) {
  std::string out;
  for (const int value : values) out.push_back(static_cast<char>(value));
  return out;
}

// The four files of an image set: 20 training and 10 test images of 2 x 2, labels 0..9 in turn.
void write_image_set(const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  const auto write = [&](const std::string& name, const std::string& text) {
    std::ofstream(folder / name, std::ios::binary) << text;
  };
  const auto set = [&](const std::string& prefix, int samples) {
    std::string images = bytes({0, 0, 8, 3, 0, 0, 0, samples, 0, 0, 0, 2, 0, 0, 0, 2});
    std::string labels = bytes({0, 0, 8, 1, 0, 0, 0, samples});
    for (int i = 0; i < samples; ++i) {
      images += bytes({i, 2 * i, 3 * i, 4 * i});
      labels += bytes({i % 10});
    }
    write(prefix + "-images-idx3-ubyte", images);
    write(prefix + "-labels-idx1-ubyte", labels);
  };
  set("train", 20);
  set("t10k", 10);
}

Answer check_data(const std::filesystem::path& folder) {
  return widthwise("data mnist --train 10 --data-dir set", folder);
}

TEST(DamagedData, NamesTheFileTheByteAndWhatWasExpected) {
  const auto folder = fresh_folder("data");
  const auto set = folder / "set", images = set / "train-images-idx3-ubyte", labels = set / "train-labels-idx1-ubyte";
  const auto damaged = [&](const auto& damage) {
    std::filesystem::remove_all(set);
    write_image_set(set);
    damage();
    const Answer answer = check_data(folder);
    EXPECT_EQ(answer.exit, 2);
    EXPECT_THAT(answer.err, HasSubstr("expected"));
    return answer.err;
  };
  const auto overwrite = [](const std::filesystem::path& file, int at, int value) {
    std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
    stream.seekp(at);
    stream.put(static_cast<char>(value));
  };
  EXPECT_THAT(damaged([&] { std::filesystem::resize_file(images, 50); }),
              AllOf(HasSubstr("train-images"), HasSubstr("truncated")));
  EXPECT_THAT(damaged([&] { overwrite(images, 2, 1); }), AllOf(HasSubstr("train-images"), HasSubstr("at byte 0")));
  EXPECT_THAT(damaged([&] { overwrite(labels, 8 + 5, 77); }), AllOf(HasSubstr("at byte 13"), HasSubstr("77")));
  EXPECT_THAT(damaged([&] {
                overwrite(labels, 7, 19);  // of 20
                std::filesystem::resize_file(labels, 8 + 19);
              }),
              AllOf(HasSubstr("20 labels (as many as images in "), HasSubstr("train-images"), HasSubstr("got 19")));
  EXPECT_THAT(damaged([&] { overwrite(labels, 7, 21); }), AllOf(HasSubstr("train-labels"), HasSubstr("truncated")));
  EXPECT_THAT(damaged([&] { std::filesystem::remove(labels); }), HasSubstr("train-labels-idx1-ubyte"));
  std::filesystem::remove_all(set);
  write_image_set(set);
  EXPECT_EQ(check_data(folder).exit, 0);  // undamaged, it is fine
}

TEST(DamagedData, AFolderThatIsNotThereIsAMistakeOnTheCommandLineNotInTheStudy) {
  const auto folder =
      folder_with_study("no-folder", replaced(small_study, "name = \"gaussian\"\ndimension = 8", "name = \"mnist\""));
  const Answer answer = widthwise("run s.toml --quiet --data-dir nowhere", folder);
  EXPECT_EQ(answer.exit, 2);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("command line: --data-dir"), Not(HasSubstr("s.toml"))));
}

TEST(Store, MistypedIsNotAnEmptyOne) {
  const Answer answer = widthwise("runs --store nowhere", fresh_folder("mistyped"));
  EXPECT_EQ(answer.exit, 2);
  EXPECT_THAT(answer.err, AllOf(HasSubstr("nowhere"), HasSubstr("--store")));
}

TEST(Store, ThatIsAFileIsRefused) {
  const auto folder = folder_with_study("store-file");
  std::ofstream(folder / "store") << "text";
  for (const char* verb : {"run s.toml --store store", "report s.toml --store store", "runs --store store"}) {
    const Answer answer = widthwise(verb, folder);
    EXPECT_EQ(answer.exit, 2) << verb;
    EXPECT_THAT(answer.err, AllOf(HasSubstr("store"), HasSubstr("expected a folder"))) << verb;
  }
  EXPECT_EQ(read_text(folder / "store"), "text");
}

#if defined(__linux__)
TEST(Store, ReadOnlyServesAFinishedStudyAndRefusesMore) {
  const auto folder = folder_with_study("read-only");
  ASSERT_EQ(widthwise("run s.toml --quiet", folder).exit, 0);
  const auto store = folder / "widthwise-store";
  if (mount(store.c_str(), store.c_str(), nullptr, MS_BIND, nullptr) != 0) GTEST_SKIP() << "mounting needs root";
  ASSERT_EQ(mount(nullptr, store.c_str(), nullptr, MS_REMOUNT | MS_BIND | MS_RDONLY, nullptr), 0);
  const Answer finished = widthwise("run s.toml --quiet", folder);
  const Answer more = widthwise("run s.toml --quiet --set training.steps=4", folder);
  umount(store.c_str());
  EXPECT_EQ(finished.exit, 0) << finished.err;
  EXPECT_EQ(more.exit, 2);
  EXPECT_THAT(more.err, AllOf(HasSubstr("widthwise-store"), HasSubstr("Read-only"), HasSubstr("unchanged")));
  EXPECT_THAT(widthwise("runs --check", folder).out, HasSubstr("24 runs, all whole"));
}

TEST(Store, OnAFullDiskKeepsWhatItHas) {
  const auto folder = folder_with_study("full");
  const auto disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=128k") != 0) GTEST_SKIP() << "mounting needs root";
  const Answer full =
      widthwise("run s.toml --quiet --store disk/store --set sweep.widths.seed.init='{from=0,count=20}'", folder);
  const Answer check = widthwise("runs --check --store disk/store", folder);
  const Answer page = widthwise("report s.toml --store disk/store -o disk/report.html", folder);
  const bool half_a_page = std::filesystem::exists(disk / "report.html");
  umount(disk.c_str());
  EXPECT_EQ(full.exit, 2);
  EXPECT_THAT(full.err, AllOf(HasSubstr("disk/store"), HasSubstr("full"), HasSubstr("unchanged")));
  EXPECT_THAT(check.out, HasSubstr("all whole"));
  EXPECT_EQ(page.exit, 2);
  EXPECT_FALSE(half_a_page);
}
#endif

TEST(Store, OnADiskThatWasFullGoesOnWhenThereIsRoom) {
  const auto folder = folder_with_study("was-full");
  const auto disk = folder / "disk";
  std::filesystem::create_directories(disk);
  if (mount("tmpfs", disk.c_str(), "tmpfs", 0, "size=512k") != 0) GTEST_SKIP() << "mounting needs root";
  std::ofstream(disk / "filler") << std::string(1 << 20, 'x');  // as much as fits: not even a claim does any more
  const Answer full = widthwise("run s.toml --quiet --store disk/store", folder);
  std::filesystem::remove(disk / "filler");
  const Answer run = widthwise("run s.toml --quiet --store disk/store", folder);
  const Answer check = widthwise("runs --check --store disk/store", folder);
  std::ofstream(disk / "filler") << std::string(1 << 20, 'x');
  const Answer figures = widthwise("report s.toml --store disk/store -o page.html --figures disk/figures", folder);
  const bool half_a_figure = std::filesystem::exists(disk / "figures") && !std::filesystem::is_empty(disk / "figures");
  umount(disk.c_str());
  EXPECT_EQ(full.exit, 2);
  EXPECT_THAT(full.err, AllOf(HasSubstr("disk/store"), HasSubstr("full"), HasSubstr("unchanged")));
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(check.out, HasSubstr("24 runs, all whole"));
  EXPECT_EQ(figures.exit, 2);
  EXPECT_THAT(figures.err, HasSubstr("disk/figures"));
  EXPECT_FALSE(half_a_figure);
}

TEST(Output, ThatCannotBeWrittenIsAnErrorOneNobodyReadsIsNone) {
  const auto folder = folder_with_study("output");
  const Answer full = widthwise("list observables >/dev/full", folder);
  EXPECT_EQ(full.exit, 2);
  EXPECT_THAT(full.err, HasSubstr("No space left"));
  // With SIGPIPE ignored every write to the closed pipe fails; as for `| head`, that is no failure of the program.
  std::ofstream(folder / "go.sh") << "trap '' PIPE\n(sleep 0.1; '" WIDTHWISE_PROGRAM
                                     "' list keys 2>errors; echo $? >code) | true\n";
  ASSERT_EQ(std::system(("cd '" + folder.string() + "' && sh go.sh").c_str()), 0);
  EXPECT_EQ(read_text(folder / "errors"), "");
  EXPECT_EQ(read_text(folder / "code"), "0\n");
}

TEST(Output, AClosedStandardErrorStopsNothing) {
  const auto folder = folder_with_study("closed");
  std::ofstream(folder / "go.sh") << "exec '" WIDTHWISE_PROGRAM "' run s.toml 2>&-\n";
  EXPECT_EQ(std::system(("cd '" + folder.string() + "' && sh go.sh >/dev/null").c_str()), 0);
  EXPECT_THAT(widthwise("runs --check", folder).out, HasSubstr("24 runs, all whole"));
}

TEST(Output, PipedHasNoTerminalCodesAndTitlesCannotSteerOne) {
  const auto folder =
      folder_with_study("codes", replaced(small_study, "title = \"Small\"", "title = \"\\u001b[31mred\\u0007\""));
  const Answer run = widthwise("run s.toml", folder);
  EXPECT_EQ(run.exit, 0) << run.err;
  EXPECT_THAT(run.out + run.err, AllOf(Not(HasSubstr("\x1b")), Not(HasSubstr("\x07")), Not(HasSubstr("\r"))));
}

TEST(StudyFile, OfAnyContentGivesAMessage) {
  const auto folder = fresh_folder("content");
  std::filesystem::create_directories(folder / "folder.toml");
  std::ofstream(folder / "empty.toml") << "";
  std::ofstream(folder / "binary.toml") << bytes({0xff, 0xfe, 0, 1, 2, 3, 0x80});
  std::ofstream(folder / "no-sweep.toml") << "title = \"t\"\n[training]\nsteps = 1\nlearning_rate = 0.1\n";
  for (const char* name : {"folder.toml", "empty.toml", "binary.toml", "no-sweep.toml", "not-there.toml"}) {
    const Answer answer = widthwise(std::string("run ") + name, folder);
    EXPECT_EQ(answer.exit, 2) << name;
    EXPECT_THAT(answer.err, AllOf(HasSubstr(name), HasSubstr("expected"))) << name;
  }
}

TEST(StudyFile, MayHaveAByteOrderMarkAndCarriageReturns) {
  std::string text = bytes({0xef, 0xbb, 0xbf});
  for (const char c : std::string(small_study)) text += c == '\n' ? std::string("\r\n") : std::string(1, c);
  const Answer answer = widthwise("run s.toml --dry-run", folder_with_study("bom", text));
  EXPECT_EQ(answer.exit, 0) << answer.err;
  EXPECT_THAT(answer.out, HasSubstr("24 distinct runs"));
}

TEST(StudyFile, OfTooManyRunsAsksForConsentOrIsRefused) {
  const auto folder = folder_with_study("many");
  const Answer many = widthwise("run s.toml --set sweep.widths.seed.init='{from=0,count=20000}'", folder);
  EXPECT_EQ(many.exit, 2);
  EXPECT_THAT(many.err, AllOf(HasSubstr("120000"), HasSubstr("--yes")));
  // Beyond what fits into memory, also a plan says so at once.
  const Answer more = widthwise("run s.toml --dry-run --set sweep.widths.seed.init='{from=0,count=1000000}'", folder);
  EXPECT_EQ(more.exit, 2);
  EXPECT_THAT(more.err, HasSubstr("6000000"));
}

}  // namespace
}  // namespace widthwise::testing
