"""count_results.py counts what ctest writes as --output-junit (the cases below are ctest 3.25's)."""

import pathlib
import subprocess
import sys
import tempfile
import unittest

SCRIPT = pathlib.Path(__file__).parents[3] / "scripts" / "count_results.py"

PASSED = '<testcase name="pass" status="run"><system-out></system-out></testcase>'
FAILED = '<testcase name="fail" status="fail"><failure message=""/></testcase>'
SKIPPED_BY_STATUS = """<testcase name="by_status" status="notrun">
  <skipped message="SKIP_RETURN_CODE=77"/><system-out>no browser here
</system-out></testcase>"""
SKIPPED_BY_GTEST = """<testcase name="by_gtest" status="notrun">
  <skipped message="SKIP_REGULAR_EXPRESSION_MATCHED"/>
  <system-out>/a/b.cc:12: Skipped
no terminal

[  SKIPPED ] X.y (0 ms)
</system-out></testcase>"""
NOT_BUILT = """<testcase name="missing" status="notrun">
  <skipped message="Unable to find executable"/></testcase>"""
DISABLED = '<testcase name="off" status="disabled"><system-out>Disabled</system-out></testcase>'


class CountResultsTest(unittest.TestCase):
    def count(self, cases, status=0):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "results.xml"
            path.write_text("<testsuite>" + "".join(cases) + "</testsuite>")
            ran = subprocess.run([sys.executable, SCRIPT, path, str(status)],
                                 capture_output=True, text=True, check=False)
        return ran.returncode, ran.stdout.splitlines()

    def test_counts_passes(self):
        self.assertEqual(self.count([PASSED, PASSED]), (0, ["2 passed, 0 failed, 0 skipped"]))

    def test_fails_for_a_failure_even_if_ctest_did_not(self):
        self.assertEqual(self.count([PASSED, FAILED], 0),
                         (1, ["failed: fail", "1 passed, 1 failed, 0 skipped"]))

    def test_says_why_tests_were_skipped(self):
        self.assertEqual(self.count([SKIPPED_BY_STATUS, SKIPPED_BY_GTEST, DISABLED]),
                         (0, ["skipped: by_status: no browser here",
                              "skipped: by_gtest: no terminal",
                              "0 passed, 0 failed, 3 skipped"]))

    def test_counts_a_test_that_could_not_run_as_failed(self):
        self.assertEqual(self.count([NOT_BUILT]),
                         (1, ["failed: missing", "0 passed, 1 failed, 0 skipped"]))

    def test_fails_when_ctest_did(self):
        self.assertEqual(self.count([PASSED], 8)[0], 1)

    def test_fails_without_results(self):
        ran = subprocess.run([sys.executable, SCRIPT, "/no/such/file", "0"], capture_output=True,
                             check=False)
        self.assertEqual(ran.returncode, 1)


if __name__ == "__main__":
    unittest.main()
