"""The practice tenant: a local imitation of HaloPSA, API and authorisation server.

It imports nothing else of the package, so that it cannot share the client's mistakes. It serves
loopback only, accepts only credentials that it issued, and says "practice" in everything it answers.

Parts: `settings` (what the sources leave open), `data` (records made from a seed), `state` (one world
per tenant), `scenarios` (worlds with one thing wrong), `auth` and `api` (the routes), `app` (puts them
behind one door), `serve` (the process), `control` (asks a running server).
"""
