// Where debug files are found, and that no other build's is taken.
#include "symbolizer/elf/debug_files.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "workshop.h"

namespace symbolizer {
namespace {

class DebugFiles : public testing::Test {
 protected:
  void SetUp() override {
    shop_.write("a.c", "int main(void) { return 0; }\n");
    if (!shop_.run("gcc -g -Wl,--build-id a.c -o whole && objcopy --only-keep-debug whole debug && "
                   "strip -o a whole && gcc -g -DX -Wl,--build-id a.c -Wl,-Ttext-segment=0x100000 "
                   "-o other && mkdir -p empty dir")) {
      GTEST_SKIP() << "needs gcc and binutils: " << shop_.log();
    }
    const auto file = ElfFile::open(shop_.path("a"));
    ASSERT_TRUE(file);
    module_ = *file;
    ASSERT_TRUE(module_->build_id());
    ASSERT_NE((*ElfFile::open(shop_.path("other")))->build_id(), module_->build_id());
  }
  [[nodiscard]] std::string id_path() const { return id_path(module_->build_id()); }
  [[nodiscard]] static std::string id_path(const BuildId& id) {
    return ".build-id/" + id.hex().substr(0, 2) + "/" + id.hex().substr(2);
  }
  /// Copies `from` to `to`, folders made; true if it is what is found then, and nothing was before.
  bool finds(const std::string& from, const std::string& to, const DebugFileSearch& search) {
    if (find_debug_file(*module_, search) != nullptr) return false;
    if (!shop_.run("mkdir -p $(dirname " + to + ") && cp " + from + " " + to)) return false;
    const auto found = find_debug_file(*module_, search);
    const bool is_it = found != nullptr && found->path().ends_with(to);
    return shop_.run("rm " + to) && is_it;
  }

  test::Workshop shop_;
  std::shared_ptr<const ElfFile> module_;
};

TEST_F(DebugFiles, LieUnderADirectoryByBuildIdOrByTheNameOfTheProgram) {
  const DebugFileSearch search{.directories = {shop_.path("empty"), shop_.path("dir")}};
  EXPECT_TRUE(finds("debug", "dir/" + id_path() + ".debug", search));
  EXPECT_TRUE(finds("debug", "dir/a.debug", search));
  EXPECT_TRUE(finds("whole", "dir/a", search));
  EXPECT_TRUE(finds("debug", "dir" + shop_.path("a.debug"), search));
  EXPECT_TRUE(finds("whole", "dir" + shop_.path("a"), search));
}

TEST_F(DebugFiles, LieInPerfsCache) {
  const DebugFileSearch search{.directories = {}, .build_id_cache = shop_.path("cache")};
  EXPECT_TRUE(finds("debug", "cache/" + id_path() + "/debug", search));
  EXPECT_TRUE(finds("whole", "cache/" + id_path() + "/elf", search));
  // What perf keeps as a rule: the very file that has no names.
  EXPECT_FALSE(finds("a", "cache/" + id_path() + "/elf", search));
}

TEST_F(DebugFiles, OfAnotherBuildAreNeverTaken) {
  std::string asked;
  const DebugFileSearch search{.directories = {shop_.path("dir")},
                               .build_id_cache = shop_.path("cache"),
                               .download = [&](const BuildId& id) {
                                 asked = id.hex();
                                 return shop_.path("other");
                               }};
  for (const std::string& to : {"dir/" + id_path() + ".debug", std::string("dir/a.debug"),
                                std::string("dir/a"), "cache/" + id_path() + "/elf"})
    EXPECT_FALSE(finds("other", to, search)) << to;
  EXPECT_EQ(asked, module_->build_id().hex());
}

TEST_F(DebugFiles, AreDownloadedWhereNoDirectoryHasThem) {
  int asked = 0;
  const DebugFileSearch search{
      .directories = {shop_.path("dir")}, .build_id_cache = {}, .download = [&](const BuildId&) {
        ++asked;
        return shop_.path("debug");
      }};
  const auto found = find_debug_file(*module_, search);
  ASSERT_NE(found, nullptr);
  EXPECT_EQ(found->path(), shop_.path("debug"));
  EXPECT_NE(find_by_build_id(module_->build_id(), search), nullptr);
  EXPECT_EQ(asked, 2);
  // What has it all needs nothing.
  EXPECT_EQ(find_debug_file(**ElfFile::open(shop_.path("whole")), search), nullptr);
  ASSERT_TRUE(shop_.run("cp debug dir/a.debug"));
  EXPECT_NE(find_debug_file(*module_, search), nullptr);
  EXPECT_EQ(asked, 2);
}

TEST_F(DebugFiles, LeadToTheFileThatTheyShareDebugInformationWith) {
  // A link as dwz writes it: path, NUL, build id.
  const auto link_to = [&](const std::string& path) {
    const auto id = module_->build_id().bytes();
    std::string bytes = path + '\0';
    bytes.append(reinterpret_cast<const char*>(id.data()), id.size());
    shop_.write("link", bytes);
    EXPECT_TRUE(
        shop_.run("mkdir -p usr/bin && objcopy --add-section .gnu_debugaltlink=link other "
                  "usr/bin/linked"))
        << shop_.log();
    return *ElfFile::open(shop_.path("usr/bin/linked"));
  };
  const DebugFileSearch search{.directories = {shop_.path("dir")}};
  const auto finds_at = [&](const ElfFile& file, const std::string& to) {
    if (find_alternate_file(file, search) != nullptr) return false;
    if (!shop_.run("mkdir -p $(dirname " + to + ") && cp debug " + to)) return false;
    const auto found = find_alternate_file(file, search);
    const bool other_is_taken =
        !shop_.run("cp other " + to) || find_alternate_file(file, search) != nullptr;
    return shop_.run("rm " + to) && found != nullptr && !other_is_taken;
  };
  const auto relative = link_to("../.dwz/common/a.debug");
  EXPECT_TRUE(finds_at(*relative, "usr/.dwz/common/a.debug"));
  EXPECT_TRUE(finds_at(*relative, "dir/.dwz/common/a.debug"));
  EXPECT_TRUE(finds_at(*relative, "dir/" + id_path() + ".debug"));
  EXPECT_FALSE(finds_at(*relative, "dir/a.debug"));
  EXPECT_TRUE(finds_at(*link_to(shop_.path("absolute")), "absolute"));
  // Through a symbolic link, as those under .build-id are.
  ASSERT_TRUE(shop_.run("mkdir -p ids/x && ln -s ../../usr/bin/linked ids/x/y"));
  static_cast<void>(link_to("../.dwz/common/a.debug"));
  EXPECT_TRUE(finds_at(**ElfFile::open(shop_.path("ids/x/y")), "usr/.dwz/common/a.debug"));
}

TEST_F(DebugFiles, SurviveDamagedLinks) {
  const DebugFileSearch search{.directories = {shop_.path("dir")}};
  for (const std::string& bytes :
       {std::string(), std::string("x"), std::string("path\0", 5), std::string("path\0i", 6),
        std::string("\0\0\0\0\0\0", 6), std::string(300, 'x')}) {
    shop_.write("link", bytes);
    ASSERT_TRUE(
        shop_.run("objcopy --add-section .gnu_debugaltlink=link "
                  "--add-section .gnu_debuglink=link a damaged"));
    const auto file = ElfFile::open(shop_.path("damaged"));
    ASSERT_TRUE(file);
    EXPECT_EQ(find_alternate_file(**file, search), nullptr);
    EXPECT_EQ(find_debug_file(**file, search), nullptr);
  }
}

}  // namespace
}  // namespace symbolizer
