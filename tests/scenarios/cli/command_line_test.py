#!/usr/bin/env python3
"""The drydock program: what it prints, its exit codes, and what shells and man make of it.

    command_line_test.py DRYDOCK WRITE_SAMPLES SOURCE_DIR

WRITE_SAMPLES writes the sample reports. Needs bash, zsh, fish and mandoc.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

DRYDOCK, WRITE_SAMPLES, SOURCE_DIR = sys.argv[1:4]
HELD, BROKEN, USAGE, CANNOT_JUDGE = range(4)


# The shells' scripts call it by its name.
os.environ["PATH"] = os.path.dirname(os.path.abspath(DRYDOCK)) + ":" + os.environ["PATH"]


def run(*arguments, program=DRYDOCK, **options):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=60, check=False, **options)


class CommandLine(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        temporary = tempfile.TemporaryDirectory(prefix="command-line-")
        cls.addClassCleanup(temporary.cleanup)
        cls.samples = temporary.name
        subprocess.run([WRITE_SAMPLES, cls.samples], check=True, timeout=60)

    def setUp(self):
        temporary = tempfile.TemporaryDirectory(prefix="command-line-")
        self.addCleanup(temporary.cleanup)
        self.directory = os.path.join(temporary.name, "out")
        shutil.copytree(os.path.join(self.samples, "sample"), self.directory)

    def path(self, name):
        return os.path.join(self.directory, name)

    def read(self, name):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def check(self, result, code, out="", err=""):
        self.assertEqual(result.returncode, code, result.stdout + result.stderr)
        self.assertIn(out, result.stdout)
        self.assertIn(err, result.stderr)

    # --- explain --------------------------------------------------------------------------------

    def test_explain_journal(self):
        result = run("explain", self.path("oom_exec-flag.journal.jsonl"))
        self.check(result, BROKEN, "oom-flag-exec-clear is broken\n")
        self.assertIn("     > #23         20.020 ms  the engine is told exit-process of web/e1, code 0, OOM-killed\n",
                      result.stdout)
        self.assertIn("\nLives of containers\n\nlife  by ", result.stdout)

    def test_explain_knows_what_had_to_break(self):
        result = run("explain", self.path("museum_B31.journal.jsonl"))
        self.check(result, HELD, "oom-flag-exec-clear is broken, as it had to be\n")

    def test_explain_around(self):
        lines = [len(run("explain", self.path("oom_exec-flag.journal.jsonl"), "--around", around).stdout.splitlines())
                 for around in "039"]
        self.assertEqual(lines, sorted(set(lines)))

    def test_explain_guarantee(self):
        self.check(run("explain", "one-exit"), HELD,
                   "one-exit (a guarantee)\n  A life that was called back as started, or restored")

    def test_explain_scenario(self):
        file = os.path.join(SOURCE_DIR, "scenarios", "library", "create-and-exit.json")
        result = run("explain", "create-and-exit")
        self.check(result, HELD, "create-and-exit (a scenario)\n  A container starts, exits with its own code")
        self.assertIn("  must be held: create-starts-once, one-exit, ", result.stdout)
        self.assertIn("  run it: drydock run create-and-exit\n", result.stdout)
        self.check(run("explain", file), HELD, f"  run it: drydock run {file}\n")
        self.assertIn("create-and-exit", run("explain", "one-exit").stdout.split("demanded by: ")[1])

    def test_explain_nothing(self):
        self.check(run("explain", "one-exti"), USAGE,
                   err='drydock: "one-exti": neither a file, nor the name of a guarantee or a scenario; did you mean '
                       '"one-exit"?\n')

    def test_explain_bad_journal(self):
        with open(self.path("bad.journal.jsonl"), "w", encoding="utf-8") as file:
            file.write('{"seq":1,"t":0,"kind":"note"}\n{"seq":7}\n')
        self.check(run("explain", self.path("bad.journal.jsonl")), USAGE, err="bad.journal.jsonl:2: ")

    # --- recheck --------------------------------------------------------------------------------

    def test_recheck(self):
        result = run("recheck", self.directory)
        self.check(result, BROKEN, "\n4 journals: 3 held, 1 broken, 0 cannot judge\n")
        self.assertRegex(result.stdout, r"(?m)^museum_B31\.journal\.jsonl +29 +\d+ +2 +\d+ +held$")
        self.assertRegex(result.stdout, r"(?m)^oom_exec-flag\.journal\.jsonl +29 +\d+ +2 +\d+ +broken$")
        self.assertIn("    web/e1: exit-process is flagged OOM-killed\n", result.stdout)
        # The sample's report pretends that nothing was observable in another one.
        self.assertIn("\nbad___script__input.journal.jsonl\n  calls-return: the report says not observable, now held\n",
                      result.stdout)

    def test_recheck_without_report(self):
        os.remove(self.path("report.json"))
        result = run("recheck", self.directory)
        self.check(result, BROKEN, "\n4 journals: 2 held, 2 broken, 0 cannot judge\n")
        self.assertNotIn("the report says", result.stdout)

    def test_recheck_below(self):
        self.check(run("recheck", os.path.dirname(self.directory)), BROKEN, "out/museum_B31.journal.jsonl")

    def test_recheck_held_and_unreadable(self):
        os.remove(self.path("oom_exec-flag.journal.jsonl"))
        self.check(run("recheck", self.directory), HELD, "3 journals: 3 held")
        with open(self.path("museum_B31.journal.jsonl"), "a", encoding="utf-8") as file:
            file.write("tea\n")
        self.check(run("recheck", self.directory), CANNOT_JUDGE, "museum_B31.journal.jsonl:30: ")

    def test_recheck_nothing(self):
        empty = os.path.join(self.directory, "empty")
        os.mkdir(empty)
        self.check(run("recheck", empty), USAGE, err=f"drydock: no *.journal.jsonl below {empty}\n")
        self.check(run("recheck", "/nonexistent"), USAGE, err="drydock: /nonexistent: No such file or directory\n")

    # --- report ---------------------------------------------------------------------------------

    def test_report_draws_the_same_again(self):
        names = ("report.html", "junit.xml", "trace.json")
        before = {name: self.read(name) for name in names}
        for name in names:
            os.remove(self.path(name))
        result = run("report", self.directory)
        self.check(result, HELD, f"3 passed, 2 failed, 1 cannot judge, 1 skipped; report in {self.directory}/report.html\n")
        for name in names:
            self.assertEqual(self.read(name), before[name], name)
        self.assertEqual([name for name in os.listdir(self.directory) if "partial" in name], [])

    def test_report_of_journals_alone(self):
        for name in ("report.html", "report.json", "junit.xml", "trace.json"):
            os.remove(self.path(name))
        self.check(run("report", self.directory), HELD, "2 passed, 2 failed, 0 cannot judge, 0 skipped")
        self.assertEqual({name for name in os.listdir(self.directory) if not name.endswith(".jsonl")},
                         {"report.html", "trace.json"})

    def test_report_of_a_replay_leaves_its_files(self):
        replay = {"format": 1, "traces": []}
        with open(self.path("report.json"), "w", encoding="utf-8") as file:
            json.dump(replay, file)
        before = self.read("junit.xml")
        self.check(run("report", self.directory), HELD)
        self.assertEqual(json.loads(self.read("report.json")), replay)
        self.assertEqual(self.read("junit.xml"), before)

    def test_report_bad_input(self):
        with open(self.path("report.json"), "w", encoding="utf-8") as file:
            file.write("{}")
        self.check(run("report", self.directory), USAGE,
                   err=f'drydock: {self.directory}/report.json: "format" is not "drydock-report"')
        self.check(run("report", "/nonexistent"), USAGE, err="drydock: /nonexistent: expected a directory\n")

    # --- run ------------------------------------------------------------------------------------

    def test_run_leaves_what_the_others_read(self):
        out = os.path.join(os.path.dirname(self.directory), "run")
        self.check(run("run", "create-and-exit", "--transport", "loopback", "--seed", "7", "--keep", "always",
                       "--report-dir", out), HELD)
        self.assertEqual(sorted(os.listdir(out)), ["create-and-exit.journal.jsonl", "junit.xml", "report.html",
                                                   "report.json", "trace.json"])
        self.check(run("recheck", out), HELD, "1 journal: 1 held")
        result = run("explain", os.path.join(out, "create-and-exit.journal.jsonl"))
        self.check(result, HELD, " guarantees held, 0 broken, ")
        self.assertNotIn("the report says", run("recheck", out).stdout)
        with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
            before = file.read()
        self.check(run("report", out), HELD, "1 passed, 0 failed")
        with open(os.path.join(out, "report.json"), encoding="utf-8") as file:
            self.assertEqual(file.read(), before)

    # --- explore --------------------------------------------------------------------------------

    def test_one_seed_is_one_run_in_another_process_too(self):
        result = run("explore", "--check-determinism", "--seed", "1", "--runs", "60", "--report-dir", self.path("explored"))
        self.assertEqual(result.returncode, HELD, result.stdout + result.stderr)
        self.assertIn("60 of 60 seeds came to the same twice here and once in another process\n", result.stdout)

    # --- version, help --------------------------------------------------------------------------

    def test_version(self):
        result = run("version")
        self.check(result, HELD)
        number = run("--version").stdout.strip()
        self.assertRegex(number, r"^\d+\.\d+\.\d+$")
        self.assertRegex(result.stdout, rf"^drydock {re.escape(number)}\n  compiler (g\+\+|clang) ")

    def test_usage(self):
        self.check(run(), USAGE)
        self.check(run("brew"), USAGE)
        self.check(run("completion", "tcsh"), USAGE, err="SHELL")
        self.assertNotIn("  man ", run("--help").stdout)

    def test_names_of_defects_must_exist(self):
        self.check(run("run", "--mutant", "callback-overlap"), USAGE,
                   err='--mutant: no mutant "callback-overlap"; did you mean "callbacks-overlap"?')
        self.check(run("explore", "--without", "cursor-monoton"), USAGE,
                   err='--without: no deviation "cursor-monoton"; did you mean "cursor-monotone"?')

    def test_counts_are_not_negative(self):
        for words in (("run", "--jobs"), ("explore", "--runs"), ("mutants", "--seeds"), ("explain", "one-exit", "--around")):
            self.check(run(*words, "-1"), USAGE, err=f'{words[-1]}: "-1": expected a whole number')

    def test_museum_compares_on_all_processors(self):
        one, two = (run("museum", "--reference", "--focus", "B0[1-9]*", "--seed", "1", "--jobs", jobs)
                    for jobs in ("1", "2"))
        self.check(one, HELD, "9 of 9 hold as we are and break as the reference is\n")
        self.assertEqual(one.stdout, two.stdout)

    # --- shells ---------------------------------------------------------------------------------

    def commands(self):
        text = run("--help").stdout
        return re.findall(r"(?m)^  ([a-z][a-z-]*) ", text[text.index("Subcommands:"):])

    def bash(self, *words):
        """What bash offers for the last of the words."""
        script = (run("completion", "bash").stdout +
                  'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _drydock; printf "%s\\n" "${COMPREPLY[@]}"')
        result = run("-c", script, "bash", "drydock", *words, program="bash", cwd=self.directory)
        self.assertEqual(result.stderr, "")
        return result.stdout.split("\n")[:-1]

    def test_bash(self):
        self.assertEqual(self.bash("rec"), ["recheck"])
        self.assertEqual([word for word in self.bash("") if not word.startswith("-")], self.commands())
        self.assertEqual(self.bash("completion", ""), ["bash", "fish", "zsh"])
        self.assertEqual(self.bash("replay", "--tr"), ["--transport"])
        self.assertEqual(self.bash("replay", "--transport", "s"), ["socket"])
        self.assertEqual(self.bash("replay", "--speed", ""), [""])
        os.mkdir(self.path("a directory"))
        self.assertEqual(self.bash("report", ""), ["a directory"])
        self.assertEqual(self.bash("explain", "oom_"), ["oom_exec-flag.journal.jsonl"])
        self.assertEqual(self.bash("run", "create-and-e"), ["create-and-exit"])
        self.assertEqual(self.bash("run", "--keep", ""), ["always", "failure"])

    def fish(self, line):
        """What fish offers at the end of the line."""
        script = run("completion", "fish").stdout
        environment = {**os.environ, "HOME": self.directory, "XDG_CONFIG_HOME": self.directory,
                       "XDG_DATA_HOME": self.directory}
        result = run("--no-config", "-c", f"{script}\ncomplete -C '{line}'", program="fish", cwd=self.directory,
                     env=environment)
        self.assertEqual(result.stderr, "")
        return [offer.split("\t")[0] for offer in result.stdout.splitlines()]

    def test_fish(self):
        self.assertEqual(self.fish("drydock rec"), ["recheck"])
        self.assertEqual(sorted(self.fish("drydock ")), sorted(self.commands()))
        self.assertEqual(self.fish("drydock completion "), ["bash", "fish", "zsh"])
        self.assertEqual(self.fish("drydock replay --tr"), ["--transport"])
        self.assertEqual(self.fish("drydock replay --transport s"), ["socket"])
        self.assertEqual(self.fish("drydock run create-and-e"), ["create-and-exit"])

    def test_zsh(self):
        script = run("completion", "zsh").stdout
        check = run("-n", program="zsh", input=script)
        self.assertEqual((check.returncode, check.stderr), (0, ""))
        # _arguments and _describe tell what they were given.
        told = run("-f", "-c",
                   "compdef() { :; }; _describe() { print -l $commands; }\n"
                   "_arguments() { if [[ $1 == -C ]]; then state=$want; line=($command); else print -l -- \"$@\"; fi; }\n" +
                   script + "want=command; _drydock; want=argument; command=replay; _drydock", program="zsh")
        self.assertEqual(told.stderr, "")
        for command in self.commands():
            self.assertIn(f"\n{command}:", "\n" + told.stdout)
        self.assertIn("--transport[between client and daemon]:TRANSPORT:(inprocess loopback socket)\n", told.stdout)
        self.assertIn("*:FILE:_files\n", told.stdout)
        self.assertIn('*:SCENARIO:{_alternative "scenarios:scenario:(', script)

    # --- man ------------------------------------------------------------------------------------

    def test_man_page_is_up_to_date(self):
        with open(os.path.join(SOURCE_DIR, "docs", "man", "drydock.1"), encoding="utf-8") as file:
            self.assertEqual(file.read(), run("man").stdout, "please run: drydock man > docs/man/drydock.1")

    def test_man_page_is_clean(self):
        lint = run("-Tlint", "-Wall", program="mandoc", input=run("man").stdout)
        self.assertEqual((lint.stdout, lint.stderr), ("", ""))

    def test_man_page_tells_all(self):
        shown = run("-Tutf8", "-Owidth=200", program="mandoc", input=run("man").stdout).stdout
        shown = re.sub(".\b", "", shown)
        for command in self.commands():
            self.assertIn(f"drydock {command}\n", shown)
            for option in re.findall(r"(?m)^ +(?:-\w,)?(--[\w-]+)", run(command, "--help").stdout):
                self.assertIn(option, shown, command)
        self.assertNotIn("drydock man", shown)


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[4:]], verbosity=2)
