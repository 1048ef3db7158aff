"""The units in systemd/ are ones that systemd understands and start the programs as they are."""

import glob
import os
import shlex
import shutil
import subprocess
import tempfile
import unittest

import sync_service
import sync_worker

from .support import EXAMPLE

UNITS = {"sync-worker@.service": sync_worker, "sync-service.service": sync_service}


class UnitTest(unittest.TestCase):
    def test_every_unit_is_here(self):
        found = glob.glob("*", root_dir=os.path.join(EXAMPLE, "systemd"))
        self.assertEqual(sorted(found), sorted(UNITS))

    def test_systemd_understands_them(self):
        with tempfile.TemporaryDirectory() as folder:
            for name in UNITS:
                unit = os.path.join(folder, name.replace("@.", "@a."))
                shutil.copy(os.path.join(EXAMPLE, "systemd", name), unit)
                done = subprocess.run(["systemd-analyze", "verify", "--recursive-errors=no", unit],
                                      text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
                self.assertEqual((done.returncode, done.stdout), (0, ""), name)

    def test_the_programs_know_their_options(self):
        for name, program in UNITS.items():
            with open(os.path.join(EXAMPLE, "systemd", name), encoding="utf-8") as file:
                text = file.read().replace("\\\n", " ")
            command = next(line for line in text.splitlines() if line.startswith("ExecStart="))
            words = shlex.split(command.removeprefix("ExecStart="))
            self.assertEqual(os.path.basename(words[1]), program.__name__ + ".py")
            self.assertIn("postgresql:///sync", vars(program.options(words[2:])).values())


if __name__ == "__main__":
    unittest.main()
