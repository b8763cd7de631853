"""check_layering.py finds what it should find, in trees made for the purpose."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[3] / "scripts" / "check_layering.py"


class LayeringTest(unittest.TestCase):
    def check(self, files):
        """Runs the script on a tree of {path: text}; returns its status and its lines."""
        with tempfile.TemporaryDirectory() as folder:
            for path, text in files.items():
                file = pathlib.Path(folder) / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_text(text)
            ran = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True,
                                 check=False)
        return ran.returncode, ran.stdout.splitlines()

    def assert_allowed(self, files):
        self.assertEqual(self.check(files), (0, []))

    def assert_refused(self, files, line):
        self.assertEqual(self.check(files), (1, [line]))

    VOCABULARY = {"include/profiler/event.h": "#include <cstdint>\n"}

    def test_accepts_includes_that_follow_the_arrows(self):
        self.assert_allowed({
            **self.VOCABULARY,
            "src/events/decoder.h": '#include "profiler/event.h"\n',
            "src/pipeline/order.cc": '#include <vector>\n\n#include "events/decoder.h"\n',
            "src/cli/main.cc": '#include "pipeline/order.h"\n',
            "src/pipeline/order.h": "",
        })

    def test_refuses_an_include_against_the_arrows(self):
        self.assert_refused({
            "src/pipeline/order.h": "",
            "src/events/decoder.cc": '// why\n#include "pipeline/order.h"\n',
        }, 'src/events/decoder.cc:2: events may not include pipeline ("pipeline/order.h")')

    def test_refuses_a_view_that_knows_how_it_is_rendered(self):
        self.assert_refused({
            "src/render/table.h": "",
            "src/view/functions.cc": '#include "render/table.h"\n',
        }, 'src/view/functions.cc:1: view may not include render ("render/table.h")')

    def test_lets_the_unwinder_use_the_elf_part_of_the_symbolizer_only(self):
        elf = {"symbolizer/elf/elf_file.h": "", "symbolizer/demangle.h": ""}
        self.assert_allowed(
            {**elf, "src/unwind/unwinder.cc": '#include "symbolizer/elf/elf_file.h"\n'})
        self.assert_refused(
            {**elf, "src/unwind/unwinder.cc": '#include "symbolizer/demangle.h"\n'},
            'src/unwind/unwinder.cc:1: unwind may not include symbolizer ("symbolizer/demangle.h")')

    def test_keeps_the_symbolizer_free_of_perf(self):
        self.assert_refused({"symbolizer/a.cc": "#include <linux/perf_event.h>\n"},
                            "symbolizer/a.cc:1: symbolizer knows nothing of perf")

    def test_keeps_the_vocabulary_on_the_standard_library(self):
        self.assert_refused({"include/profiler/a.h": "#include <fmt/core.h>\n"},
                            "include/profiler/a.h:1: include/ uses the standard library only, "
                            "not <fmt/core.h>")

    def test_keeps_system_calls_out_of_pure_folders(self):
        self.assert_refused({"src/view/a.cc": "#include <unistd.h>\n"},
                            "src/view/a.cc:1: view makes no system calls: not <unistd.h>")
        self.assert_allowed({"src/record/a.cc": "#include <unistd.h>\n"})

    def test_refuses_a_file_that_does_not_exist(self):
        self.assert_refused({"src/view/a.cc": '#include "b.h"\n', "src/view/b.h": ""},
                            'src/view/a.cc:1: "b.h" is no file below include, ., src')

    def test_lets_tests_include_anything_and_their_neighbours(self):
        self.assert_allowed({
            "src/record/ring.h": "",
            "tests/unit/view/maker.h": "",
            "tests/unit/view/view_test.cc": '#include "record/ring.h"\n#include "maker.h"\n',
        })

    def test_refuses_a_folder_without_a_row(self):
        self.assert_refused({"src/new_folder/a.cc": ""},
                            "src/new_folder/a.cc:1: folder new_folder has no row in the table of "
                            "scripts/check_layering.py")

    def test_does_not_pass_where_there_is_nothing_to_check(self):
        self.assertEqual(self.check({})[0], 1)


if __name__ == "__main__":
    unittest.main()
