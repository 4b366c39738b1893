#!/usr/bin/env python3
"""The test of a canary: a fuzz target with a planted defect, which the search must find within its bound.

    must_find.py TEXT PROGRAM ARGUMENT...

Runs the program in a folder of its own and passes only if it ends by a crash that says TEXT, leaves the input behind as
crash-..., and crashes again when it is given nothing but that input. With --then COMMAND ARGUMENT... --, which comes
first, the command is run with the input's path instead of "{}" and has to fail as well.
"""

import glob
import os
import subprocess
import sys
import tempfile


def run(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, check=False)


def say(text, done):
    print(text)
    print((done.stdout[-2000:] + done.stderr[-6000:]).decode(errors="replace"))
    return 1


def main(arguments):
    then = []
    if arguments and arguments[0] == "--then":
        end = arguments.index("--")
        then, arguments = arguments[1:end], arguments[end + 1:]
    if len(arguments) < 2:
        print(__doc__)
        return 2
    text, program = arguments[0].encode(), [os.path.abspath(arguments[1])] + arguments[2:]
    with tempfile.TemporaryDirectory() as folder:
        search = run(program + ["-artifact_prefix=" + folder + "/"], folder)
        if search.returncode == 0:
            return say("the planted defect was not found", search)
        if text not in search.stderr + search.stdout:
            return say("it ended, but not because of the planted defect", search)
        kept = glob.glob(os.path.join(folder, "crash-*"))
        if len(kept) != 1:
            return say(f"expected one input crash-..., found {kept}", search)
        again = run([program[0], kept[0]], folder)
        if again.returncode == 0 or text not in again.stderr + again.stdout:
            return say("the kept input does not show the defect again", again)
        if then:
            command = [kept[0] if word == "{}" else word for word in then]
            shown = run(command, folder)
            if shown.returncode != 1 or text not in shown.stderr + shown.stdout:
                return say(f"{command} does not show the defect, exit code {shown.returncode}", shown)
        print(f"found: {os.path.getsize(kept[0])} bytes")
        return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
