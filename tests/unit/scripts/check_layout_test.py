"""check_layout.py finds what it should find, in trees made for the purpose."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[3] / "scripts" / "check_layout.py"
HEADER = "// What it is.\n#pragma once\n"


class LayoutTest(unittest.TestCase):
    def check(self, path, text):
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / path
            file.parent.mkdir(parents=True)
            file.write_text(text)
            (file.parent / "other.cc").write_text("\n")
            ran = subprocess.run([sys.executable, SCRIPT, folder], capture_output=True, text=True,
                                 check=False)
        return ran.returncode, ran.stdout

    def test_accepts_a_small_header_with_a_good_name(self):
        self.assertEqual(self.check("src/view/call_tree.h", HEADER), (0, ""))

    def test_refuses_names_that_are_not_snake_case(self):
        status, printed = self.check("src/view/CallTree.h", HEADER)
        self.assertEqual(status, 1)
        self.assertIn("src/view/CallTree.h: the name is not snake_case", printed)

    def test_refuses_names_that_say_nothing(self):
        self.assertEqual(self.check("src/view/tree_utils.h", HEADER)[0], 1)

    def test_refuses_long_files_without_a_reason(self):
        long = "int x;\n" * 401
        self.assertEqual(self.check("src/view/tree.cc", long)[0], 1)
        self.assertEqual(self.check("src/view/tree.cc", "// Long because it is a table.\n" + long),
                         (0, ""))
        self.assertEqual(self.check("src/view/tree.cc", "int x;\n" * 400), (0, ""))

    def test_refuses_headers_without_an_opening_or_a_guard(self):
        self.assertIn("opens with a comment", self.check("src/view/a.h", "#pragma once\n")[1])
        self.assertIn("no #pragma once", self.check("src/view/a.h", "// What.\n")[1])


if __name__ == "__main__":
    unittest.main()
