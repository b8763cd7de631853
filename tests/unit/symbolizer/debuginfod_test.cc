// Debug files from a server: one of our own, on this machine.
#include "symbolizer/elf/debuginfod.h"

#include <dlfcn.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "symbolizer/elf/debug_files.h"
#include "tests/support/command.h"
#include "tests/support/temporary_directory.h"

namespace symbolizer {
namespace {

using profiler::test::Command;
using profiler::test::read_bytes;
using profiler::test::write_bytes;
using testing::HasSubstr;

constexpr const char* kServer = R"(import http.server, os, sys, time
mode = sys.argv[1]
class Handler(http.server.SimpleHTTPRequestHandler):
    def do_GET(self):
        with open('requests', 'a') as log:
            log.write(self.path + '\n')
        if mode == 'silent':
            time.sleep(3600)
        if mode == 'garbage':
            self.send_response(200)
            self.send_header('Content-Length', '7000')
            self.end_headers()
            self.wfile.write(b'garbage' * 1000)
            return
        super().do_GET()
    def log_message(self, *_):
        pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Handler)
server.daemon_threads = True
with open('port.new', 'w') as port:
    port.write(str(server.server_port))
os.rename('port.new', 'port')
server.serve_forever()
)";

/// For what a busy machine may take.
constexpr std::chrono::seconds kPatience{60};

class DebuginfodTest : public testing::Test {
 protected:
  void SetUp() override {
    void* library = ::dlopen("libdebuginfod.so.1", RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) GTEST_SKIP() << "needs libdebuginfod1";
    const auto made = profiler::test::run(
        {"sh", "-c",
         "echo 'int main(void) { return 0; }' > a.c && gcc -g -Wl,--build-id a.c -o whole && "
         "objcopy --only-keep-debug whole a.debug && strip -o a whole && python3 --version"},
        {.directory = directory_.path()});
    if (made.exit_status != 0) GTEST_SKIP() << "needs gcc, binutils and python3: " << made.err;
    module_ = *ElfFile::open(directory_.file("a"));
    write_bytes(directory_.file("server.py"), kServer);
    write_bytes(directory_.file("requests"), "");
    ::setenv("DEBUGINFOD_CACHE_PATH", directory_.file("cache").c_str(), 1);
    ::setenv("no_proxy", "127.0.0.1", 1);
    ::unsetenv("DEBUGINFOD_URLS");
  }
  void TearDown() override { ::unsetenv("DEBUGINFOD_URLS"); }

  /// Has what is put under buildid/ID/debuginfo.
  void start_server(const std::string& mode) {
    server_ =
        std::make_unique<Command>(std::vector<std::string>{"python3", "server.py", mode},
                                  profiler::test::CommandOptions{.directory = directory_.path()});
    for (int i = 0; i < 600 && !std::filesystem::exists(directory_.file("port")); ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(50));
    const std::string port = read_bytes(directory_.file("port"));
    if (port.empty()) GTEST_SKIP() << "the server did not start: may it listen here?";
    ::setenv("DEBUGINFOD_URLS", ("http://127.0.0.1:" + port).c_str(), 1);
  }
  void offer(const std::string& file, const BuildId& id) const {
    const std::string folder = directory_.file("buildid/" + id.hex());
    std::filesystem::create_directories(folder);
    std::filesystem::copy_file(directory_.file(file), folder + "/debuginfo");
  }
  [[nodiscard]] std::ptrdiff_t requests() const {
    return std::ranges::count(read_bytes(directory_.file("requests")), '\n');
  }
  [[nodiscard]] static DebugFileSearch search(Debuginfod& servers) {
    return {.directories = {}, .build_id_cache = {}, .download = [&](const BuildId& id) {
              return servers.fetch(id);
            }};
  }
  [[nodiscard]] static BuildId other_id(int i) {
    return BuildId(std::vector<std::byte>(20, static_cast<std::byte>(i)));
  }

  profiler::test::TemporaryDirectory directory_;
  std::unique_ptr<Command> server_;
  std::shared_ptr<const ElfFile> module_;
};

TEST_F(DebuginfodTest, GetsADebugFileOnce) {
  start_server("serve");
  offer("a.debug", module_->build_id());
  std::size_t file = 0;
  for (int round = 0; round < 2; ++round) {
    Debuginfod servers({.progress =
                            [&](const Debuginfod::Progress& progress) {
                              file = progress.file;
                              return true;
                            },
                        .answer_within = kPatience});
    const auto found = find_debug_file(*module_, search(servers));
    ASSERT_NE(found, nullptr) << servers.trouble();
    EXPECT_TRUE(has_debug_information(*found));
    EXPECT_TRUE(found->path().starts_with(directory_.file("cache")));
    EXPECT_EQ(servers.trouble(), "");
  }
  EXPECT_EQ(requests(), 1);
  EXPECT_LE(file, 1U);
}

TEST_F(DebuginfodTest, IsContentWithAServerThatHasNothing) {
  start_server("serve");
  Debuginfod servers({.answer_within = kPatience});
  EXPECT_EQ(find_debug_file(*module_, search(servers)), nullptr);
  for (int i = 1; i < 6; ++i) EXPECT_EQ(servers.fetch(other_id(i)), "");
  EXPECT_EQ(servers.trouble(), "");
  EXPECT_EQ(requests(), 6);
}

TEST_F(DebuginfodTest, AsksAServerThatDoesNotAnswerNoSecondTime) {
  start_server("silent");
  Debuginfod servers({.answer_within = std::chrono::milliseconds(1500)});
  EXPECT_EQ(find_debug_file(*module_, search(servers)), nullptr);
  EXPECT_THAT(servers.trouble(), HasSubstr("no answer"));
  const auto before = requests();
  for (int i = 1; i < 6; ++i) EXPECT_EQ(servers.fetch(other_id(i)), "");
  EXPECT_EQ(requests(), before);
}

TEST_F(DebuginfodTest, StopsWhenItIsToldTo) {
  start_server("silent");
  Debuginfod servers({.progress = [](const Debuginfod::Progress&) { return false; }});
  EXPECT_EQ(servers.fetch(module_->build_id()), "");
  EXPECT_THAT(servers.trouble(), HasSubstr("interrupted"));
}

TEST_F(DebuginfodTest, TakesNoMoreTimeThanAllFilesMay) {
  start_server("silent");
  Debuginfod servers({.limit = std::chrono::milliseconds(1)});
  EXPECT_EQ(servers.fetch(module_->build_id()), "");
  EXPECT_THAT(servers.trouble(), HasSubstr("took too long"));
}

TEST_F(DebuginfodTest, NeverUsesWhatIsNotTheFileThatWasAskedFor) {
  start_server("garbage");
  Debuginfod servers({});
  EXPECT_EQ(find_debug_file(*module_, search(servers)), nullptr);
  EXPECT_EQ(requests(), 1);
}

TEST_F(DebuginfodTest, NeverUsesAFileOfAnotherBuild) {
  start_server("serve");
  ASSERT_EQ(profiler::test::run({"sh", "-c", "gcc -g -O2 -DX -Wl,--build-id=0x0102030405 a.c -o o"},
                                {.directory = directory_.path()})
                .exit_status,
            0);
  offer("o", module_->build_id());
  Debuginfod servers({});
  EXPECT_EQ(find_debug_file(*module_, search(servers)), nullptr);
  EXPECT_EQ(requests(), 1);
}

TEST_F(DebuginfodTest, GivesUpServersThatCannotBeReached) {
  ::setenv("DEBUGINFOD_URLS", "http://127.0.0.1:1", 1);
  Debuginfod servers({});
  for (int i = 1; i < 5; ++i) EXPECT_EQ(servers.fetch(other_id(i)), "");
  EXPECT_THAT(servers.trouble(), HasSubstr("DEBUGINFOD_URLS"));
}

TEST_F(DebuginfodTest, IsNotLoadedWithoutServers) {
  Debuginfod missing({.library = "libdebuginfod-that-is-not.so"});
  for (const char* urls : {"", "  "}) {
    ::setenv("DEBUGINFOD_URLS", urls, 1);
    EXPECT_FALSE(Debuginfod::has_servers());
    EXPECT_EQ(missing.fetch(module_->build_id()), "");
    EXPECT_EQ(missing.trouble(), "");
  }
  ::setenv("DEBUGINFOD_URLS", "http://127.0.0.1:1", 1);
  EXPECT_EQ(missing.fetch(module_->build_id()), "");
  EXPECT_THAT(missing.trouble(), HasSubstr("install libdebuginfod"));
}

}  // namespace
}  // namespace symbolizer
