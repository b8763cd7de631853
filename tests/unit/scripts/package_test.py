"""The Debian package that cpack makes: what is in it, and what it depends on.

    package_test.py BUILD_FOLDER PROGRAM

Exit status 77: skipped, Debian's packaging tools are missing.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

BUILD, PROGRAM = sys.argv[1:3]


def run(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.mkdtemp(prefix="package_test.")
        run("cpack", "--config", os.path.join(BUILD, "CPackConfig.cmake"), "-B", cls.folder)
        (cls.package,) = glob.glob(os.path.join(cls.folder, "*.deb"))
        run("dpkg-deb", "-R", cls.package, os.path.join(cls.folder, "root"))

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.folder)

    def path(self, *parts):
        return os.path.join(self.folder, "root", *parts)

    def test_holds_the_program_its_manual_and_its_page(self):
        files = {os.path.join(folder, name).removeprefix(self.path(""))
                 for folder, _, names in os.walk(self.path("usr")) for name in names}
        self.assertEqual(files, {"usr/bin/profiler", "usr/share/man/man1/profiler.1.gz",
                                 "usr/share/doc/profiler/README.md"})

    def test_holds_a_program_that_runs(self):
        self.assertEqual(run(self.path("usr/bin/profiler"), "--version"),
                         run(PROGRAM, "--version"))

    def test_depends_on_a_package_for_each_library_it_is_linked_to(self):
        depends = run("dpkg-deb", "-f", self.package, "Depends")
        packages = {re.split(r"[ (:]", one)[0] for one in depends.strip().split(", ")}
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", run("readelf", "-d", PROGRAM))
        self.assertIn("libdeflate.so.0", needed)
        for library in needed:
            owners = run("dpkg-query", "-S", "*/" + library)
            owner = {line.split(":")[0] for line in owners.splitlines()}
            self.assertTrue(owner & packages, f"{library} of {owner} is not among {packages}")

    def test_grants_no_rights_by_itself(self):
        self.assertEqual(set(os.listdir(self.path("DEBIAN"))), {"control", "md5sums"})
        mode = os.stat(self.path("usr/bin/profiler")).st_mode
        self.assertEqual(mode & 0o7777, 0o755)


if __name__ == "__main__":
    for tool in ("cpack", "dpkg-deb", "dpkg-shlibdeps", "file", "readelf"):
        if shutil.which(tool) is None:
            print(f"skipped: needs {tool} (Debian: cmake, dpkg-dev, file, binutils)")
            sys.exit(77)
    unittest.main(argv=sys.argv[:1])
