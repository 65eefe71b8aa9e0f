"""The version of this package, for everything that names it."""

VERSION = "0.1.0"
