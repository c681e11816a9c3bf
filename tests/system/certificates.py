"""A private authority, what it signed, and what it did not."""

import os
import subprocess

NEW_KEY = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes")


def openssl(*words):
    subprocess.run(["openssl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=60)


class Certificates:
    """NAME.pem and NAME.key in a directory; the authority's are ca.pem and ca.key."""

    def __init__(self, directory):
        self.directory = directory
        os.makedirs(directory, exist_ok=True)
        self.make_authority("ca", "Test authority")

    def path(self, name):
        return os.path.join(self.directory, name)

    def make_authority(self, name, host):
        """One that nobody but itself has signed."""
        openssl("req", "-x509", *NEW_KEY, "-days", "2", "-subj", "/CN=" + host, *(["-addext", "subjectAltName=DNS:" + host] if "." in host else []),
                "-keyout", self.path(name + ".key"), "-out", self.path(name + ".pem"))

    def sign(self, name, host, expired=False):
        openssl("req", *NEW_KEY, "-subj", "/CN=" + host, "-addext", "subjectAltName=DNS:" + host, "-keyout", self.path(name + ".key"),
                "-out", self.path(name + ".csr"))
        if not expired:
            openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.path("ca.pem"), "-CAkey", self.path("ca.key"), "-CAcreateserial",
                    "-copy_extensions", "copy", "-days", "2", "-out", self.path(name + ".pem"))
            return
        # `x509` of OpenSSL 3.0 takes no dates: `ca` does.
        with open(self.path("index"), "w"):
            pass
        with open(self.path("ca.cnf"), "w") as file:
            file.write("[ca]\ndefault_ca=d\n[d]\ndatabase=%s\nrand_serial=yes\nnew_certs_dir=%s\ndefault_md=sha256\npolicy=p\n"
                       "copy_extensions=copy\n[p]\ncommonName=supplied\n" % (self.path("index"), self.directory))
        openssl("ca", "-batch", "-notext", "-config", self.path("ca.cnf"), "-cert", self.path("ca.pem"), "-keyfile", self.path("ca.key"),
                "-startdate", "20200101000000Z", "-enddate", "20200102000000Z", "-in", self.path(name + ".csr"), "-out", self.path(name + ".pem"))
